#include "journal/codec/codec.h"
#include "journal/tables/key.h"
#include "journal/tables/scan.h"
#include "journal/tables/tables.h"

namespace holdfast::journal {
namespace {

constexpr storage::Table kTable = storage::Table::kServiceSettings;

}  // namespace

Result<std::optional<ServiceSettings>> Tables::settings(std::string_view service) const {
  const auto value = TRY(store_.get(Key(kTable).last(service)));
  if (!value.has_value()) return std::optional<ServiceSettings>();
  return std::optional<ServiceSettings>(TRY(decode_settings(*value)));
}

Result<void> Tables::each_settings(
    const std::function<bool(std::string_view, Result<ServiceSettings>)>& visit) const {
  const Key all(kTable);
  return scan(store_, all, all.end(), [&](BytesView row, BytesView value) -> Result<bool> {
    return visit(row.substr(1), decode_settings(value));
  });
}

void put_settings(storage::Batch& batch, std::string_view service,
                  const ServiceSettings& settings) {
  Bytes& record = record_buffer();
  encode_settings(record, settings);
  batch.put(Key(kTable).last(service), record);
}

}  // namespace holdfast::journal
