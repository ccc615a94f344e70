// Record fuzz: whatever bytes the store gives back, they are refused as corrupt, or they are a
// value that, written again, is read as the same.
//
// Input: a byte that says of what kind they are, then the bytes. Those of a record are what its
// header says is whole, a message as it is or, with the second bit, packed; with the high bit there
// is no header but theirs.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <vector>

#include "journal/codec/codec.h"
#include "journal/deployment.h"
#include "journal/tables/key.h"
#include "storage/base/check.h"
#include "storage/counters.h"
#include "storage/local_log.h"
#include "storage/memory_store.h"
#include "tests/fuzz/refused.h"
#include "tests/fuzz/seeds.h"
#include "tests/journal/record_samples.h"

namespace {

namespace journal = holdfast::journal;
namespace storage = holdfast::storage;
using holdfast::Bytes;
using holdfast::BytesView;
using holdfast::Result;
using journal::RecordKind;

template <class T>
bool refused(const Result<T>& result) {
  return holdfast::testing::refused_as(holdfast::ErrorCode::kCorruption, result);
}

// ---- Records.

template <class T>
void recode(BytesView record, Result<T> (*decode)(BytesView), void (*encode)(Bytes&, const T&)) {
  const auto once = decode(record);
  if (refused(once)) return;
  Bytes written;
  encode(written, *once);
  const auto twice = decode(written);
  CHECK(twice.has_value(), "what was written can be read");
  if constexpr (requires { *once == *twice; }) {
    CHECK(*once == *twice, "and is the same");
  } else {
    CHECK(describe(*once) == describe(*twice), "and says the same");
  }
}

void invocation(BytesView record) {
  recode(record, journal::decode_invocation, journal::encode_invocation);
}
void promise(BytesView record) { recode(record, journal::decode_promise, journal::encode_promise); }
void settings(BytesView record) {
  recode(record, journal::decode_settings, journal::encode_settings);
}
void queued(BytesView record) { recode(record, journal::decode_queued, journal::encode_queued); }
void deployment(BytesView record) {
  recode(record, journal::decode_deployment, journal::encode_deployment);
}

void chunk(BytesView record) {
  const auto once = journal::decode_chunk(record);
  if (refused(once)) return;
  Bytes written;
  journal::encode_chunk(written, once->appended_at, once->entries.data(), once->entries.size());
  const auto twice = journal::decode_chunk(written);
  CHECK(twice.has_value() && twice->appended_at == once->appended_at, "a chunk is read again");
  CHECK(twice->entries.size() == once->entries.size(), "with all of its entries");
  for (std::size_t i = 0; i < once->entries.size(); ++i) {
    CHECK(describe(twice->entries[i]) == describe(once->entries[i]), "and they say the same");
  }
}

void state(BytesView record) {
  const auto once = journal::decode_state(record);
  if (refused(once)) return;
  Bytes written;
  journal::encode_state(written, *once);
  CHECK(*journal::decode_state(written) == *once, "a value is read again");
}

// ---- Other rows, and keys.

void log_row(BytesView row) {
  storage::MemoryStore store;
  storage::Batch batch;
  batch.put(storage::meta_key(0, storage::kMetaLog), row);
  CHECK(storage::write_one(store, batch, storage::Sync::kYes).has_value(), "memory takes it");
  refused(storage::LocalLog::stored_lsn(store, {}));
}

void counter_row(BytesView row) { refused(storage::check_counter_row(row)); }

void keys(BytesView key) {
  const auto id = journal::id_in(key);
  if (!refused(id)) {
    CHECK(journal::Key(storage::Table::kInvocation).id(*id).view().substr(1) == key.substr(1, 24),
          "an id has one form");
  }
  refused(journal::stamp_in(key));
  const auto timer = journal::timer_in(key);
  if (!refused(timer)) {
    CHECK(journal::timer_key(*timer).view().substr(1) == key.substr(1), "a timer has one key");
  }
  const auto object = journal::object_in(key);
  if (refused(object)) return;
  const Bytes again(
      journal::object_key(storage::Table::kState, object->service, object->key).view());
  const auto twice = journal::object_in(again);
  CHECK(twice.has_value() && twice->service == object->service && twice->key == object->key,
        "an object is found under its key");
}

struct Kind {
  void (*look)(BytesView bytes);
  RecordKind record = {};  // None: the bytes are as they are.
};
constexpr std::uint8_t kHasHeader = 0x80, kIsPacked = 0x40;
constexpr Kind kKinds[] = {
    {invocation, RecordKind::kInvocation},
    {chunk, RecordKind::kChunk},
    {promise, RecordKind::kPromise},
    {settings, RecordKind::kSettings},
    {queued, RecordKind::kQueued},
    {state, RecordKind::kState},
    {deployment, RecordKind::kDeployment},
    {log_row},
    {counter_row},
    {keys},
};

void add_seed(std::vector<Bytes>& seeds, void (*look)(BytesView), BytesView bytes) {
  const auto* const kind = std::find_if(std::begin(kKinds), std::end(kKinds),
                                        [&](const Kind& one) { return one.look == look; });
  const auto number = static_cast<char>(kind - kKinds);
  if (kind->record == RecordKind{}) {
    seeds.push_back(number + Bytes(bytes));
    return;
  }
  seeds.push_back(number + journal::unpacked(bytes).substr(journal::kRecordHeaderSize));
  if (bytes.front() == static_cast<char>(journal::kRecordVersion)) {
    seeds.push_back(static_cast<char>(number | kIsPacked) +
                    Bytes(bytes.substr(journal::kRecordHeaderSize)));
  }
}

// A signal whose name can be read and whose result cannot: half of an id.
Bytes half_a_signal() {
  const std::string name = "a name too long to be kept within the string";
  const journal::Entry entry{{}, journal::Notification{name, journal::InvocationId{}}};
  Bytes record;
  journal::encode_chunk(record, 1, &entry, 1);
  record = journal::unpacked(record);
  const std::size_t size_of_id = record.find(Bytes{static_cast<char>(2 | 24 << 3), 0, 0, 0});
  CHECK(size_of_id != Bytes::npos, "the upper half of its pointer");
  record[size_of_id] = static_cast<char>(2 | 12 << 3);
  return record;
}

}  // namespace

std::vector<Bytes> holdfast::testing::fuzz_seeds() {
  journal::Samples samples(1);
  std::vector<Bytes> seeds;
  Bytes record;
  for (int i = 0; i < 8; ++i) {
    journal::encode_invocation(record, samples.invocation());
    add_seed(seeds, invocation, record);
    journal::encode_promise(record, samples.promise());
    add_seed(seeds, promise, record);
    journal::encode_settings(record, samples.settings());
    add_seed(seeds, settings, record);
    journal::encode_deployment(record, samples.deployment());
    add_seed(seeds, deployment, record);
  }
  for (int kind = 0; kind < journal::Samples::kEntryKinds; ++kind) {
    const journal::Entry entry = samples.entry(kind);
    journal::encode_chunk(record, 1, &entry, 1);
    add_seed(seeds, chunk, record);
  }
  add_seed(seeds, chunk, half_a_signal());
  journal::encode_queued(record, samples.id());
  add_seed(seeds, queued, record);
  journal::encode_state(record, "value");
  add_seed(seeds, state, record);
  const journal::Timer timer{1, samples.id(), journal::TimerKind::kSleep, 2};
  add_seed(seeds, keys, journal::timer_key(timer));
  add_seed(seeds, keys, journal::object_key(storage::Table::kState, "O", "k").last("key"));
  return seeds;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || data[0] % kIsPacked >= std::size(kKinds)) return -1;  // Not worth to be kept.
  const Kind& kind = kKinds[data[0] % kIsPacked];
  const BytesView bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (kind.record == RecordKind{} || (data[0] & kHasHeader) != 0) {
    kind.look(bytes);
  } else {
    const bool is_packed = (data[0] & kIsPacked) != 0;
    kind.look(journal::sealed(is_packed ? journal::kRecordVersion : journal::kPlainVersion,
                              kind.record, bytes));
  }
  return 0;
}
