#include "journal/tables/key.h"
#include "journal/tables/scan.h"
#include "journal/tables/tables.h"

namespace holdfast::journal {
namespace {

constexpr storage::Table kTable = storage::Table::kRunnable;

}  // namespace

Result<std::vector<Stamp>> Tables::wake_ups(const InvocationId& id) const {
  std::vector<Stamp> stamps;
  const Key prefix = Key(kTable).id(id);
  TRY(scan(store_, prefix, prefix.end(), [&](BytesView key, BytesView) -> Result<bool> {
    stamps.push_back(TRY(stamp_in(key)));
    return true;
  }));
  return stamps;
}

Result<bool> Tables::has_wake_up(const InvocationId& id, Stamp stamp) const {
  return TRY(store_.get(Key(kTable).id(id).u64(stamp))).has_value();
}

Result<void> Tables::each_woken(const std::function<bool(const InvocationId&)>& visit) const {
  return each_woken_after(std::nullopt, visit);
}

Result<void> Tables::each_woken_after(const std::optional<InvocationId>& after,
                                      const std::function<bool(const InvocationId&)>& visit) const {
  std::optional<InvocationId> last;
  const Key table(kTable);
  const Bytes begin = after.has_value() ? Key(kTable).id(*after).end() : Bytes(table.view());
  return scan(store_, begin, table.end(), [&](BytesView key, BytesView) -> Result<bool> {
    const InvocationId id = TRY(id_in(key));
    if (id == last) return true;
    last = id;
    return visit(id);
  });
}

void put_wake_up(storage::Batch& batch, const InvocationId& id) {
  batch.put_stamped(Key(kTable).id(id), {});
}

void erase_wake_up(storage::Batch& batch, const InvocationId& id, Stamp stamp) {
  batch.erase(Key(kTable).id(id).u64(stamp));
}

}  // namespace holdfast::journal
