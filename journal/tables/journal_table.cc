#include <utility>

#include "journal/codec/codec.h"
#include "journal/tables/key.h"
#include "journal/tables/scan.h"
#include "journal/tables/tables.h"

namespace holdfast::journal {
namespace {

constexpr Logger kLog("journal");
constexpr storage::Table kTable = storage::Table::kJournal;

// INV-6: keys end in the stamp, so that the order of a scan is the order of the journal.
Result<void> add_chunk(std::vector<StampedEntry>& entries, BytesView key, BytesView value) {
  const Stamp stamp = TRY(stamp_in(key));
  Chunk chunk = TRY(decode_chunk(value));
  for (Entry& entry : chunk.entries) {
    entries.push_back({stamp, chunk.appended_at, std::move(entry)});
  }
  return {};
}

Error with_id(const InvocationId& id, const Error& error) {
  return {error.code(), id.text() + ": " + error.message()};
}

}  // namespace

Result<std::vector<StampedEntry>> Tables::journal(const InvocationId& id) const {
  std::vector<StampedEntry> entries;
  const Key prefix = Key(kTable).id(id);
  const auto read =
      scan(store_, prefix, prefix.end(), [&](BytesView key, BytesView value) -> Result<bool> {
        TRY(add_chunk(entries, key, value));
        return true;
      });
  if (!read.has_value()) return with_id(id, read.error());
  return entries;
}

Result<std::vector<Entry>> Tables::chunk(const InvocationId& id, Stamp stamp) const {
  const auto value = TRY(store_.get(Key(kTable).id(id).u64(stamp)));
  if (!value.has_value()) return std::vector<Entry>();
  auto chunk = decode_chunk(*value);
  if (!chunk.has_value()) return with_id(id, chunk.error());
  return std::move(chunk->entries);
}

Result<void> Tables::each_journal(
    const std::optional<InvocationId>& after,
    const std::function<bool(const InvocationId&, Result<std::vector<StampedEntry>>)>& visit)
    const {
  // What has been read of one; it is shown when the next one begins.
  std::optional<InvocationId> id;
  Result<std::vector<StampedEntry>> entries = std::vector<StampedEntry>();
  bool go_on = true;
  const auto show = [&] {
    if (id.has_value()) go_on = visit(*id, std::exchange(entries, std::vector<StampedEntry>()));
    id.reset();
    return go_on;
  };
  const Key table(kTable);
  const Bytes begin = after.has_value() ? Key(kTable).id(*after).end() : Bytes(table.view());
  TRY(scan(store_, begin, table.end(), [&](BytesView key, BytesView value) -> Result<bool> {
    const auto of = id_in(key);
    if (!of.has_value()) {
      kLog.error("chunk of a journal cannot be read and is passed over", "reason={}",
                 of.error().message());
      return true;
    }
    if (id != *of && !show()) return false;
    id = *of;
    if (!entries.has_value()) return true;  // What follows a damaged chunk says nothing.
    const auto read = add_chunk(*entries, key, value);
    if (!read.has_value()) entries = with_id(*id, read.error());
    return true;
  }));
  if (go_on) show();
  return {};
}

void append_journal(storage::Batch& batch, const InvocationId& id, std::int64_t appended_at,
                    const Entry* entries, std::size_t count) {
  Bytes& record = record_buffer();
  encode_chunk(record, appended_at, entries, count);
  batch.put_stamped(Key(kTable).id(id), record);
}

void erase_journal_chunk(storage::Batch& batch, const InvocationId& id, Stamp stamp) {
  batch.erase(Key(kTable).id(id).u64(stamp));
}

}  // namespace holdfast::journal
