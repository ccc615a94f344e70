// Machine fuzz: whatever rows an invocation has, its owner refuses them or goes on from them; and
// whatever happens to invocations then, in any order and through crashes, what is stored is what
// their owners hold, and all of it agrees. What is checked where: machine_world.h and
// MachineOwner::check_replay().
//
// Input: a byte of flags (bit 0: attempts are elsewhere; the next three: how many rows there are),
// the rows, then what happens, each an act with its choices. The high bit of an act: what its
// invocation was told and has decided stays on its way; the next bit: nothing is decided yet.
// Its seeds: machine_seeds.cc.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "journal/codec/codec.h"
#include "journal/tables/key.h"
#include "storage/base/check.h"
#include "storage/base/log.h"
#include "tests/fuzz/choices.h"
#include "tests/fuzz/machine_world.h"
#include "tests/journal/record_samples.h"

namespace {

namespace journal = holdfast::journal;
namespace storage = holdfast::storage;
using holdfast::Bytes;
using holdfast::BytesView;
using holdfast::testing::Act;
using holdfast::testing::Choices;
using holdfast::testing::MachineAttempt;
using holdfast::testing::MachineOwner;
using holdfast::testing::MachineWorld;
using journal::CompletionId;
using journal::Entry;
using journal::InvocationId;

constexpr std::int64_t kBegin = 1'700'000'000'000;  // Of the clock.

// ---- Rows.

InvocationId plain_id() {
  InvocationId id;
  id.partition_key = journal::bucket_key("S", 3);
  id.uuid[15] = 1;
  return id;
}
InvocationId object_id() {
  InvocationId id;
  id.partition_key = journal::partition_key_of("k");
  id.uuid[15] = 2;
  return id;
}

InvocationId slot_id(std::size_t slot) {
  const std::array ids = {plain_id(), object_id(), journal::workflow_run_id("W", "k")};
  return ids[slot % ids.size()];
}

enum RowKind : std::uint8_t {
  kRow,
  kChunk,
  kWakeUp,
  kTimer,
  kPlace,
  kPromise,
  kWaiter,
  kPromiseWaiter,
  kRowKinds
};

journal::Timer timer_of(const InvocationId& id, Choices& choices) {
  const std::int64_t due = kBegin + choices.byte() * 100;
  return {due, id, static_cast<journal::TimerKind>(1 + choices.below(5)), choices.byte()};
}

journal::Waiter waiter_of(Choices& choices) {
  const InvocationId id = slot_id(choices.byte());
  return {id, choices.byte(), choices.byte()};
}

void add_row(storage::Batch& batch, Choices& choices) {
  const std::uint8_t how = choices.byte();
  const InvocationId id = slot_id(choices.byte());
  const auto record = [&](journal::RecordKind kind) {
    const BytesView bytes = choices.bytes();
    // With a header that says that it is whole; so what is in it counts.
    return (how & 0x80) != 0 ? Bytes(bytes) : journal::sealed(journal::kPlainVersion, kind, bytes);
  };
  switch (how % 0x80 % kRowKinds) {
    case kRow:
      batch.put(journal::Key(storage::Table::kInvocation).id(id),
                record(journal::RecordKind::kInvocation));
      return;
    case kChunk:
      batch.put_stamped(journal::Key(storage::Table::kJournal).id(id),
                        record(journal::RecordKind::kChunk));
      return;
    case kWakeUp:
      return journal::put_wake_up(batch, id);
    case kTimer:
      return journal::put_timer(batch, timer_of(id, choices));
    case kPlace:
      batch.put_stamped(journal::object_key(storage::Table::kInbox, "O", "k"),
                        record(journal::RecordKind::kQueued));
      return;
    case kWaiter:
      return journal::put_later_waiter(batch, id, waiter_of(choices));
    case kPromiseWaiter:
      return journal::put_later_waiter(batch, journal::PromiseName{"W", "k", "p"},
                                       waiter_of(choices));
    default:
      batch.put(journal::object_key(storage::Table::kPromise, "W", "k").last("p"),
                record(journal::RecordKind::kPromise));
  }
}

// ---- What happens.

class Story {
 public:
  Story(MachineWorld& world, Choices& choices) : world_(world), choices_(choices) {}

  void next() {
    using Tell = void (Story::*)();
    constexpr Tell kActs[] = {
        &Story::begin,  &Story::command, &Story::command, &Story::propose,
        &Story::signal, &Story::act,     &Story::fire,    &Story::deliver,
        &Story::park,   &Story::fail,    &Story::end,     &Story::grant,
        &Story::leave,  &Story::crash,   &Story::copy,    &Story::wait,
    };
    const std::uint8_t how = choices_.byte();
    (this->*kActs[how % std::size(kActs)])();
    if (subject_ != nullptr && (how & 0x40) == 0) subject_->settle();
    subject_ = nullptr;
    if ((how & 0x80) == 0) world_.deliver_all();
    world_.check();
  }

 private:
  InvocationId some_id() {
    const auto& known = world_.known();
    return known.empty() ? plain_id() : known[choices_.below(known.size())];
  }
  // Whose attempt is at work; null: of the one chosen there is none.
  MachineAttempt* some_attempt() {
    subject_ = world_.owner_if_present(some_id());
    return subject_ == nullptr ? nullptr : subject_->attempt();
  }
  Bytes short_text() { return Bytes(choices_.below(3), 'v'); }
  std::string name() { return choices_.coin() ? "a" : "b"; }
  journal::Outcome outcome() {
    if (choices_.below(4) == 0) return journal::Failure{500, "failed", {}};
    return short_text();
  }
  std::int64_t moment() {
    constexpr std::int64_t kFar = std::int64_t{1} << 36;
    const std::array<std::int64_t, 8> by = {10, 0, -10, 1, 1'000, 60'000, kFar, INT64_MAX};
    const std::int64_t chosen = by[choices_.below(by.size())];
    return chosen == INT64_MAX ? chosen : world_.now() + chosen;
  }

  void begin();
  void command();
  void propose();
  void signal();
  void act() {
    subject_ = &world_.owner(some_id());
    subject_->act(static_cast<Act>(choices_.below(6)));
  }
  void fire() {
    const std::size_t number = choices_.byte();
    world_.fire(number / 2);
    if (number % 2 != 0) world_.fire(number / 2);  // It may fire more than once.
  }
  void deliver() { world_.deliver_one(some_id()); }
  void park();
  void fail();
  void end();
  void grant() { world_.grant("O", choices_.coin() ? "k" : "l"); }
  void leave() { world_.leave(some_id()); }
  void crash() { world_.crash(); }
  void copy() {
    subject_ = &world_.owner(some_id());
    subject_->copy_as_new(choices_.below(8));
  }
  void wait() { world_.advance(std::int64_t{1} << choices_.below(24)); }

  journal::Call call(bool awaited);
  journal::SendSignal send_signal();
  std::optional<journal::EntryBody> command_of(const MachineOwner& owner, CompletionId next);
  journal::WaitSet waits(const MachineAttempt& attempt, int levels);

  MachineWorld& world_;
  Choices& choices_;
  MachineOwner* subject_ = nullptr;  // Of the act; settles after it.
};

journal::Call Story::call(bool awaited) {
  struct Callee {
    const char *service, *handler;
  };
  constexpr std::array<Callee, 5> kCallees = {
      {{"S", "run"}, {"O", "add"}, {"O", "get"}, {"W", "run"}, {"W", "get"}}};
  const std::uint8_t how = choices_.byte();
  const Callee& callee = kCallees[how % kCallees.size()];
  journal::Call call;
  call.service = callee.service;
  call.handler = callee.handler;
  if (call.service != "S") call.key = (how & 0x40) == 0 ? "k" : "l";
  const bool is_run = call.service == "W" && call.handler == "run";
  if ((how & 0x80) != 0 && !is_run) call.idempotency_key = "i";
  if (!awaited) call.not_before_unix_ms = std::max<std::int64_t>(0, moment());
  return call;
}

void Story::begin() {
  const journal::Call call = this->call(choices_.coin());
  const auto resolution = world_.resolve(call);
  CHECK(resolution.has_value(), "all of them are there");
  const auto [id, determined] = journal::callee_of(call, *resolution);
  world_.know(id);
  journal::Invocation row;
  row.id = id;
  row.target = resolution->target;
  row.idempotency_key = call.idempotency_key;
  row.scheduled_start_at = call.not_before_unix_ms;
  row.completion_retention_ms = resolution->completion_retention_ms;
  row.journal_retention_ms = resolution->journal_retention_ms;
  holdfast::testing::Begin mail{std::move(row), Entry{{}, journal::Input{{}, "in"}}, determined};
  world_.post(id, std::move(mail));
}

journal::SendSignal Story::send_signal() {
  journal::SendSignal send;
  send.target = some_id();
  const std::size_t which = choices_.below(6);
  if (which < 2) {
    send.signal = which == 0 ? "a" : "b";
  } else {
    constexpr std::array<std::uint32_t, 4> kIndexes = {17, 18, journal::kCancelSignal,
                                                       journal::kKillSignal};
    send.signal = kIndexes[which - 2];
  }
  if (choices_.coin()) send.result = journal::Failure{500, "rejected", {}};
  return send;
}

std::optional<journal::EntryBody> Story::command_of(const MachineOwner& owner, CompletionId next) {
  const auto& target = owner.target();
  const bool may_write = target.handler_kind == journal::HandlerKind::kExclusive ||
                         target.handler_kind == journal::HandlerKind::kRun;
  switch (choices_.below(14)) {
    case 0:
      return journal::Sleep{moment(), next};
    case 1:
      return journal::Run{next};
    case 2:
    case 3: {
      journal::Call call = this->call(true);
      call.id_completion = next;
      call.completion = next + 1;
      return call;
    }
    case 4: {
      journal::Call call = this->call(false);
      if (choices_.coin()) call.id_completion = next;
      return call;
    }
    case 5:
      return journal::Attach{some_id(), next, choices_.coin(), {}, {}, {}, {}, {}};
    case 6:
    case 7: {
      if (target.service_kind != journal::ServiceKind::kWorkflow) return std::nullopt;
      journal::Promise promise{static_cast<journal::Promise::Act>(choices_.below(3)), name(), next,
                               std::nullopt};
      if (promise.act == journal::Promise::Act::kComplete) promise.result = outcome();
      return promise;
    }
    case 8:
      return send_signal();
    case 9:
      if (!may_write) return std::nullopt;
      return journal::WriteState{name(), short_text()};
    case 10:
      if (!may_write) return std::nullopt;
      return journal::ClearState{choices_.coin() ? std::optional<Bytes>(name()) : std::nullopt};
    case 11:
      return journal::ReadState{name(), choices_.coin() ? next : 0, std::nullopt};
    case 12:
      return journal::ListState{choices_.coin() ? next : 0, {}};
    default:
      return journal::Output{outcome()};
  }
}

void Story::command() {
  const auto* attempt = some_attempt();
  if (attempt == nullptr || attempt->next == 0 || attempt->next == UINT32_MAX) return;
  auto body = command_of(*subject_, attempt->next);
  if (body) subject_->command(Entry{choices_.coin() ? "n" : "", std::move(*body)});
}

void Story::propose() {
  const auto* attempt = some_attempt();
  if (attempt == nullptr || attempt->open_runs.empty()) return;
  const CompletionId run = attempt->open_runs[choices_.below(attempt->open_runs.size())];
  subject_->propose(run, outcome());
}

void Story::signal() {
  subject_ = &world_.owner(some_id());
  journal::Notification signal;
  if (choices_.coin()) {
    signal.of = name();
  } else {
    signal.of = journal::kFirstAwakeable + choices_.byte() % 2;
  }
  if (choices_.coin()) signal.result = journal::Failure{500, "rejected", {}};
  subject_->signal(std::move(signal));
}

// Leaves that have not come yet.
journal::WaitSet Story::waits(const MachineAttempt& attempt, int levels) {
  const auto came = [&](const journal::WaitSet::Leaf& leaf) {
    return std::any_of(attempt.heard.begin(), attempt.heard.end(),
                       [&](const auto& one) { return one.of == leaf; });
  };
  journal::WaitSet set;
  const std::uint8_t how = choices_.byte();
  set.combinator = static_cast<journal::WaitSet::Combinator>(how % 5);
  for (std::size_t n = choices_.below(4); n > 0 && !attempt.asked.empty(); --n) {
    const CompletionId id = attempt.asked[choices_.below(attempt.asked.size())];
    if (!came(journal::Notification::Completion{id})) set.completions.push_back(id);
  }
  for (std::uint32_t i = 0; i < 2; ++i) {
    const std::uint32_t index = journal::kFirstAwakeable + i;
    const std::string name = i == 0 ? "a" : "b";
    if ((how >> (4 + i) & 1) != 0 && !came(index)) set.signals.push_back(index);
    if ((how >> (6 + i) & 1) != 0 && !came(name)) set.named_signals.push_back(name);
  }
  if (levels == 0) return set;
  for (std::size_t n = choices_.below(3); n > 0; --n) {
    set.nested.push_back(waits(attempt, levels - 1));
  }
  return set;
}

void Story::park() {
  const auto* attempt = some_attempt();
  if (attempt == nullptr) return;
  journal::WaitSet set = waits(*attempt, 2);
  const auto settled = set.reduce([](const auto&) { return journal::Settled::kPending; });
  if (settled != journal::Settled::kPending || set.empty()) return;
  if (subject_->may_close() && !subject_->news_pending()) subject_->park(std::move(set));
}

void Story::fail() {
  if (some_attempt() == nullptr || !subject_->may_close()) return;
  const std::size_t which = choices_.below(4);
  const std::array<std::int64_t, 3> delays = {300, 0, INT64_MAX};
  subject_->fail(which == 3 ? std::nullopt : std::optional(delays[which]));
}

void Story::end() {
  if (some_attempt() == nullptr || !subject_->may_close()) return;
  const bool recorded = choices_.coin();
  subject_->finish(outcome(), recorded);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr int kActsMax = 100;
  holdfast::set_log_level(holdfast::LogLevel::kOff);
  Choices choices(BytesView(reinterpret_cast<const char*>(data), size));
  const std::uint8_t flags = choices.byte();
  MachineWorld world((flags & 1) != 0);
  storage::Batch rows;
  for (int i = 0; i < flags / 2 % 8; ++i) add_row(rows, choices);
  if (!rows.empty()) {
    world.write(rows);
    world.judge();
    for (std::size_t slot = 0; slot < 3; ++slot) world.know(slot_id(slot));
    world.crash();  // Whoever starts finds them.
    world.deliver_all();
  }
  Story story(world, choices);
  for (int i = 0; i < kActsMax && !choices.empty(); ++i) story.next();
  for (int i = 0; i < 2; ++i) {
    world.deliver_all();
    world.check();
    if (i == 0) world.crash();
  }
  return 0;
}
