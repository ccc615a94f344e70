#include "journal/tables/key.h"
#include "journal/tables/scan.h"
#include "journal/tables/tables.h"

namespace holdfast::journal {

Result<std::vector<Timer>> Tables::timers(const std::optional<Timer>& after,
                                          std::size_t most) const {
  std::vector<Timer> timers;
  if (most == 0) return timers;
  const Key table(storage::Table::kTimer);
  const Bytes begin = after.has_value() ? timer_key(*after).next() : Bytes(table.view());
  TRY(scan(store_, begin, table.end(), [&](BytesView key, BytesView) -> Result<bool> {
    timers.push_back(TRY(timer_in(key)));
    return timers.size() < most;
  }));
  return timers;
}

void put_timer(storage::Batch& batch, const Timer& timer) { batch.put(timer_key(timer), {}); }

void erase_timer(storage::Batch& batch, const Timer& timer) { batch.erase(timer_key(timer)); }

}  // namespace holdfast::journal
