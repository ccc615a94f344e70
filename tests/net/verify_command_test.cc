// What `holdfast verify` says about data folders: whole ones, damaged ones, and those that are
// none. The rows are those of a busy store; what is said about rows is tests/actors/verify_test.cc.

#include "net/server/verify_command.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>

#include "storage/format_version.h"
#include "storage/rocks_store.h"
#include "tests/support/busy_store.h"
#include "tests/support/temp_folder.h"

namespace holdfast::testing {
namespace {

namespace fs = std::filesystem;
using journal::StoreReport;

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_file(const fs::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

enum class Where { kLog, kTables };

// A data folder that a server has left, its rows in the write-ahead log or in the tables.
class Folder {
 public:
  explicit Folder(Where where) {
    const auto data = storage::open_data_folder(path());
    BOOST_REQUIRE(data.has_value());
    const auto store = storage::RocksStore::open(data->store_path(), {});
    BOOST_REQUIRE(store.has_value());
    fill(**store, busy_store().rows);
    if (where == Where::kTables) BOOST_REQUIRE((*store)->compact().has_value());
  }

  std::string path() const { return folder_.path() + "/data"; }
  // The largest file in the store whose name ends so.
  fs::path file(const std::string& ending) const {
    fs::path largest;
    for (const auto& one : fs::directory_iterator(path() + "/store")) {
      const bool fits = one.path().filename().string().ends_with(ending);
      if (fits && (largest.empty() || one.file_size() > fs::file_size(largest))) {
        largest = one.path();
      }
    }
    BOOST_REQUIRE(!largest.empty());
    return largest;
  }
  void flip(const std::string& ending, double at) const {
    const fs::path path = file(ending);
    std::string content = read_file(path);
    const auto position = static_cast<std::size_t>(static_cast<double>(content.size()) * at);
    content[position] = static_cast<char>(content[position] ^ 0x40);
    write_file(path, content);
  }
  void cut(const std::string& ending, std::size_t bytes) const {
    const fs::path path = file(ending);
    fs::resize_file(path, fs::file_size(path) - bytes);
  }
  // Names, contents and times of all that is in it.
  std::map<std::string, std::pair<std::string, fs::file_time_type>> content() const {
    std::map<std::string, std::pair<std::string, fs::file_time_type>> all;
    for (const auto& one : fs::recursive_directory_iterator(path())) {
      const auto written = fs::last_write_time(one.path());
      all[one.path()] = {one.is_regular_file() ? read_file(one.path()) : "", written};
    }
    return all;
  }

  Result<StoreReport> verify() const { return net::verify_data_folder(path(), {}); }
  // What it says about damage.
  std::string problems() const {
    const auto report = verify();
    BOOST_REQUIRE_MESSAGE(report.has_value(), (report ? "" : report.error().message()));
    std::string text;
    for (const auto& problem : report->problems) text += problem.text() + "\n";
    return text;
  }

 private:
  TempFolder folder_;
};

bool holds(const std::string& text, const std::string& what) {
  const bool found = text.find(what) != std::string::npos;
  if (!found) BOOST_TEST_MESSAGE("does not hold '" << what << "': " << text);
  return found;
}

std::string refusal(const std::string& folder) {
  const auto report = net::verify_data_folder(folder, {});
  BOOST_REQUIRE(!report.has_value());
  return report.error().message();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(verify_command)

BOOST_AUTO_TEST_CASE(a_whole_folder_is_clean_and_stays_as_it_is) {
  for (const Where where : {Where::kLog, Where::kTables}) {
    const Folder folder(where);
    const auto before = folder.content();

    const auto report = folder.verify();

    BOOST_REQUIRE(report.has_value());
    BOOST_TEST(report->is_clean(), net::verify_text(*report));
    BOOST_TEST(report->rows == busy_store().rows.size());
    BOOST_TEST((folder.content() == before));
  }
}

BOOST_AUTO_TEST_CASE(a_folder_that_a_server_has_open_is_refused_and_one_that_is_verified_too) {
  const Folder folder(Where::kLog);
  {
    const auto server = storage::open_data_folder(folder.path());
    BOOST_TEST(holds(refusal(folder.path()), "is in use by another server (pid "));
    BOOST_TEST(holds(refusal(folder.path()), "stop it, or check a backup"));
  }
  const auto reader = storage::open_data_folder_to_read(folder.path());
  BOOST_REQUIRE(reader.has_value());

  const auto server = storage::open_data_folder(folder.path());

  BOOST_REQUIRE(!server.has_value());
  BOOST_TEST((server.error().code() == ErrorCode::kConflict));
  BOOST_TEST(folder.verify().has_value());
}

BOOST_AUTO_TEST_CASE(what_is_no_data_folder_of_this_release_is_refused) {
  const TempFolder empty;
  const Folder newer(Where::kLog), garbage(Where::kLog), storeless(Where::kLog);
  write_file(newer.path() + "/FORMAT", "holdfast data 5\n");
  write_file(garbage.path() + "/FORMAT", "what");
  fs::remove_all(storeless.path() + "/store");

  BOOST_TEST(holds(refusal(empty.path() + "/none"), "there is no data folder"));
  BOOST_TEST(holds(refusal(empty.path()), "is no data folder: it has no FORMAT"));
  BOOST_TEST(
      holds(refusal(newer.path()), "has format 5, this release reads up to 4; start the newer"));
  BOOST_TEST(holds(refusal(garbage.path()), "FORMAT is damaged"));
  BOOST_TEST(holds(refusal(storeless.path()), "has no store"));
  BOOST_TEST(fs::is_empty(empty.path()));
}

BOOST_AUTO_TEST_CASE(a_backup_without_its_lock_is_read) {
  const Folder folder(Where::kTables);
  fs::remove(folder.path() + "/LOCK");

  BOOST_TEST(folder.problems() == "");

  BOOST_TEST(!fs::exists(folder.path() + "/LOCK"));
}

BOOST_AUTO_TEST_CASE(inv_11_damaged_files_are_problems) {
  const Folder block(Where::kTables), footer(Where::kTables), gone(Where::kTables);
  const Folder manifest(Where::kTables), current(Where::kTables);
  block.flip(".sst", 0.2);
  footer.cut(".sst", 30);
  fs::remove(gone.file(".sst"));
  fs::resize_file(
      manifest.path() + "/store/" +
          [&] {
            std::string name = read_file(manifest.path() + "/store/CURRENT");
            name.pop_back();
            return name;
          }(),
      10);
  fs::remove(current.path() + "/store/CURRENT");

  BOOST_TEST(holds(block.problems(), "a block of a file fails its checksum"));
  BOOST_TEST(holds(block.problems(), "the table cannot be read to its end"));
  for (const Folder* one : {&footer, &gone, &manifest, &current}) {
    BOOST_TEST(holds(one->problems(), "the store does not open"));
  }
}

BOOST_AUTO_TEST_CASE(a_damaged_write_ahead_log_is_a_problem_and_a_torn_end_is_none) {
  const Folder damaged(Where::kLog), torn(Where::kLog);
  {
    // A second record, so that the damage is not in the last one.
    const auto store = storage::RocksStore::open(damaged.path() + "/store", {});
    BOOST_REQUIRE(store.has_value());
    fill(**store, busy_store().rows);
    fill(**store, busy_store().rows);
  }
  damaged.flip(".log", 0.1);
  torn.cut(".log", 5);

  BOOST_TEST(holds(damaged.problems(), "the write-ahead log is damaged"));
  BOOST_TEST(!holds(torn.problems(), "the write-ahead log is damaged"));
}

BOOST_AUTO_TEST_CASE(people_and_machines_are_told_the_same) {
  const Folder folder(Where::kLog);
  {
    const auto store = storage::RocksStore::open(folder.path() + "/store", {});
    BOOST_REQUIRE(store.has_value());
    std::map<Bytes, Bytes> rows;
    for (int i = 0; i < 130; ++i) rows["zebra" + std::to_string(i)] = "";
    fill(**store, rows);
  }
  const auto report = folder.verify();
  BOOST_REQUIRE(report.has_value());

  const std::string text = net::verify_text(*report);
  const auto json = boost::json::parse(net::verify_json(*report)).as_object();

  const auto rows = std::to_string(busy_store().rows.size() + 130);
  BOOST_TEST(text.ends_with("\nand 30 more\n\n" + rows + " rows checked, 130 problems\n"));
  BOOST_TEST(std::count(text.begin(), text.end(), '\n') < 140);
  BOOST_TEST(holds(text, "a row of no table: key zebra0: "));
  BOOST_TEST(json.at("problem_count").as_int64() == 130);
  BOOST_TEST(json.at("problems").as_array().size() == 100u);
  BOOST_TEST(json.at("checks").as_array().size() == report->checks.size());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::testing
