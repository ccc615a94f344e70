#include "journal/tables/key.h"
#include "journal/tables/scan.h"
#include "journal/tables/tables.h"

namespace holdfast::journal {
namespace {

constexpr Logger kLog("journal");

}  // namespace

Result<void> Tables::later_waiters(const WaitedFor& of, std::set<Waiter>& to) const {
  const Key prefix = waited_for_key(of);
  return scan(store_, prefix, prefix.end(), [&](BytesView key, BytesView) -> Result<bool> {
    auto parts = waiter_in(key);
    if (parts) {
      to.insert(to.end(), parts->waiter);
    } else {
      kLog.error("row of a waiter cannot be understood and is passed over", "reason={}",
                 parts.error().message());
    }
    return true;
  });
}

Result<bool> Tables::has_later_waiter(const WaitedFor& of, const Waiter& waiter) const {
  return TRY(store_.get(waited_for_key(of).waiter(waiter))).has_value();
}

void put_later_waiter(storage::Batch& batch, const WaitedFor& of, const Waiter& waiter) {
  batch.put(waited_for_key(of).waiter(waiter), {});
}

void erase_later_waiter(storage::Batch& batch, const WaitedFor& of, const Waiter& waiter) {
  batch.erase(waited_for_key(of).waiter(waiter));
}

}  // namespace holdfast::journal
