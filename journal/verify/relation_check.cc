#include "journal/verify/relation_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "journal/codec/codec.h"
#include "journal/tables/key.h"
#include "journal/verify/row_text.h"

namespace holdfast::journal {
namespace {

constexpr const char* kReport = "please report it, with the server's log";

std::string subject_text(const Subject& subject) {
  std::string text = "invocation " + subject.id.text();
  if (subject.row) {
    text += fmt::format(" {} ({})", printable(subject.row->target.text()),
                        status_text(subject.row->status));
  }
  return text;
}

// The id that the row at a cursor is of; none at the end, and for a key that has no form.
Result<std::optional<InvocationId>> id_at(Cursor& cursor, std::size_t key_size) {
  for (;;) {
    const Cursor::Row* const row = TRY(cursor.peek());
    if (row == nullptr) return std::optional<InvocationId>();
    const auto id = id_in(row->key);
    if (id && row->key.size() == key_size) return std::optional(*id);
    cursor.advance();  // Reported with the rows.
  }
}

}  // namespace

void RelationCheck::problem(Part part, std::string what, const Subject& subject,
                            std::string advice) {
  reporter_.problem(part, std::move(what), subject_text(subject), std::move(advice));
}

Result<void> RelationCheck::check_all() {
  TRY(read_deployments());
  for (;;) {
    const std::optional<Subject> subject = TRY(next());
    if (!subject) break;
    TRY(queues_.add(*subject));
    if (!subject->is_readable) {
      timers_known_ = false;
      continue;
    }
    TRY(check(*subject));
  }
  TRY(queues_.finish());
  TRY(explain_timers());
  TRY(check_promise_waiters());
  TRY(check_later_waiters(storage::Table::kWaiter));
  TRY(check_later_waiters(storage::Table::kPromiseWaiter));
  return check_counts();
}

Result<std::optional<Subject>> RelationCheck::next() {
  const auto a = TRY(id_at(invocations_, 25));
  const auto b = TRY(id_at(journals_, 33));
  const auto c = TRY(id_at(wake_ups_, 33));
  std::optional<InvocationId> id;
  for (const auto& one : {a, b, c}) {
    if (one && (!id || *one < *id)) id = one;
  }
  if (!id) return std::optional<Subject>();
  Subject subject;
  subject.id = *id;
  if (a == id) {
    auto row = decode_invocation(TRY(invocations_.peek())->value);
    subject.is_readable = row.has_value();
    if (row) {
      row->id = *id;
      subject.row = std::move(*row);
      add_input(*subject.row, subject.entries);
    } else {
      ++unreadable_;
    }
    invocations_.advance();
  }
  while (TRY(id_at(journals_, 33)) == id) {
    const Cursor::Row& at = *TRY(journals_.peek());
    auto chunk = decode_chunk(at.value);
    const Stamp stamp = TRY(stamp_in(at.key));
    subject.is_readable = subject.is_readable && chunk.has_value();
    if (chunk) {
      for (Entry& entry : chunk->entries) {
        subject.entries.push_back({stamp, chunk->appended_at, std::move(entry)});
      }
    }
    journals_.advance();
  }
  while (TRY(id_at(wake_ups_, 33)) == id) {
    subject.wake_ups.push_back(TRY(stamp_in(TRY(wake_ups_.peek())->key)));
    wake_ups_.advance();
  }
  if (!subject.row) return std::optional(std::move(subject));
  add_output(*subject.row, subject.entries);
  // What was told to an earlier run of the id is removed by the next owner.
  std::erase_if(subject.entries, [&](const StampedEntry& one) {
    const auto* told = std::get_if<Notification>(&one.entry.body);
    return told != nullptr && subject.row->is_stale(*told) && subject.has_wake_up(one.stamp + 1);
  });
  ++counted_[{subject.row->target.service, subject.row->status}];
  return std::optional(std::move(subject));
}

Result<void> RelationCheck::check(const Subject& subject) {
  if (!subject.row) {
    check_orphan(subject);
    return {};
  }
  const JournalIndex journal(subject.entries);
  check_fields(subject);
  check_id(subject);
  check_journal(subject, journal);
  check_wake_ups(subject);
  check_pin(subject);
  check_waits(subject, journal);
  check_asked(subject, journal);
  check_waiters(subject);
  return check_timers(subject, journal);
}

void RelationCheck::check_fields(const Subject& subject) {
  reporter_.look(Part::kFields);
  const Invocation& row = *subject.row;
  const auto wrong = [&](const char* what) { problem(Part::kFields, what, subject, kReport); };
  const bool completed = row.status == Status::kCompleted;
  if (completed != row.result.has_value()) {
    wrong(completed ? "a completed invocation without a result" : "a result before the end");
  }
  if (completed != (row.completed_at != 0))
    wrong("its time of completion is not that of its status");
  if (completed && !row.waiters.empty()) wrong("a completed invocation that somebody waits for");
  if ((row.status == Status::kBackingOff) != (row.next_retry_at != 0)) {
    wrong("its next attempt is not that of its status");
  }
  if (row.status == Status::kScheduled && row.scheduled_start_at == 0) {
    wrong("a scheduled invocation without a time");
  }
  if (row.status != Status::kSuspended && !row.waits.empty()) {
    wrong("it waits for something and is not suspended");
  }
  if (row.input && row.has_id_of_a_key()) {
    wrong("its id is of a key, and its input is in its row");
  }
  if (row.ends_with_output && !completed) wrong("it ends with an output before its end");
  const Target& target = row.target;
  const HandlerKind kind = target.handler_kind;
  const bool fits = target.service_kind == ServiceKind::kService ? kind == HandlerKind::kPlain
                    : target.service_kind == ServiceKind::kObject
                        ? kind == HandlerKind::kExclusive || kind == HandlerKind::kShared
                        : kind == HandlerKind::kRun || kind == HandlerKind::kShared;
  if (!fits) wrong("its kind of handler is not one of its kind of service");
  if (!target.keyed() && !target.key.empty()) wrong("a service has no key, and it has one");
  if (row.source != Source::kIngress && !row.caller) wrong("it was called, and names no caller");
  if (completed && (row.completion_retention_ms < 0 || row.journal_retention_ms < 0 ||
                    row.journal_retention_ms > row.completion_retention_ms)) {
    wrong("its retentions contradict each other");
  }
}

// INV-8.
void RelationCheck::check_id(const Subject& subject) {
  reporter_.look(Part::kIds);
  const Target& target = subject.row->target;
  const InvocationId& id = subject.id;
  const auto key = target.keyed() ? std::optional<std::string_view>(target.key) : std::nullopt;
  const auto wrong = [&](const char* what) {
    problem(Part::kIds, what, subject, "who asks by the key does not find it; restore a backup");
  };
  if (target.handler_kind == HandlerKind::kRun) {
    if (id != workflow_run_id(target.service, target.key)) {
      wrong("its id is not that of its workflow key");
    }
  } else if (subject.row->idempotency_key) {
    if (id != idempotent_id(target.service, key, target.handler, *subject.row->idempotency_key)) {
      wrong("its id is not that of its idempotency key");
    }
  } else if (key) {
    if (id.partition_key != partition_key_of(*key)) wrong("its id is not under its object key");
  } else {
    const std::uint64_t from_first = id.partition_key - bucket_key(target.service, 0);
    if (from_first << kServiceBucketBits != 0) wrong("its id is in no bucket of its service");
  }
}

void RelationCheck::check_journal(const Subject& subject, const JournalIndex& journal) {
  reporter_.look(Part::kJournals);
  const Invocation& row = *subject.row;
  constexpr const char* kLost = "it cannot be replayed as it was; restore a backup";
  // Once the journal of a completed one is gone, all that is left was told later.
  const bool purged = row.status == Status::kCompleted && row.journal_entries == 0;
  if (purged) {
    if (journal.command_count > 0) {
      problem(Part::kJournals, "a journal that was removed has commands", subject,
              "the space is not given back before the end of retention; harmless");
    }
    return;
  }
  // Signals that were told before it came to be; its next owner puts them behind the input.
  const auto input = std::find_if(subject.entries.begin(), subject.entries.end(),
                                  [](const auto& one) { return one.entry.is_command(); });
  const auto entries = static_cast<std::size_t>(subject.entries.end() - input);
  if (entries == 0) {
    problem(Part::kJournals, "an invocation without a journal", subject, kLost);
    return;
  }
  if (!std::holds_alternative<Input>(input->entry.body)) {
    problem(Part::kJournals, "a journal that does not begin with the input", subject, kLost);
  } else if (std::any_of(std::next(input), subject.entries.end(), [](const auto& one) {
               return std::holds_alternative<Input>(one.entry.body);
             })) {
    problem(Part::kJournals, "a journal with two inputs", subject, kLost);
  }
  if (entries < row.journal_entries || journal.command_count < row.journal_commands) {
    problem(Part::kJournals,
            fmt::format("a journal has {} entries, {} of them commands, and had {} and {}", entries,
                        journal.command_count, row.journal_entries, row.journal_commands),
            subject, kLost);
  }
  check_entries(subject);
}

// Each completion comes after the command that it is of.
void RelationCheck::check_entries(const Subject& subject) {
  std::vector<CompletionId> known;
  bool sorted = true;
  for (const StampedEntry& one : subject.entries) {
    if (one.entry.is_command()) {
      const auto [first, second] = completions_of(one.entry);
      for (const CompletionId id : {first, second}) {
        if (id != 0) known.push_back(id);
      }
      sorted = false;
      continue;
    }
    const auto& notification = std::get<Notification>(one.entry.body);
    const auto* of = std::get_if<Notification::Completion>(&notification.of);
    if (of == nullptr) continue;
    if (subject.row->is_stale(notification)) {
      if (!subject.is_live()) continue;  // It goes with the rest.
      problem(Part::kJournals,
              fmt::format("entry #{} was told to an earlier run of its id, and nothing removes it",
                          one.stamp),
              subject, "harmless: it is passed over");
      return;
    }
    // Mostly it is of the last command.
    const std::size_t near = std::min<std::size_t>(known.size(), 4);
    if (std::find(known.end() - static_cast<std::ptrdiff_t>(near), known.end(), of->id) !=
        known.end()) {
      continue;
    }
    if (!sorted) std::sort(known.begin(), known.end());
    sorted = true;
    if (std::binary_search(known.begin(), known.end(), of->id)) continue;
    problem(Part::kJournals,
            fmt::format("entry #{} completes {}, and no command before it has that completion",
                        one.stamp, of->id),
            subject, "a command is lost, or an outcome came to the wrong one; restore a backup");
    return;
  }
}

// What is left of an invocation that is not there: what it was told after it was removed, each with
// the wake-up by which the next start finds and removes it.
void RelationCheck::check_orphan(const Subject& subject) {
  reporter_.look(Part::kJournals);
  const bool told =
      std::all_of(subject.entries.begin(), subject.entries.end(), [&](const StampedEntry& one) {
        return !one.entry.is_command() && subject.has_wake_up(one.stamp + 1);
      });
  if (told) return;
  problem(Part::kJournals, "a journal without its invocation", subject,
          "if the invocation was under way it is lost; restore a backup");
}

void RelationCheck::check_wake_ups(const Subject& subject) {
  reporter_.look(Part::kWokenAgain);
  const Status status = subject.row->status;
  const bool is_active = status == Status::kRunning || status == Status::kQueued;
  if (!is_active || !subject.wake_ups.empty()) return;
  problem(Part::kWokenAgain, "an active invocation without a wake-up", subject,
          "no start brings it back; ask for its result once, and it goes on: GET "
          "/restate/invocation/ID/output on the ingress");
}

void RelationCheck::check_pin(const Subject& subject) {
  if (!subject.is_live() || subject.row->deployment_id.empty()) return;
  reporter_.look(Part::kPins);
  const Target& target = subject.row->target;
  const std::string& pin = subject.row->deployment_id;
  const auto found = deployments_.find(pin);
  constexpr const char* kMove =
      "its attempts fail; resume it elsewhere: PATCH /invocations/ID/resume?deployment=latest";
  if (found == deployments_.end()) {
    problem(Part::kPins, "pinned to the deployment " + printable(pin) + ", which is not there",
            subject, kMove);
  } else if (found->second) {
    const auto& served = *found->second;
    if (!std::binary_search(served.begin(), served.end(), target.service + "/" + target.handler)) {
      problem(Part::kPins, "pinned to the deployment " + pin + ", which does not serve it", subject,
              kMove);
    }
  }
}

Result<void> RelationCheck::check_timers(const Subject& subject, const JournalIndex& journal) {
  for (const Timer& timer : timers_of(subject, journal)) {
    reporter_.look(Part::kTimersSet);
    if (TRY(lookups_.tables().has_timer(timer))) {
      ++timers_found_;
      continue;
    }
    problem(Part::kTimersSet, "an invocation without its " + timer_text(timer), subject,
            subject.is_live() ? "that never happens; resume or cancel it"
                              : "it is never removed; purge it");
  }
  return {};
}

Result<void> RelationCheck::explain_timers() {
  std::uint64_t stored = 0;
  const Bytes begin(1, static_cast<char>(storage::Table::kTimer));
  const Bytes end = storage::prefix_end(begin);
  TRY(store_.scan(begin, end, [&](BytesView, BytesView) {
    ++stored;
    return true;
  }));
  if (timers_known_ && stored == timers_found_) return {};
  return store_.scan(begin, end, [&](BytesView key, BytesView) {
    const auto timer = timer_in(key);
    if (!timer) return true;
    reporter_.look(Part::kTimersSet);
    const auto [subject, journal] = lookups_.with_journal(timer->invocation);
    if (!subject->is_readable) return true;
    if (subject->row) {
      const auto expected = timers_of(*subject, *journal);
      if (std::find(expected.begin(), expected.end(), *timer) != expected.end()) return true;
    }
    reporter_.problem(Part::kTimersSet, "a timer that its invocation does not wait for",
                      timer_text(*timer),
                      subject->row ? "it goes away when it is due; if the invocation is stuck, "
                                     "resume it"
                                   : "its invocation is not there; it goes away when it is due");
    return true;
  });
}

Result<void> RelationCheck::read_deployments() {
  return lookups_.tables().each_deployment([this](const DeploymentId& id, Result<Deployment> one) {
    auto& served = deployments_[id.text()];
    if (!one) return true;
    served.emplace();
    for (const DeclaredService& service : one->services) {
      for (const DeclaredHandler& handler : service.handlers) {
        served->push_back(service.name + "/" + handler.name);
      }
    }
    std::sort(served->begin(), served->end());
    return true;
  });
}

// Not kept, or not readable, they are counted anew at the next start.
Result<void> RelationCheck::check_counts() {
  const auto stored = lookups_.tables().invocation_counts();
  if (!stored || !stored->has_value() || unreadable_ > 0) return {};
  for (const InvocationCount& count : **stored) {
    reporter_.look(Part::kCounts);
    if (!count.status) continue;
    counted_[{count.service, *count.status}] -= static_cast<std::int64_t>(count.invocations);
  }
  for (const auto& [name, difference] : counted_) {
    if (difference == 0) continue;
    reporter_.problem(
        Part::kCounts,
        fmt::format("a counter is {} by {}", difference > 0 ? "too small" : "too large",
                    std::abs(difference)),
        fmt::format("{} invocations of {}", status_text(name.second), printable(name.first)),
        fmt::format("numbers on the admin port are wrong; {}", kReport));
  }
  return {};
}

}  // namespace holdfast::journal
