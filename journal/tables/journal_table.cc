#include "journal/codec/codec.h"
#include "journal/tables/key.h"
#include "journal/tables/scan.h"
#include "journal/tables/tables.h"

namespace holdfast::journal {
namespace {

constexpr storage::Table kTable = storage::Table::kJournal;

}  // namespace

Result<std::vector<StampedEntry>> Tables::journal(const InvocationId& id) const {
  // INV-6: keys end in the stamp, so that the order of the scan is the order of the journal.
  std::vector<StampedEntry> entries;
  const Key prefix = Key(kTable).id(id);
  const auto read_chunk = [&](BytesView key, BytesView value) -> Result<bool> {
    const Stamp stamp = TRY(stamp_in(key));
    Chunk chunk = TRY(decode_chunk(value));
    for (Entry& entry : chunk.entries) {
      entries.push_back({stamp, chunk.appended_at, std::move(entry)});
    }
    return true;
  };
  const auto read = scan(store_, prefix, prefix.end(), read_chunk);
  if (!read.has_value()) {
    return Error(read.error().code(), id.text() + ": " + read.error().message());
  }
  return entries;
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
