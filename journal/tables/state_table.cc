#include "journal/codec/codec.h"
#include "journal/tables/key.h"
#include "journal/tables/scan.h"
#include "journal/tables/tables.h"

namespace holdfast::journal {
namespace {

constexpr storage::Table kTable = storage::Table::kState;

}  // namespace

Result<std::optional<Bytes>> Tables::state(std::string_view service, std::string_view key,
                                           BytesView state_key) const {
  const auto value = TRY(store_.get(object_key(kTable, service, key).last(state_key)));
  if (!value.has_value()) return std::optional<Bytes>();
  return std::optional<Bytes>(TRY(decode_state(*value)));
}

Result<std::vector<Bytes>> Tables::state_keys(std::string_view service,
                                              std::string_view key) const {
  std::vector<Bytes> keys;
  const Key prefix = object_key(kTable, service, key);
  const std::size_t prefix_size = prefix.view().size();
  TRY(scan(store_, prefix, prefix.end(), [&](BytesView row, BytesView) -> Result<bool> {
    keys.emplace_back(row.substr(prefix_size));
    return true;
  }));
  return keys;
}

Result<void> Tables::each_state(
    const ObjectRange& range, BytesView after,
    const std::function<bool(const ObjectRow&, Result<Bytes>)>& visit) const {
  return scan_objects(store_, kTable, range, after, [&](const ObjectRow& row, BytesView value) {
    return visit(row, decode_state(value));
  });
}

void put_state(storage::Batch& batch, std::string_view service, std::string_view key,
               BytesView state_key, BytesView value) {
  Bytes& record = record_buffer();
  encode_state(record, value);
  batch.put(object_key(kTable, service, key).last(state_key), record);
}

void erase_state(storage::Batch& batch, std::string_view service, std::string_view key,
                 BytesView state_key) {
  batch.erase(object_key(kTable, service, key).last(state_key));
}

}  // namespace holdfast::journal
