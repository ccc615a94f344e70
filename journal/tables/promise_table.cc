#include "journal/codec/codec.h"
#include "journal/tables/key.h"
#include "journal/tables/scan.h"
#include "journal/tables/tables.h"

namespace holdfast::journal {
namespace {

constexpr storage::Table kTable = storage::Table::kPromise;

}  // namespace

Result<std::optional<PromiseRecord>> Tables::promise(std::string_view service, std::string_view key,
                                                     std::string_view name) const {
  const auto value = TRY(store_.get(object_key(kTable, service, key).last(name)));
  if (!value.has_value()) return std::optional<PromiseRecord>();
  return std::optional<PromiseRecord>(TRY(decode_promise(*value)));
}

Result<std::vector<std::string>> Tables::promises(std::string_view service,
                                                  std::string_view key) const {
  std::vector<std::string> names;
  const Key prefix = object_key(kTable, service, key);
  const std::size_t prefix_size = prefix.view().size();
  TRY(scan(store_, prefix, prefix.end(), [&](BytesView row, BytesView) -> Result<bool> {
    names.emplace_back(row.substr(prefix_size));
    return true;
  }));
  return names;
}

Result<void> Tables::each_promise(
    const ObjectRange& range, BytesView after,
    const std::function<bool(const ObjectRow&, Result<PromiseRecord>)>& visit) const {
  return scan_objects(store_, kTable, range, after, [&](const ObjectRow& row, BytesView value) {
    return visit(row, decode_promise(value));
  });
}

void put_promise(storage::Batch& batch, std::string_view service, std::string_view key,
                 std::string_view name, const PromiseRecord& promise) {
  Bytes& record = record_buffer();
  encode_promise(record, promise);
  batch.put(object_key(kTable, service, key).last(name), record);
}

void erase_promise(storage::Batch& batch, std::string_view service, std::string_view key,
                   std::string_view name) {
  batch.erase(object_key(kTable, service, key).last(name));
}

}  // namespace holdfast::journal
