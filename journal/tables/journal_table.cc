#include <algorithm>
#include <utility>

#include "journal/codec/codec.h"
#include "journal/tables/cursor.h"
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

void add_input(const Invocation& row, std::vector<StampedEntry>& to) {
  if (row.input.has_value()) to.push_back({0, row.created_at, Entry{{}, *row.input}});
}

// What others told after the end stands behind it, and was not counted.
void add_output(const Invocation& row, std::vector<StampedEntry>& to) {
  if (!row.ends_with_output || !row.result.has_value()) return;
  const std::size_t before = std::max<std::size_t>(row.journal_entries, 1) - 1;
  to.insert(to.begin() + static_cast<std::ptrdiff_t>(std::min(before, to.size())),
            {0, row.completed_at, Entry{{}, Output{*row.result}}});
}

Result<void> Tables::add_chunks(const InvocationId& id, std::vector<StampedEntry>& to) const {
  const Key prefix = Key(kTable).id(id);
  const auto read =
      scan(store_, prefix, prefix.end(), [&](BytesView key, BytesView value) -> Result<bool> {
        TRY(add_chunk(to, key, value));
        return true;
      });
  if (!read.has_value()) return with_id(id, read.error());
  return {};
}

Result<std::vector<StampedEntry>> Tables::chunks(const InvocationId& id) const {
  std::vector<StampedEntry> entries;
  TRY(add_chunks(id, entries));
  return entries;
}

Result<std::vector<StampedEntry>> Tables::journal(const Invocation& row) const {
  std::vector<StampedEntry> entries;
  add_input(row, entries);
  TRY(add_chunks(row.id, entries));
  add_output(row, entries);
  return entries;
}

Result<std::vector<StampedEntry>> Tables::journal(const InvocationId& id) const {
  const auto row = TRY(invocation(id));
  return row.has_value() ? journal(*row) : chunks(id);
}

Result<std::vector<Entry>> Tables::chunk(const InvocationId& id, Stamp stamp) const {
  const auto value = TRY(store_.get(Key(kTable).id(id).u64(stamp)));
  if (!value.has_value()) return std::vector<Entry>();
  auto chunk = decode_chunk(*value);
  if (!chunk.has_value()) return with_id(id, chunk.error());
  return std::move(chunk->entries);
}

namespace {

// The id in the key where it stands, none at the end. Keys that cannot be understood are passed
// over.
Result<std::optional<InvocationId>> id_at(Cursor& cursor) {
  for (;;) {
    const Cursor::Row* const row = TRY(cursor.peek());
    if (row == nullptr) return std::optional<InvocationId>();
    const auto id = id_in(row->key);
    if (id.has_value()) return std::optional(*id);
    kLog.error("row of a journal cannot be read and is passed over", "reason={}",
               id.error().message());
    cursor.advance();
  }
}

}  // namespace

Result<void> Tables::each_journal(
    const std::optional<InvocationId>& after,
    const std::function<bool(const InvocationId&, Result<std::vector<StampedEntry>>)>& visit)
    const {
  const Key rows_table(storage::Table::kInvocation), chunks_table(kTable);
  Cursor rows(store_,
              after ? Key(storage::Table::kInvocation).id(*after).next() : Bytes(rows_table.view()),
              rows_table.end());
  Cursor chunks(store_, after ? Key(kTable).id(*after).end() : Bytes(chunks_table.view()),
                chunks_table.end());
  for (;;) {
    const auto row_id = TRY(id_at(rows));
    const auto chunk_id = TRY(id_at(chunks));
    if (!row_id && !chunk_id) return {};
    const InvocationId id = !chunk_id || (row_id && *row_id < *chunk_id) ? *row_id : *chunk_id;
    std::vector<StampedEntry> entries;
    std::optional<Invocation> row;
    Result<void> read;
    if (row_id == id) {
      auto stored = StoredInvocation(id, TRY(rows.peek())->value).read();
      if (stored.has_value()) {
        row = std::move(*stored);
        add_input(*row, entries);
      } else {
        read = with_id(id, stored.error());
      }
      rows.advance();
    }
    while (TRY(id_at(chunks)) == id) {
      const Cursor::Row& chunk = *TRY(chunks.peek());
      if (read.has_value()) {  // What follows a damaged chunk says nothing.
        const auto added = add_chunk(entries, chunk.key, chunk.value);
        if (!added.has_value()) read = with_id(id, added.error());
      }
      chunks.advance();
    }
    if (row) add_output(*row, entries);
    const bool go_on = read.has_value() ? visit(id, std::move(entries)) : visit(id, read.error());
    if (!go_on) return {};
  }
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
