#include <memory>
#include <tuple>

#include "storage/memory_store.h"
#include "storage/rocks_store.h"
#include "tests/support/temp_folder.h"

namespace holdfast::storage {

struct InMemory {
  MemoryStore store_;
  Store& store() { return store_; }
};

struct OnDisk {
  testing::TempFolder folder_;
  std::unique_ptr<RocksStore> store_ = std::move(RocksStore::open(folder_.path(), {})).value();
  Store& store() { return *store_; }
};

using StoreMakers = std::tuple<InMemory, OnDisk>;

}  // namespace holdfast::storage

#include "tests/storage/store_contract.h"
