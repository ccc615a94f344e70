#include "tests/fuzz/machine_world.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <set>

#include "journal/codec/codec.h"
#include "journal/journal_index.h"
#include "journal/tables/key.h"
#include "journal/verify/verify.h"
#include "storage/base/check.h"

namespace holdfast::testing {

using journal::Status;
using storage::Table;

namespace {

// What a batch may do to what is stored.
class BatchCheck {
 public:
  explicit BatchCheck(const journal::Tables& tables) : tables_(tables) {}

  void put(BytesView key, BytesView value) {
    CHECK(!is_of(key, Table::kJournal), "INV-6: a chunk of a journal is put over another");
    if (is_of(key, Table::kInvocation)) check_row(*journal::id_in(key), value);
  }
  void put_stamped(BytesView key, BytesView value) {
    if (!is_of(key, Table::kJournal)) return;
    const auto chunk = journal::decode_chunk(value);
    CHECK(chunk.has_value() && !chunk->entries.empty(), "a chunk can be read, and has entries");
    touched.insert(*journal::id_in(key));
  }
  void erase(BytesView key) {
    if (is_of(key, Table::kInvocation)) erased_.insert(*journal::id_in(key));
  }
  void add(BytesView, std::int64_t) {}

  std::set<journal::InvocationId> touched;  // Journals.

 private:
  static bool is_of(BytesView key, Table table) { return key.front() == static_cast<char>(table); }

  void check_row(const journal::InvocationId& id, BytesView value) {
    const auto next = journal::decode_invocation(value);
    CHECK(next.has_value(), "a row can be read");
    const auto before = tables_.invocation(id);
    if (!before || !before->has_value() || erased_.contains(id)) return;
    if ((*before)->status != Status::kCompleted) return;
    CHECK(next->status == Status::kCompleted, "what is completed stays so");
    CHECK(next->result == (*before)->result, "with its result");
    CHECK(next->completed_at == (*before)->completed_at, "and its time");
  }

  const journal::Tables& tables_;
  std::set<journal::InvocationId> erased_;
};

journal::StoreReport verified(const storage::Store& store) {
  return journal::verify_store(store, {.problems_kept = 10});
}

// Those that are asked again after a restart may be answered twice.
bool is_asked(const journal::Entry& command) {
  return std::holds_alternative<journal::Call>(command.body) ||
         std::holds_alternative<journal::Attach>(command.body) ||
         std::holds_alternative<journal::Promise>(command.body);
}

}  // namespace

MachineWorld::MachineWorld(bool elsewhere) : elsewhere_(elsewhere) { open_log(); }

void MachineWorld::open_log() {
  auto log = storage::LocalLog::open(store_, {}, clock_, journal::recount_invocations);
  CHECK(log.has_value(), "the log opens");
  log_ = std::move(*log);
}

void MachineWorld::write(const storage::Batch& batch) {
  const storage::Batch* const batches[] = {&batch};
  log_->append(log_->epoch(), batches);
}

void MachineWorld::judge() {
  open_log();  // Counts what was written.
  sound_ = verified(store_).is_clean();
}

void MachineWorld::know(const journal::InvocationId& id) {
  constexpr std::size_t kKnownMax = 24;
  if (known_.size() == kKnownMax || std::find(known_.begin(), known_.end(), id) != known_.end()) {
    return;
  }
  known_.push_back(id);
}

MachineOwner& MachineWorld::owner(const journal::InvocationId& id) {
  unchecked_.insert(id);
  return owners_.try_emplace(id, *this, id).first->second;
}

MachineOwner* MachineWorld::owner_if_present(const journal::InvocationId& id) {
  return owners_.contains(id) ? &owner(id) : nullptr;
}

// ---- What happens.

void MachineWorld::fire(std::size_t number) {
  constexpr std::int64_t kYears = std::int64_t{1} << 38;
  const auto timers = tables().timers(std::nullopt, 32);
  if (!timers || timers->empty()) return;
  const journal::Timer& timer = (*timers)[number % timers->size()];
  if (timer.due_unix_ms > now() + kYears) return;
  if (timer.due_unix_ms > now()) clock_.set(from_unix_millis(timer.due_unix_ms));
  post(timer.invocation, TimerFired{timer});
}

void MachineWorld::advance(std::int64_t by_ms) { clock_.advance(Millis(by_ms)); }

void MachineWorld::grant(std::string_view service, std::string_view key) {
  const auto places = tables().queue(service, key, 0, 1);
  if (!places || places->empty()) return;
  owner(places->front().id).grant(places->front().stamp);
}

void MachineWorld::leave(const journal::InvocationId& id) {
  const auto found = owners_.find(id);
  if (found == owners_.end() || !found->second.may_leave() || !mail_[id].empty()) return;
  if (sound_) found->second.check_replay();
  owners_.erase(found);
}

bool MachineWorld::deliver_one(const journal::InvocationId& id) {
  auto& box = mail_[id];
  if (box.empty()) return false;
  Mail next = std::move(box.front());
  box.pop_front();
  owner(id).receive(std::move(next));
  return true;
}

void MachineWorld::deliver_all() {
  constexpr int kMailMax = 10'000;
  int delivered = 0;
  for (bool more = true; more;) {
    more = false;
    for (auto& [id, box] : mail_) {
      while (deliver_one(id)) {
        more = true;
        CHECK(++delivered < kMailMax, "they come to rest");
      }
    }
  }
}

void MachineWorld::crash() {
  check();
  owners_.clear();
  unchecked_.clear();
  mail_.clear();
  open_log();
  const auto woken = tables().each_woken([this](const journal::InvocationId& id) {
    post(id, Wake{});
    return true;
  });
  CHECK(woken.has_value() || !sound_, "wake-ups can be read");
}

bool MachineWorld::is_quiet(const journal::InvocationId& id) const {
  const auto box = mail_.find(id);
  return (box == mail_.end() || box->second.empty()) && owners_.at(id).is_quiet();
}

void MachineWorld::check() {
  if (!sound_) return;
  if (std::exchange(changed_, false)) check_store();
  std::erase_if(unchecked_, [this](const journal::InvocationId& id) {
    const auto owner = owners_.find(id);
    if (owner == owners_.end()) return true;
    if (!is_quiet(id)) return false;
    owner->second.check_replay();
    return true;
  });
}

// ---- For owners.

// Services S, O and W of the three kinds; what they keep how long is in their first letter too.
std::optional<journal::Resolution> MachineWorld::resolve(const journal::Call& call) {
  using journal::HandlerKind;
  using journal::ServiceKind;
  journal::Resolution resolution;
  journal::Target& target = resolution.target;
  target.service = call.service;
  target.handler = call.handler;
  const bool shared = call.handler == "get";
  if (call.service == "S") {
    target.service_kind = ServiceKind::kService;
  } else if (call.service == "O") {
    target.service_kind = ServiceKind::kObject;
    target.handler_kind = shared ? HandlerKind::kShared : HandlerKind::kExclusive;
  } else if (call.service == "W") {
    target.service_kind = ServiceKind::kWorkflow;
    target.handler_kind = shared ? HandlerKind::kShared : HandlerKind::kRun;
  } else {
    return std::nullopt;
  }
  if (target.keyed()) target.key = call.key;
  if (call.idempotency_key && target.handler_kind == HandlerKind::kRun) return std::nullopt;
  const bool kept = call.idempotency_key || target.handler_kind == HandlerKind::kRun;
  resolution.completion_retention_ms = kept ? 60'000 : 0;
  resolution.journal_retention_ms = call.service == "S" ? INT64_MAX : 10'000;
  const auto key = target.keyed() ? std::optional<std::string_view>(target.key) : std::nullopt;
  resolution.is_crowded = call.not_before_unix_ms == 1;
  resolution.fresh_id = journal::fresh_id(target.service, key, now(), random_);
  return resolution;
}

const journal::WaitSet* MachineWorld::parked_on(const journal::InvocationId& id) const {
  const auto found = parked_.find(id);
  return found == parked_.end() ? nullptr : &found->second;
}

void MachineWorld::acknowledge(const journal::InvocationId& asker, AskTaken taken) {
  if (owners_.contains(asker)) post(asker, taken);
}

void MachineWorld::commit(const journal::InvocationId& from, const storage::Batch& batch,
                          journal::Consequences told,
                          const std::vector<std::pair<journal::InvocationId, AskTaken>>& acks) {
  BatchCheck check(tables());
  batch.visit(check);
  const storage::Batch* const batches[] = {&batch};
  const auto outcome = log_->append(log_->epoch(), batches);
  CHECK(outcome.kind == storage::AppendOutcome::Kind::kCommitted, "memory does not fail");
  if (sound_) {
    for (const journal::InvocationId& id : check.touched) check_journal(id);
  }
  changed_ = true;
  told.resolve(outcome.first_lsn.value());
  post(from,
       Committed{told.born, told.chunk, told.wake_up, told.queue, std::move(told.notifications)});
  for (journal::Request& request : told.requests) {
    const journal::InvocationId to = request.to;
    post(to, Asked{from, std::move(request)});
  }
  for (journal::Arrival& one : told.arrivals) {
    post(one.to, Arrived{std::move(one.entry), one.chunk, one.wake_up});
  }
  for (journal::Created& one : told.created) {
    const journal::InvocationId id = one.invocation.id;
    if (one.invocation.status != Status::kScheduled) post(id, Started{std::move(one)});
  }
  for (const auto& [asker, taken] : acks) acknowledge(asker, taken);
}

void MachineWorld::check_journal(const journal::InvocationId& id) const {
  const auto entries = tables().journal(id);
  CHECK(entries.has_value(), "a journal can be read");
  const auto row = tables().invocation(id);
  std::set<journal::CompletionId> open;
  std::set<journal::CompletionId> once;
  for (const journal::StampedEntry& one : *entries) {
    if (one.entry.is_command()) {
      const auto [first, second] = journal::completions_of(one.entry);
      if (first != 0) open.insert(first);
      if (second != 0) open.insert(second);
      if (first != 0 && !is_asked(one.entry)) once.insert(first);
      continue;
    }
    const auto& notification = std::get<journal::Notification>(one.entry.body);
    const auto* of = std::get_if<journal::Notification::Completion>(&notification.of);
    if (of == nullptr || (row && *row && (*row)->is_stale(notification))) continue;
    const bool first_time = open.erase(of->id) > 0;
    CHECK(first_time || !once.contains(of->id), "a command is completed once (INV-7)");
  }
}

void MachineWorld::check_store() const {
  const journal::StoreReport report = verified(store_);
  if (report.is_clean()) return;
  for (const auto& problem : report.problems) {
    std::fprintf(stderr, "%s: %s\n", problem.check.c_str(), problem.text().c_str());
  }
  std::abort();
}

}  // namespace holdfast::testing
