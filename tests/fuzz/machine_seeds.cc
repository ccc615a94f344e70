// Where the target `machine` begins: stories that get far, and rows as the engine leaves them. An
// act and its choices stand in one line; their numbers are those that Story and add_row() read.

#include <initializer_list>

#include "journal/codec/codec.h"
#include "journal/tables/tables.h"
#include "journal/timer.h"
#include "tests/fuzz/seeds.h"
#include "tests/journal/record_samples.h"

namespace holdfast::testing {
namespace {

using journal::Entry;
using journal::Status;

enum Acts : std::uint8_t {
  kBegin,
  kCommand,
  kCommandToo,
  kPropose,
  kSignal,
  kAct,
  kFire,
  kDeliver,
  kPark,
  kFail,
  kEnd,
  kGrant,
  kLeave,
  kCrash,
  kCopy,
  kWait,
};
enum Commands : std::uint8_t {
  kSleep,
  kRun,
  kCall,
  kCallToo,
  kSend,
  kAttach,
  kPromise,
  kPromiseToo,
  kSendSignal,
  kWrite,
  kClear,
  kRead,
  kList,
  kOutput,
};
enum Callees : std::uint8_t { kPlain, kAdd, kGet, kFlow, kFlowGet, kOtherKey = 0x40, kOnce = 0x80 };
enum OperatorActs : std::uint8_t { kCancel, kKill, kPurge, kPurgeJournal, kPause, kResume };
constexpr std::uint8_t kHeld = 0x80, kMore = 0x40;  // Of an act.
constexpr std::uint8_t kElsewhere = 1;              // Of a story.

constexpr std::uint8_t with(std::uint8_t act, int bits) {
  return static_cast<std::uint8_t>(act | bits);
}

using Act = std::initializer_list<std::uint8_t>;

Bytes story(std::uint8_t flags, std::initializer_list<Act> acts) {
  Bytes input(1, static_cast<char>(flags));
  for (const Act& act : acts) {
    for (const std::uint8_t byte : act) input += static_cast<char>(byte);
  }
  return input;
}

std::vector<Bytes> lives() {
  return {
      // A step and its outcome, a failed attempt, the end; then it is told from again and removed.
      story(0, {{kBegin, 1, kPlain},
                {kCommand, 0, kRun, 0},
                {kPropose, 0, 0, 1, 2},
                {kFail, 0, 0},
                {kFire, 0},
                {kCommand, 0, kRun, 1},
                {kPropose, 0, 0, 0},
                {kEnd, 0, 1, 1, 1},
                {kCopy, 0, 2},
                {kFire, 0},
                {kFire, 0}}),
      // Asleep and parked; it fires twice, through a crash.
      story(0, {{kBegin, 1, kPlain},
                {kCommand, 0, kSleep, 4, 0},
                {kPark, 0, 0, 1, 0, 0},
                {kLeave, 0},
                {kCrash},
                {kFire, 1},
                {kEnd, 0, 0, 1, 0}}),
      // A call, whose callee ends; both are parked in between.
      story(kElsewhere, {{kBegin, 1, kPlain},
                         {kCommand, 0, kCall, kPlain, 0},
                         {kPark, 0, 0, 3, 0, 1, 0, 0},
                         {kLeave, 0},
                         {kEnd, 1, 1, 1, 2},
                         {kEnd, 0, 1, 1, 0}}),
      // An idempotent call, twice, with all mail held back; a crash while it is asked.
      story(0, {{with(kBegin, kHeld), 1, kPlain},
                {kDeliver, 0},
                {kDeliver, 0},
                {with(kCommand, kMore), 0, kCall, kPlain | kOnce, 0},
                {with(kCommand, kHeld), 0, kCall, kPlain | kOnce, 0},
                {kDeliver, 0},
                {kCrash},
                {kEnd, 1, 0, 1, 1},
                {kEnd, 0, 0, 1, 1}}),
      // A key and its queue; state; the second is cancelled while it waits, the third has its turn.
      story(0, {{kBegin, 1, kAdd},
                {kBegin, 1, kAdd},
                {kBegin, 1, kAdd},
                {kGrant, 1},
                {kCommand, 0, kWrite, 1, 2, 0},
                {kCommand, 0, kRead, 1, 1, 0},
                {kCommand, 0, kList, 1, 0},
                {kCommand, 0, kClear, 0, 0},
                {kAct, 1, kCancel},
                {kEnd, 0, 0, 1, 1},
                {kGrant, 1},
                {kEnd, 2, 0, 1, 1}}),
      // A workflow, its promise, and who asks for it beside it.
      story(kElsewhere, {{kBegin, 1, kFlow},
                         {kBegin, 1, kFlowGet},
                         {kCommand, 1, kPromise, 0, 1, 0},
                         {kPark, 1, 0, 1, 0, 0},
                         {kLeave, 1},
                         {kCommand, 0, kPromise, 2, 1, 1, 2, 0},
                         {kEnd, 1, 0, 1, 1},
                         {kEnd, 0, 0, 1, 1},
                         {kWait, 20},
                         {kFire, 0},
                         {kFire, 0},
                         {kFire, 0}}),
  };
}

std::vector<Bytes> troubles() {
  return {
      // Awakeables, in a tree of waits that asks for results.
      story(0, {{kBegin, 1, kPlain},
                {kCommand, 0, kSleep, 7, 0},
                {kPark, 0, 0x12, 1, 0, 2, 0x23, 0, 0, 0x44, 0, 0},
                {kLeave, 0},
                {kSignal, 0, 0, 0, 1},
                {kLeave, 0},
                {with(kSignal, kHeld), 0, 1, 1, 0},
                {kAct, 0, kCancel},
                {kEnd, 0, 0, 0}}),
      // More wait for a promise, and for an outcome, than have room in a record.
      story(0, {{kBegin, 1, kFlow},
                {kBegin, 1, kFlowGet},
                {kBegin, 1, kFlowGet},
                {kBegin, 1, kFlowGet},
                {kCommand, 0, kPromise, 0, 1, 0},
                {kCommand, 1, kPromise, 0, 1, 0},
                {kCommand, 2, kPromise, 0, 1, 0},
                {kCommand, 3, kPromise, 0, 1, 0},
                {kCommand, 1, kAttach, 0, 1, 0},
                {kCommand, 2, kAttach, 0, 1, 0},
                {kCommand, 3, kAttach, 0, 1, 0},
                {kCrash},
                {kCommand, 3, kPromise, 2, 1, 1, 2, 0},
                {kEnd, 0, 0, 1, 1}}),
      // A tree of calls is killed at its root.
      story(0, {{kBegin, 1, kPlain},
                {kCommand, 0, kCall, kAdd, 0},
                {kGrant, 1},
                {kCommand, 1, kCall, kPlain, 0},
                {kCommand, 2, kSend, kPlain, 5, 1, 0},
                {kAct, 0, kKill},
                {kCrash}}),
      // Delayed, paused, resumed, signalled early, attached to by another.
      story(0, {{kBegin, 0, kPlain | kOnce, 4},
                {kBegin, 1, kPlain},
                {kCommand, 1, kAttach, 0, 1, 0},
                {kCommand, 1, kSendSignal, 0, 2, 0, 0},
                {kFire, 0},
                {kAct, 0, kPause},
                {kCrash},
                {kAct, 0, kResume},
                {kCommand, 0, kOutput, 1, 1, 0},
                {kEnd, 0, 1, 1, 1},
                {kAct, 0, kPurgeJournal},
                {kAct, 0, kPurge}}),
      // What is told to one that is not there yet, or no more.
      story(0, {{kBegin, 1, kPlain},
                {with(kCommand, kMore), 0, kCall, kFlow, 0},
                {with(kCommand, kHeld), 0, kSendSignal, 1, 2, 0, 0},
                {kDeliver, 1},
                {kDeliver, 0},
                {kCrash},
                {kEnd, 1, 0, 1, 1},
                {kAct, 1, kPurge},
                {kCommand, 0, kSendSignal, 1, 4, 0, 0}}),
  };
}

// ---- Rows.

enum Rows : std::uint8_t {
  kRow,
  kChunk,
  kWakeUp,
  kTimer,
  kPlace,
  kPromiseRow,
  kWaiterRow,
  kPromiseWaiterRow
};
enum Slots : std::uint8_t { kOfService, kOfObject, kOfWorkflow };

constexpr std::int64_t kTime = 1'700'000'000'000;

Bytes row(Rows kind, Slots slot, Bytes rest = {}) {
  return Bytes{static_cast<char>(kind), static_cast<char>(slot)} + rest;
}
// Not packed, without its header, with its size.
Bytes unsealed(const Bytes& record) {
  const Bytes payload = journal::unpacked(record).substr(journal::kRecordHeaderSize);
  return Bytes{static_cast<char>(payload.size() / 256), static_cast<char>(payload.size() % 256)} +
         payload;
}

Bytes invocation(Slots slot, Status status, std::uint32_t entries, journal::WaitSet waits = {}) {
  using journal::HandlerKind;
  using journal::ServiceKind;
  journal::Invocation row;
  const journal::Target targets[] = {
      {ServiceKind::kService, HandlerKind::kPlain, "S", "", "run"},
      {ServiceKind::kObject, HandlerKind::kExclusive, "O", "k", "add"},
      {ServiceKind::kWorkflow, HandlerKind::kRun, "W", "k", "run"},
  };
  row.target = targets[slot];
  row.status = status;
  row.created_at = row.modified_at = row.running_at = kTime;
  row.journal_entries = row.journal_commands = entries;
  row.completion_retention_ms = 1000;
  if (status == Status::kBackingOff) row.next_retry_at = kTime + 1000;
  if (status == Status::kScheduled) row.scheduled_start_at = kTime + 1000;
  if (status == Status::kCompleted) {
    row.completed_at = kTime;
    row.result = Bytes("done");
  }
  row.waits = std::move(waits);
  Bytes record;
  journal::encode_invocation(record, row);
  return testing::row(kRow, slot, unsealed(record));
}

Bytes chunk(Slots slot, const std::vector<Entry>& more = {}) {
  std::vector<Entry> entries = {Entry{{}, journal::Input{{}, "in"}}};
  entries.insert(entries.end(), more.begin(), more.end());
  Bytes record;
  journal::encode_chunk(record, kTime, entries.data(), entries.size());
  return row(kChunk, slot, unsealed(record));
}

Bytes timer(Slots slot, journal::TimerKind kind, std::uint8_t completion = 0) {
  return row(
      kTimer, slot,
      Bytes{10, static_cast<char>(static_cast<int>(kind) - 1), static_cast<char>(completion)});
}

Bytes rows(std::initializer_list<Bytes> rows, std::initializer_list<Act> acts) {
  Bytes input = story(static_cast<std::uint8_t>(rows.size() * 2), {});
  for (const Bytes& one : rows) input += one;
  return input + story(0, acts).substr(1);
}

std::vector<Bytes> stored() {
  const Entry sleep{{}, journal::Sleep{kTime + 1000, 1}};
  const Entry run{{}, journal::Run{2}};
  journal::WaitSet one;
  one.completions = {1};
  journal::WaitSet tree;
  tree.combinator = journal::WaitSet::Combinator::kAll;
  tree.signals = {17};
  tree.nested = {one};
  journal::PromiseRecord promise;
  promise.result = Bytes("kept");
  Bytes record, place;
  journal::encode_promise(record, promise);
  journal::encode_queued(place, {});
  return {
      rows({invocation(kOfService, Status::kRunning, 1), chunk(kOfService),
            row(kWakeUp, kOfService)},
           {{kCommand, 0, kRun, 0}, {kEnd, 0, 1, 1, 1}}),
      rows({invocation(kOfService, Status::kSuspended, 3, one), chunk(kOfService, {sleep, run}),
            timer(kOfService, journal::TimerKind::kSleep, 1)},
           {{kFire, 0}, {kPropose, 0, 0, 1, 1}, {kEnd, 0, 1, 1, 1}}),
      rows({invocation(kOfWorkflow, Status::kSuspended, 2, tree), chunk(kOfWorkflow, {sleep}),
            timer(kOfWorkflow, journal::TimerKind::kSleep, 1),
            row(kPromiseRow, kOfWorkflow, unsealed(record))},
           {{kFire, 0}, {kSignal, 2, 0, 0, 0}, {kCommand, 2, kPromise, 1, 0, 0}}),
      rows({invocation(kOfService, Status::kBackingOff, 1), chunk(kOfService),
            timer(kOfService, journal::TimerKind::kRetry)},
           {{kFire, 0}, {kEnd, 0, 1, 1, 1}}),
      rows({invocation(kOfService, Status::kScheduled, 1), chunk(kOfService),
            timer(kOfService, journal::TimerKind::kStart)},
           {{kAct, 0, kCancel}}),
      rows({invocation(kOfService, Status::kCompleted, 1), chunk(kOfService),
            timer(kOfService, journal::TimerKind::kExpire)},
           {{kCopy, 0, 0}, {kFire, 0}}),
      rows({invocation(kOfObject, Status::kQueued, 1), chunk(kOfObject), row(kWakeUp, kOfObject),
            row(kPlace, kOfObject, unsealed(place))},
           {{kGrant, 1}, {kAct, 1, kKill}}),
      rows({invocation(kOfService, Status::kSuspended, 2, one), chunk(kOfService, {sleep}),
            row(kWaiterRow, kOfService, Bytes("\2\5\1")),
            row(kPromiseWaiterRow, kOfWorkflow, Bytes("\1\5\1"))},
           {{kBegin, 1, kFlow}, {kCommand, 1, kPromise, 2, 1, 1, 2, 0}, {kAct, 0, kKill}}),
  };
}

// Rows that can be read, and that the engine does not write.
std::vector<Bytes> damaged() {
  const auto ended = [](std::int64_t keep, std::optional<journal::Outcome> result) {
    journal::Invocation row;
    row.target = {journal::ServiceKind::kService, journal::HandlerKind::kPlain, "S", "", "run"};
    row.status = Status::kCompleted;
    row.completed_at = kTime;
    row.completion_retention_ms = row.journal_retention_ms = keep;
    row.result = std::move(result);
    Bytes record;
    journal::encode_invocation(record, row);
    return testing::row(kRow, kOfService, unsealed(record));
  };
  return {
      // Another one asks for its result.
      rows({ended(1000, std::nullopt)}, {{kBegin, 1, kPlain}, {kCommand, 3, kAttach, 0, 1, 0}}),
      rows({ended(INT64_MAX, Bytes("done"))}, {{kAct, 0, kPurge}}),
  };
}

}  // namespace

std::vector<Bytes> fuzz_seeds() {
  std::vector<Bytes> seeds = lives();
  for (Bytes& one : troubles()) seeds.push_back(std::move(one));
  for (Bytes& one : stored()) seeds.push_back(std::move(one));
  for (Bytes& one : damaged()) seeds.push_back(std::move(one));
  return seeds;
}

}  // namespace holdfast::testing
