#include "journal/tables/key.h"
#include "journal/tables/scan.h"
#include "journal/tables/tables.h"
#include "storage/base/log.h"

namespace holdfast::journal {
namespace {
constexpr Logger kLog("journal");
}

Result<std::vector<Timer>> Tables::timers(const std::optional<Timer>& after,
                                          std::size_t most) const {
  std::vector<Timer> timers;
  if (most == 0) return timers;
  const Key table(storage::Table::kTimer);
  const Bytes begin = after.has_value() ? timer_key(*after).next() : Bytes(table.view());
  TRY(scan(store_, begin, table.end(), [&](BytesView key, BytesView) -> Result<bool> {
    const auto timer = timer_in(key);
    if (!timer) {
      kLog.error("timer cannot be read and is passed over", "reason={}", timer.error().message());
      return true;
    }
    timers.push_back(*timer);
    return timers.size() < most;
  }));
  return timers;
}

Result<bool> Tables::has_timer(const Timer& timer) const {
  return TRY(store_.get(timer_key(timer))).has_value();
}

void put_timer(storage::Batch& batch, const Timer& timer) { batch.put(timer_key(timer), {}); }

void erase_timer(storage::Batch& batch, const Timer& timer) { batch.erase(timer_key(timer)); }

}  // namespace holdfast::journal
