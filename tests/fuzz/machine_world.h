#pragma once
// MachineWorld: a store in memory, its log, and the owners of all invocations in it, for the target
// `machine`. What owners say to each other waits until the world is told to deliver it; a crash
// forgets it, and all owners.
//
// Checked while the store is sound, which it is if it was what the engine would have written when
// this world began. At each commit:
//   INV-6  entries are appended, none is changed
//   INV-7  a sleep is completed once; so is every command but those that are asked again
//   what is completed stays so, with the same result, until its row is gone
// Between acts:
//   `holdfast verify` finds nothing (docs/formats/agreement.md)
//   replay gives what is live, for each owner who is quiet

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "storage/local_log.h"
#include "storage/memory_store.h"
#include "tests/fuzz/machine_owner.h"
#include "tests/support/manual_clock.h"

namespace holdfast::testing {

class MachineWorld {
 public:
  // `elsewhere`: attempts begin when all before them is durable, as those behind a wire do.
  explicit MachineWorld(bool elsewhere);

  // --- For whoever chooses what happens.

  // Writes what no owner has decided. Before anything else; judge() follows.
  void write(const storage::Batch& batch);
  // Whether the store is sound. What is not is only checked for crashes from here on.
  void judge();
  // The first few are remembered, to be chosen from.
  void know(const journal::InvocationId& id);
  const std::vector<journal::InvocationId>& known() const { return known_; }
  // Its owner, who comes to memory for that.
  MachineOwner& owner(const journal::InvocationId& id);
  MachineOwner* owner_if_present(const journal::InvocationId& id);

  // One of the timers there are, if it is of times to come. Moves the clock.
  void fire(std::size_t number);
  void advance(std::int64_t by_ms);
  // The first of the queue gets its key.
  void grant(std::string_view service, std::string_view key);
  void leave(const journal::InvocationId& id);
  // The next mail for this one, if there is any.
  bool deliver_one(const journal::InvocationId& id);
  void deliver_all();
  void crash();
  // What is said above, and the owners who are quiet.
  void check();

  // --- For owners.

  const journal::Journal& journal() const { return journal_; }
  const journal::Tables& tables() const { return journal_.tables(); }
  std::int64_t now() const { return to_unix_millis(clock_.now()); }
  bool elsewhere() const { return elsewhere_; }
  bool sound() const { return sound_; }
  Random& random() { return random_; }
  std::optional<journal::Resolution> resolve(const journal::Call& call);
  // What it waits for, as it was parked; none: another world parked it.
  const journal::WaitSet* parked_on(const journal::InvocationId& id) const;
  void note_parked(const journal::InvocationId& id, journal::WaitSet waits) {
    parked_[id] = std::move(waits);
  }
  // Another for each invocation whose id is of a key.
  std::uint32_t next_life() { return ++lives_; }
  void post(const journal::InvocationId& to, Mail mail) { mail_[to].push_back(std::move(mail)); }
  void acknowledge(const journal::InvocationId& asker, AskTaken taken);
  void commit(const journal::InvocationId& from, const storage::Batch& batch,
              journal::Consequences told,
              const std::vector<std::pair<journal::InvocationId, AskTaken>>& acks);

 private:
  void open_log();
  void check_journal(const journal::InvocationId& id) const;
  void check_store() const;
  bool is_quiet(const journal::InvocationId& id) const;

  const bool elsewhere_;
  bool sound_ = true;
  bool changed_ = false;  // Since the last check().
  ManualClock clock_;
  SeededRandom random_{1};
  storage::MemoryStore store_;
  std::unique_ptr<storage::LocalLog> log_;
  journal::Journal journal_{store_};
  std::map<journal::InvocationId, MachineOwner> owners_;
  std::map<journal::InvocationId, std::deque<Mail>> mail_;
  std::set<journal::InvocationId> unchecked_;
  std::vector<journal::InvocationId> known_;
  std::map<journal::InvocationId, journal::WaitSet> parked_;
  std::uint32_t lives_ = 0x5eed0000;
};

}  // namespace holdfast::testing
