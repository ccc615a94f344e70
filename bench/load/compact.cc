// Compacts the store of a data folder that no server has open, so that its size can be told.
//
//   compact DIR

#include <cstdio>

#include "storage/format_version.h"
#include "storage/rocks_store.h"

namespace holdfast::storage {
namespace {

Result<void> compact(const std::string& path) {
  const DataFolder folder = TRY(open_data_folder(path));
  const auto store = TRY(RocksStore::open(folder.store_path(), {}));
  return store->compact();
}

}  // namespace
}  // namespace holdfast::storage

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: compact DIR\n");
    return 2;
  }
  const auto done = holdfast::storage::compact(argv[1]);
  if (!done.has_value()) {
    std::fprintf(stderr, "compact: %s\n", done.error().message().c_str());
    return 1;
  }
  return 0;
}
