#include "journal/codec/codec.h"
#include "journal/tables/key.h"
#include "journal/tables/scan.h"
#include "journal/tables/tables.h"
#include "storage/base/log.h"

namespace holdfast::journal {
namespace {

constexpr Logger kLog("journal");
constexpr storage::Table kTable = storage::Table::kInbox;

}  // namespace

Result<std::vector<Tables::Queued>> Tables::queue(std::string_view service, std::string_view key,
                                                  Stamp after, std::size_t most) const {
  std::vector<Queued> queued;
  if (most == 0 || after == UINT64_MAX) return queued;
  const Key prefix = object_key(kTable, service, key);
  const Key begin = Key(prefix).u64(after + 1);
  TRY(scan(store_, begin, prefix.end(), [&](BytesView row, BytesView value) -> Result<bool> {
    const auto stamp = stamp_in(row);
    const auto id = decode_queued(value);
    if (!stamp || !id) {
      kLog.error("place in a queue cannot be read and is passed over",
                 "service={} key={} reason={}", service, key,
                 (stamp ? id.error() : stamp.error()).message());
      return true;
    }
    queued.push_back({*stamp, *id});
    return queued.size() < most;
  }));
  return queued;
}

Result<void> Tables::each_queued(
    const ObjectRange& range, BytesView after,
    const std::function<bool(const ObjectRow&, Result<Queued>)>& visit) const {
  const auto queued = [](const ObjectRow& row, BytesView value) -> Result<Queued> {
    return Queued{TRY(stamp_in(row.place)), TRY(decode_queued(value))};
  };
  return scan_objects(store_, kTable, range, after, [&](const ObjectRow& row, BytesView value) {
    return visit(row, queued(row, value));
  });
}

void put_queued(storage::Batch& batch, const Target& target, const InvocationId& id) {
  Bytes& record = record_buffer();
  encode_queued(record, id);
  batch.put_stamped(object_key(kTable, target.service, target.key), record);
}

void erase_queued(storage::Batch& batch, const Target& target, Stamp stamp) {
  batch.erase(object_key(kTable, target.service, target.key).u64(stamp));
}

}  // namespace holdfast::journal
