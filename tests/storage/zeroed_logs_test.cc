// The files of RocksDB's write-ahead log, as they are on the disk.

#include "storage/zeroed_logs.h"

#include <rocksdb/file_system.h>

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/support/temp_folder.h"

namespace holdfast::storage {
namespace {

using rocksdb::FSWritableFile;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

// A disk on which the n-th write stops half way.
class Disk final : public rocksdb::FileSystemWrapper {
 public:
  Disk() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "disk"; }
  void fail_write(int nth, IOStatus how) {
    left_ = nth;
    how_ = std::move(how);
  }
  int writes() const { return writes_; }

  IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                           std::unique_ptr<FSWritableFile>* file, IODebugContext* debug) override {
    IOStatus status = target()->NewWritableFile(path, options, file, debug);
    *file = std::make_unique<File>(std::move(*file), *this);
    return status;
  }

 private:
  class File final : public rocksdb::FSWritableFileOwnerWrapper {
   public:
    File(std::unique_ptr<FSWritableFile> file, Disk& disk)
        : FSWritableFileOwnerWrapper(std::move(file)), disk_(disk) {}
    IOStatus PositionedAppend(const Slice& data, std::uint64_t at, const IOOptions& options,
                              IODebugContext* debug) override {
      ++disk_.writes_;
      if (--disk_.left_ != 0) return target()->PositionedAppend(data, at, options, debug);
      const Slice half(data.data(), data.size() / 2);
      BOOST_REQUIRE(target()->PositionedAppend(half, at, options, debug).ok());
      return disk_.how_;
    }

   private:
    Disk& disk_;
  };

  int left_ = 0;
  int writes_ = 0;
  IOStatus how_;
};

struct World {
  explicit World(const std::string& name = "000001.log") : path(folder.path() + "/" + name) {
    BOOST_REQUIRE(with_zeroed_logs(disk)->NewWritableFile(path, {}, &file, nullptr).ok());
  }
  IOStatus append(const std::string& data) { return file->Append(data, {}, nullptr); }
  std::string stored() const {
    std::ifstream from(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(from), {}};
  }
  std::uint64_t size() const { return file->GetFileSize({}, nullptr); }

  const testing::TempFolder folder;
  const std::shared_ptr<Disk> disk = std::make_shared<Disk>();
  const std::string path;
  std::unique_ptr<FSWritableFile> file;
};

BOOST_AUTO_TEST_SUITE(zeroed_logs)

BOOST_AUTO_TEST_CASE(behind_what_is_appended_there_are_zeros_until_the_log_is_closed) {
  World world;
  std::string all;
  int longer = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::size_t before = world.stored().size();
    const std::string data(1 + i % 300, static_cast<char>('a' + i % 26));
    BOOST_REQUIRE(world.append(data).ok());
    all += data;

    const std::string stored = world.stored();
    BOOST_REQUIRE(stored.starts_with(all));
    BOOST_REQUIRE(stored.find_first_not_of('\0', all.size()) == std::string::npos);
    BOOST_REQUIRE(stored.size() <= all.size() + kZeroedAhead);
    BOOST_REQUIRE(world.size() == all.size());
    if (stored.size() > before) ++longer;
  }
  // 150 kB: most of them did not make the file longer, which is the point.
  BOOST_TEST(longer <= 4);

  BOOST_REQUIRE(world.file->Close({}, nullptr).ok());
  BOOST_TEST(world.stored() == all);
}

BOOST_AUTO_TEST_CASE(while_appends_are_large_no_zeros_are_brought) {
  World world;
  const std::string large(4 * kLargeAppends, 'x');
  for (int i = 0; i < 20; ++i) BOOST_REQUIRE(world.append(large).ok());
  const int before = world.disk->writes();
  for (int i = 0; i < 20; ++i) BOOST_REQUIRE(world.append(large).ok());

  BOOST_TEST(world.disk->writes() == before + 20);
  BOOST_TEST(world.stored().size() == 40 * large.size());
}

BOOST_AUTO_TEST_CASE(an_append_that_fails_half_way_leaves_nothing) {
  for (const int nth : {1, 3, 5}) {
    World world;
    std::string all;
    world.disk->fail_write(nth, IOStatus::IOError("told to"));
    IOStatus status;
    while ((status = world.append("entry ")).ok()) all += "entry ";

    BOOST_TEST(status.IsIOError());
    const std::string stored = world.stored();
    BOOST_TEST(stored.starts_with(all));
    BOOST_TEST((stored.find_first_not_of('\0', all.size()) == std::string::npos));
  }
}

BOOST_AUTO_TEST_CASE(a_disk_without_room_for_zeros_may_have_room_for_records) {
  World world;
  world.disk->fail_write(2, IOStatus::NoSpace("told to"));  // The zeros behind the first.

  for (int i = 0; i < 3; ++i) BOOST_REQUIRE(world.append("entry ").ok());

  BOOST_TEST(world.stored() == "entry entry entry ");
}

BOOST_AUTO_TEST_CASE(other_files_are_left_as_they_are) {
  World world("000001.sst");

  BOOST_REQUIRE(world.append("table").ok());

  BOOST_TEST(world.stored() == "table");
  BOOST_TEST(world.disk->writes() == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::storage
