#pragma once
// RelationCheck: whether the rows of a store agree with each other. Of use inside journal/verify
// only; what it says holds for a store whose tables could all be read.
//
// It walks invocations, journals and wake-ups side by side, in the order of ids. Queues come with
// them, as an invocation and its place in a queue share their partition key. Whatever else an
// invocation names is looked up. One direction of timers is settled by counting: if all expected
// ones are there, and there are no more than that, each of them is expected.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "journal/tables/cursor.h"
#include "journal/verify/queue_check.h"
#include "journal/verify/reporter.h"
#include "journal/verify/subject.h"

namespace holdfast::journal {

class RelationCheck {
 public:
  RelationCheck(const storage::Reader& store, Reporter& reporter)
      : store_(store), reporter_(reporter), lookups_(store), queues_(store, reporter, lookups_) {}

  // An error of the store; what was found up to there is reported.
  Result<void> check_all();

 private:
  // The next invocation, or what is left of one. None: that was the last.
  Result<std::optional<Subject>> next();
  Result<void> check(const Subject& subject);

  // relation_check.cc: an invocation alone.
  void check_fields(const Subject& subject);
  void check_id(const Subject& subject);
  void check_journal(const Subject& subject, const JournalIndex& journal);
  void check_entries(const Subject& subject);
  void check_orphan(const Subject& subject);
  void check_wake_ups(const Subject& subject);
  void check_pin(const Subject& subject);
  Result<void> check_timers(const Subject& subject, const JournalIndex& journal);
  Result<void> explain_timers();
  Result<void> read_deployments();
  Result<void> check_counts();

  // wait_check.cc: those who wait for each other.
  void check_waits(const Subject& subject, const JournalIndex& journal);
  void check_asked(const Subject& subject, const JournalIndex& journal);
  void check_call(const Subject& subject, const Call& call, const JournalIndex& journal);
  void check_attach(const Subject& subject, const Attach& attach);
  void check_promise_asked(const Subject& subject, const Promise& promise);
  void check_waited_for(const Subject& subject, const InvocationId& other, CompletionId completion,
                        const std::string& command);
  bool still_waits(const Waiter& waiter);
  bool is_noted(const WaitedFor& of, const std::vector<Waiter>& first, const Waiter& waiter);
  // Whether its command is one that waits for that. One that waits no more, or cannot be read, is
  // believed.
  bool has_asked(const Waiter& waiter, const std::function<bool(const EntryBody&)>& is_it);
  void check_waiters(const Subject& subject);
  void check_waiter_of(const Subject& asked, const Waiter& waiter);
  Result<void> check_promise_waiters();
  void check_waiter_of(const PromiseName& promise, const Waiter& waiter, const std::string& row);
  Result<void> check_later_waiters(storage::Table table);
  // Why nobody may wait for it in a row of its own; null: somebody may.
  const char* wrong_with(const WaitedFor& of);

  void problem(Part part, std::string what, const Subject& subject, std::string advice);

  const storage::Reader& store_;
  Reporter& reporter_;
  Lookups lookups_;
  QueueCheck queues_;
  // Of each deployment what it serves, "service/handler"; none: it cannot be read.
  std::map<std::string, std::optional<std::vector<std::string>>> deployments_;
  std::map<std::pair<std::string, Status>, std::int64_t> counted_;
  std::uint64_t unreadable_ = 0;
  std::uint64_t timers_found_ = 0;
  bool timers_known_ = true;  // All invocations could be read, so all timers are known.
  Cursor invocations_{store_, storage::Table::kInvocation};
  Cursor journals_{store_, storage::Table::kJournal};
  Cursor wake_ups_{store_, storage::Table::kRunnable};
};

}  // namespace holdfast::journal
