#include "journal/verify/row_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "journal/codec/codec.h"
#include "journal/tables/key.h"
#include "journal/verify/row_text.h"
#include "storage/counters.h"
#include "storage/local_log.h"

namespace holdfast::journal {
namespace {

using storage::Table;

constexpr std::size_t kIdKeySize = 1 + 24;
constexpr std::size_t kStampedKeySize = kIdKeySize + 8;

Error bad(std::string why) { return {ErrorCode::kCorruption, std::move(why)}; }

Part part_of(Table table) {
  switch (table) {
    case Table::kMeta:
      return Part::kMeta;
    case Table::kInvocation:
      return Part::kInvocations;
    case Table::kJournal:
      return Part::kJournal;
    case Table::kRunnable:
      return Part::kWakeUps;
    case Table::kInbox:
      return Part::kQueues;
    case Table::kTimer:
      return Part::kTimers;
    case Table::kState:
      return Part::kState;
    case Table::kPromise:
      return Part::kPromises;
    case Table::kWaiter:
    case Table::kPromiseWaiter:
      return Part::kWaiters;
    case Table::kServiceSettings:
      return Part::kSettings;
    case Table::kDeployment:
      return Part::kDeployments;
    case Table::kCounter:
      return Part::kCounters;
    case Table::kOutbox:
    case Table::kExpiry:
      break;
  }
  return Part::kUnknown;
}

const char* advice_for(Part part) {
  switch (part) {
    case Part::kInvocations:
    case Part::kJournal:
      return "its invocation is left alone by the server (HF0017); restore a backup";
    case Part::kWakeUps:
      return "the server passes over it, so an invocation may not go on after a start";
    case Part::kQueues:
      return "the server passes over it, and its invocation waits for ever; cancel that one";
    case Part::kTimers:
      return "the server passes over it, and what it was to bring about does not happen";
    case Part::kState:
      return "handlers of this key fail when they read it; set it anew on the admin port";
    case Part::kPromises:
      return "who asks for this promise gets a failure; restore a backup";
    case Part::kWaiters:
      return "who waits may not be told; PATCH /invocations/ID/resume makes it ask again";
    case Part::kSettings:
      return "the service goes by what its code says; set them again on the admin port";
    case Part::kDeployments:
      return "invocations pinned to it fail; register the endpoint again, resume them there";
    case Part::kCounters:
      return "the next start counts anew; nothing to do";
    case Part::kMeta:
      return "without it no server starts; restore a backup";
    default:
      return "this release writes no such row; was the folder used by a newer one?";
  }
}

bool is_of_newer_release(Part part, BytesView value) {
  const bool has_record = part == Part::kInvocations || part == Part::kJournal ||
                          part == Part::kQueues || part == Part::kState ||
                          part == Part::kPromises || part == Part::kSettings ||
                          part == Part::kDeployments;
  return has_record && !value.empty() && static_cast<std::uint8_t>(value[0]) > kRecordVersion;
}

template <class T>
Result<void> without_value(const Result<T>& result) {
  if (!result) return result.error();
  return {};
}

Result<void> check_object(BytesView key) {
  const ObjectKeyParts parts = TRY(object_in(key));
  if (read_big_endian<std::uint64_t>(key.substr(1)) == partition_key_of(parts.key)) return {};
  return bad("the partition key is not that of its object key");
}

Result<void> check_empty(BytesView value) {
  if (!value.empty()) return bad("a row without a value has one");
  return {};
}

Result<void> check_node_row(BytesView key, BytesView value) {
  const bool counter = key.front() == static_cast<char>(Table::kCounter);
  const Bytes prefix = storage::key_prefix(static_cast<Table>(key.front()), 0);
  if (!key.starts_with(prefix)) return bad("the partition is not the one there is");
  const BytesView name = key.substr(prefix.size());
  if (counter && !is_invocation_counter(name)) return bad("a counter of an unknown kind");
  if (counter || name == storage::kMetaCounters) {
    const auto checked = storage::check_counter_row(value);
    if (!checked) return bad("the row " + checked.error().message());
    return {};
  }
  if (name != storage::kMetaLog) return bad("a meta row of an unknown name");
  return {};  // Read before all others.
}

}  // namespace

bool RowCheck::check_all() {
  read_last_stamp();
  std::vector<Table> tables(std::begin(storage::kTables), std::end(storage::kTables));
  std::sort(tables.begin(), tables.end());
  Bytes at;
  for (const Table table : tables) {
    const Bytes begin(1, static_cast<char>(table));
    const Bytes end = storage::prefix_end(begin);
    if (at < begin) check_range(at, begin, Part::kUnknown);
    check_range(begin, end, part_of(table));
    at = end;
  }
  check_range(at, {}, Part::kUnknown);
  return readable_;
}

void RowCheck::read_last_stamp() {
  const auto last = storage::LocalLog::stored_lsn(store_, storage::KeyRange{});
  if (!last) {
    reporter_.problem(Part::kMeta, last.error().message(), "meta row log", advice_for(Part::kMeta));
  } else if (last->has_value()) {
    last_stamp_ = (*last)->value();
  }
}

void RowCheck::check_range(BytesView begin, BytesView end, Part part) {
  std::string last = "its beginning";
  std::uint64_t rows = 0;
  const auto scanned = store_.scan(begin, end, [&](BytesView key, BytesView value) {
    reporter_.look(part);
    const auto checked = part == Part::kUnknown ? bad("a row of no table") : check_row(key, value);
    if (!checked) {
      std::string advice = is_of_newer_release(part, value)
                               ? "a newer release wrote it; use that release"
                               : advice_for(part);
      reporter_.problem(part, checked.error().message(), key_text(key), std::move(advice));
    }
    if (++rows % 256 == 0) last = key_text(key);
    return true;
  });
  if (scanned.has_value()) return;
  readable_ = false;
  reporter_.problem(part, "the table cannot be read to its end", "somewhere after " + last,
                    scanned.error().message() + "; check the disk, restore a backup");
}

Result<void> RowCheck::check_row(BytesView key, BytesView value) const {
  switch (static_cast<Table>(key.front())) {
    case Table::kInvocation:
      if (key.size() != kIdKeySize) return bad("a key of table 'i' has the wrong shape");
      return without_value(decode_invocation(value));
    case Table::kJournal: {
      TRY(check_stamp(key));
      const Chunk chunk = TRY(decode_chunk(value));
      if (chunk.entries.empty()) return bad("a chunk of a journal has no entry");
      return {};
    }
    case Table::kRunnable:
      TRY(check_stamp(key));
      return check_empty(value);
    case Table::kInbox:
      TRY(check_stamp(key));
      return without_value(decode_queued(value));
    case Table::kTimer:
      TRY(timer_in(key));
      return check_empty(value);
    case Table::kState:
      TRY(check_object(key));
      return without_value(decode_state(value));
    case Table::kPromise:
      TRY(check_object(key));
      return without_value(decode_promise(value));
    case Table::kPromiseWaiter:
      TRY(check_object(key));
      [[fallthrough]];
    case Table::kWaiter:
      TRY(waiter_in(key));
      return check_empty(value);
    case Table::kServiceSettings:
      return without_value(decode_settings(value));
    case Table::kDeployment:
      if (!DeploymentId::from_bytes(key.substr(1))) return bad("the key is not a deployment id");
      return without_value(decode_deployment(value));
    case Table::kCounter:
    case Table::kMeta:
      return check_node_row(key, value);
    case Table::kOutbox:
    case Table::kExpiry:
      break;
  }
  return bad("a row of no table");
}

// The form of a key that ends in a stamp.
Result<void> RowCheck::check_stamp(BytesView key) const {
  if (key.front() == static_cast<char>(Table::kInbox)) {
    TRY(check_object(key));
    if (TRY(object_in(key)).rest.size() != 8) return bad("a key of table 'q' has the wrong shape");
  } else if (key.size() != kStampedKeySize) {
    return bad(fmt::format("a key of table '{}' has the wrong shape", key.front()));
  }
  const Stamp stamp = TRY(stamp_in(key));
  if (stamp <= last_stamp_) return {};
  return bad(fmt::format("stamp {} is beyond the last one of the log, {}", stamp, last_stamp_));
}

}  // namespace holdfast::journal
