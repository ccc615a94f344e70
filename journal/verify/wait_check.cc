// Those who wait: suspended invocations and what they wait for; and whoever asked another for an
// outcome, and is noted down there.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "journal/tables/key.h"
#include "journal/verify/relation_check.h"
#include "journal/verify/row_text.h"

namespace holdfast::journal {
namespace {

constexpr const char* kWaitsForEver =
    "it waits for ever; PATCH /invocations/ID/resume makes it look again";

constexpr const char* kWrongReplay = "that one may replay wrongly then; restore a backup";

// Whether its owner creates the callee in the batch of the call. Otherwise the callee may have
// existed, and is asked.
bool is_created_by(const Call& call, const InvocationId& callee) {
  return !call.idempotency_key && callee != workflow_run_id(call.service, call.key);
}

}  // namespace

void RelationCheck::check_waits(const Subject& subject, const JournalIndex& journal) {
  if (subject.row->status != Status::kSuspended) return;
  reporter_.look(Part::kWaits);
  const WaitSet leaves = subject.row->waits.leaves();
  for (const CompletionId id : leaves.completions) {
    if (journal.commands.contains(id)) continue;
    problem(Part::kWaits, fmt::format("it waits for completion {}, which no command has", id),
            subject, kWaitsForEver);
  }
  // What is there already, and has no wake-up by which the next owner would see it.
  for (const StampedEntry& one : subject.entries) {
    const auto* notification = std::get_if<Notification>(&one.entry.body);
    if (notification == nullptr || subject.has_wake_up(one.stamp + 1)) continue;
    std::string what;
    if (const auto* of = std::get_if<Notification::Completion>(&notification->of)) {
      if (!std::binary_search(leaves.completions.begin(), leaves.completions.end(), of->id)) {
        continue;
      }
      what = fmt::format("completion {}", of->id);
    } else if (const auto* signal = std::get_if<std::uint32_t>(&notification->of)) {
      if (*signal < kFirstAwakeable ||
          !std::binary_search(leaves.signals.begin(), leaves.signals.end(), *signal)) {
        continue;
      }
      what = fmt::format("signal {}", *signal);
    } else {
      continue;  // One name may come several times, and be waited for again.
    }
    problem(Part::kWaits, "it waits for " + what + ", which has come, and nothing wakes it",
            subject, kWaitsForEver);
  }
}

// From those who ask. Who is suspended knows that all it asked has been taken; others may ask
// again, but for calls that create their callee.
void RelationCheck::check_asked(const Subject& subject, const JournalIndex& journal) {
  if (!subject.is_live()) return;
  const bool suspended = subject.row->status == Status::kSuspended;
  for (const StampedEntry& one : subject.entries) {
    if (!one.entry.is_command() || !journal.is_open(completions_of(one.entry).first)) continue;
    if (const auto* call = std::get_if<Call>(&one.entry.body)) {
      check_call(subject, *call, journal);
    } else if (const auto* attach = std::get_if<Attach>(&one.entry.body); attach && suspended) {
      check_attach(subject, *attach);
    } else if (const auto* promise = std::get_if<Promise>(&one.entry.body); promise && suspended) {
      check_promise_asked(subject, *promise);
    }
  }
}

void RelationCheck::check_call(const Subject& subject, const Call& call,
                               const JournalIndex& journal) {
  const auto told = journal.completed.find(call.id_completion);
  if (call.id_completion == 0 || told == journal.completed.end()) return;
  const auto* callee = std::get_if<InvocationId>(&told->second->result);
  if (callee == nullptr) return;
  const bool suspended = subject.row->status == Status::kSuspended;
  if (!suspended && !is_created_by(call, *callee)) return;
  check_waited_for(subject, *callee, call.completion,
                   fmt::format("call {} of {}/{}", call.completion, printable(call.service),
                               printable(call.handler)));
}

void RelationCheck::check_attach(const Subject& subject, const Attach& attach) {
  const std::string command = fmt::format("attach {}", attach.completion);
  if (attach.wait) {
    check_waited_for(subject, attach.target, attach.completion, command);
    return;
  }
  reporter_.look(Part::kCalls);
  problem(Part::kCalls, command + " was taken and never answered", subject, kWaitsForEver);
}

void RelationCheck::check_waited_for(const Subject& subject, const InvocationId& other,
                                     CompletionId completion, const std::string& command) {
  reporter_.look(Part::kCalls);
  const auto asked = lookups_.row(other);
  if (!asked->is_readable) return;
  const auto wrong = [&](const char* what) {
    problem(Part::kCalls, fmt::format("{} of {}: {}", command, other.text(), what), subject,
            "it waits for ever for that outcome; cancel it, or restore a backup");
  };
  if (!asked->row) {
    wrong("that invocation is not there");
  } else if (!asked->is_live()) {
    wrong("that invocation is over and has not told its outcome");
  } else if (!is_noted(other, asked->row->waiters, {subject.id, completion, subject.row->life})) {
    wrong("that invocation does not know that somebody waits");
  }
}

// One that is over, or gone, or begun anew need not know any more.
bool RelationCheck::still_waits(const Waiter& waiter) {
  const auto one = lookups_.row(waiter.invocation);
  return one->is_live() && one->row->life == waiter.life;
}

bool RelationCheck::is_noted(const WaitedFor& of, const std::vector<Waiter>& first,
                             const Waiter& waiter) {
  if (std::find(first.begin(), first.end(), waiter) != first.end()) return true;
  if (first.size() < kWaitersInRecord) return false;
  const auto later = lookups_.tables().has_later_waiter(of, waiter);
  return !later || *later;  // An error is reported with the rows.
}

// The other direction: whoever is to be told has asked.
void RelationCheck::check_waiters(const Subject& subject) {
  for (const Waiter& waiter : subject.row->waiters) check_waiter_of(subject, waiter);
}

bool RelationCheck::has_asked(const Waiter& waiter,
                              const std::function<bool(const EntryBody&)>& is_it) {
  if (!still_waits(waiter)) return true;
  const auto [other, journal] = lookups_.with_journal(waiter.invocation);
  if (!other->is_readable) return true;
  const auto command = journal->commands.find(waiter.completion);
  return command != journal->commands.end() && is_it(command->second->body);
}

void RelationCheck::check_waiter_of(const Subject& asked, const Waiter& waiter) {
  reporter_.look(Part::kCalls);
  const bool has = has_asked(waiter, [](const EntryBody& command) {
    return std::holds_alternative<Call>(command) || std::holds_alternative<Attach>(command);
  });
  if (has) return;
  problem(Part::kCalls,
          fmt::format("its outcome goes to {} as completion {}, which is of no call or attach",
                      waiter.invocation.text(), waiter.completion),
          asked, kWrongReplay);
}

void RelationCheck::check_promise_asked(const Subject& subject, const Promise& promise) {
  reporter_.look(Part::kPromisesAsked);
  const Target& target = subject.row->target;
  const auto stored = lookups_.tables().promise(target.service, target.key, promise.key);
  if (!stored) return;  // Reported with the row.
  const bool noted =
      stored->has_value() && promise.act == Promise::Act::kGet &&
      is_noted(PromiseName{target.service, target.key, promise.key}, (*stored)->waiters,
               {subject.id, promise.completion, subject.row->life});
  if (noted) return;
  problem(
      Part::kPromisesAsked,
      fmt::format("it waits for the promise {}, which does not know of it", printable(promise.key)),
      subject, "it waits for ever; cancel it, or restore a backup");
}

Result<void> RelationCheck::check_promise_waiters() {
  return lookups_.tables().each_promise(
      {}, {}, [this](const ObjectRow& row, const Result<PromiseRecord>& promise) {
        if (!promise) return true;
        if (promise->result && !promise->waiters.empty()) {
          reporter_.problem(Part::kPromisesAsked,
                            "a promise is completed and has somebody who waits",
                            key_text(row.place), "who waits is never told; cancel it");
        }
        for (const Waiter& waiter : promise->waiters) {
          check_waiter_of({row.service, row.key, std::string(row.rest)}, waiter,
                          key_text(row.place));
        }
        return true;
      });
}

void RelationCheck::check_waiter_of(const PromiseName& promise, const Waiter& waiter,
                                    const std::string& row) {
  reporter_.look(Part::kPromisesAsked);
  const bool has = has_asked(waiter, [&](const EntryBody& command) {
    const auto* asked = std::get_if<Promise>(&command);
    return asked != nullptr && asked->key == promise.name;
  });
  if (has) return;
  reporter_.problem(Part::kPromisesAsked,
                    fmt::format("its outcome goes to {} as completion {}, which did not ask for it",
                                waiter.invocation.text(), waiter.completion),
                    row, kWrongReplay);
}

// Waiters with rows of their own: what they wait for is open and knows that there are such.
Result<void> RelationCheck::check_later_waiters(storage::Table table) {
  Cursor waiters(store_, table);
  Bytes last_of;
  const char* wrong = nullptr;
  for (;; waiters.advance()) {
    const Cursor::Row* const row = TRY(waiters.peek());
    if (row == nullptr) return {};
    const auto parts = waiter_in(row->key);
    if (!parts) continue;  // Reported with the rows.
    const auto* id = std::get_if<InvocationId>(&parts->of);
    if (const Bytes of(waited_for_key(parts->of).view()); of != last_of) {
      wrong = wrong_with(parts->of);
      last_of = of;
    }
    if (wrong != nullptr) {
      reporter_.problem(id != nullptr ? Part::kCalls : Part::kPromisesAsked, wrong,
                        key_text(row->key),
                        still_waits(parts->waiter) ? kWaitsForEver
                                                   : "nobody waits there any more; nothing to do");
    }
    if (id != nullptr) {
      check_waiter_of(*lookups_.row(*id), parts->waiter);
    } else {
      check_waiter_of(std::get<PromiseName>(parts->of), parts->waiter, key_text(row->key));
    }
  }
}

const char* RelationCheck::wrong_with(const WaitedFor& of) {
  if (const auto* id = std::get_if<InvocationId>(&of)) {
    const auto asked = lookups_.row(*id);
    if (!asked->is_readable) return nullptr;
    if (!asked->is_live()) return "somebody waits for an invocation that is over or gone";
    if (asked->row->waiters.size() >= kWaitersInRecord) return nullptr;
    return "somebody waits for an invocation that does not know of it";
  }
  const auto& name = std::get<PromiseName>(of);
  const auto promise = lookups_.tables().promise(name.service, name.key, name.name);
  if (!promise) return nullptr;
  if (promise->has_value() && (*promise)->result) return "somebody waits for a completed promise";
  if (promise->has_value() && (*promise)->waiters.size() >= kWaitersInRecord) {
    return nullptr;
  }
  return "somebody waits for a promise that does not know of it";
}

}  // namespace holdfast::journal
