#include "journal/codec/codec.h"
#include "journal/tables/key.h"
#include "journal/tables/scan.h"
#include "journal/tables/tables.h"

namespace holdfast::journal {
namespace {

constexpr Logger kLog("journal");
constexpr storage::Table kTable = storage::Table::kInvocation;

Result<Invocation> read(const InvocationId& id, BytesView value) {
  auto row = decode_invocation(value);
  if (!row.has_value()) return Error(row.error().code(), id.text() + ": " + row.error().message());
  row->id = id;
  return row;
}

}  // namespace

Result<std::optional<Invocation>> Tables::invocation(const InvocationId& id) const {
  const auto value = TRY(store_.get(Key(kTable).id(id)));
  if (!value.has_value()) return std::optional<Invocation>();
  return std::optional<Invocation>(TRY(read(id, *value)));
}

Result<void> Tables::each_invocation(const std::optional<InvocationId>& after,
                                     const std::function<bool(Result<Invocation>)>& visit) const {
  const Key table(kTable);
  const Bytes begin = after.has_value() ? Key(kTable).id(*after).next() : Bytes(table.view());
  return scan(store_, begin, table.end(), [&](BytesView key, BytesView value) -> Result<bool> {
    auto id = id_in(key);
    if (!id.has_value()) return visit(std::move(id).error());
    return visit(read(*id, value));
  });
}

Result<Invocation> StoredInvocation::read() const { return journal::read(id_, record_); }

Result<void> Tables::each_stored(std::optional<PartitionKey> of,
                                 const std::optional<InvocationId>& after,
                                 const std::function<bool(StoredInvocation)>& visit) const {
  Key range(kTable);
  if (of.has_value()) range.u64(*of);
  const Bytes begin = after.has_value() ? Key(kTable).id(*after).next() : Bytes(range.view());
  return scan(store_, begin, range.end(), [&](BytesView key, BytesView value) -> Result<bool> {
    const auto id = id_in(key);
    if (id.has_value()) return visit(StoredInvocation(*id, Bytes(value)));
    kLog.error("invocation cannot be read and is passed over", "reason={}", id.error().message());
    return true;
  });
}

void put_invocation(storage::Batch& batch, const Invocation& invocation) {
  Bytes& record = record_buffer();
  encode_invocation(record, invocation);
  batch.put(Key(kTable).id(invocation.id), record);
}

void erase_invocation(storage::Batch& batch, const InvocationId& id) {
  batch.erase(Key(kTable).id(id));
}

}  // namespace holdfast::journal
