#include "storage/format_version.h"

#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/support/temp_folder.h"

namespace holdfast::storage {
namespace {

void write_file(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool names(const Error& error, const std::string& text) {
  return error.message().find(text) != std::string::npos;
}

BOOST_AUTO_TEST_SUITE(format_version)

BOOST_AUTO_TEST_CASE(a_new_folder_is_made_and_stamped_and_opens_again) {
  testing::TempFolder temp;
  const std::string path = temp.path() + "/a/b/data";

  BOOST_REQUIRE(open_data_folder(path).has_value());

  BOOST_TEST(read_file(path + "/FORMAT") == "holdfast data 4\n");
  BOOST_TEST(!std::filesystem::exists(path + "/FORMAT.tmp"));
  BOOST_TEST(open_data_folder(path).has_value());
}

BOOST_AUTO_TEST_CASE(a_second_server_is_refused_and_told_who_has_the_folder) {
  testing::TempFolder temp;
  const auto first = open_data_folder(temp.path());
  BOOST_REQUIRE(first.has_value());

  const auto second = open_data_folder(temp.path());

  BOOST_REQUIRE(!second.has_value());
  BOOST_TEST((second.error().code() == ErrorCode::kConflict));
  BOOST_TEST(names(second.error(), temp.path()));
  BOOST_TEST(names(second.error(), std::to_string(getpid())));
}

BOOST_AUTO_TEST_CASE(readers_share_a_folder_and_keep_servers_out) {
  testing::TempFolder temp;
  std::filesystem::create_directory(temp.path() + "/store");
  BOOST_TEST(!open_data_folder_to_read(temp.path()).has_value());  // Not stamped.
  std::filesystem::remove(temp.path() + "/store");
  BOOST_REQUIRE(open_data_folder(temp.path()).has_value());
  BOOST_TEST(!open_data_folder_to_read(temp.path()).has_value());  // No store.
  std::filesystem::create_directory(temp.path() + "/store");
  {
    const auto first = open_data_folder_to_read(temp.path());
    BOOST_REQUIRE(first.has_value());
    BOOST_TEST(first->path() == temp.path());
    BOOST_TEST(open_data_folder_to_read(temp.path()).has_value());
    BOOST_TEST((open_data_folder(temp.path()).error().code() == ErrorCode::kConflict));
  }

  const auto server = open_data_folder(temp.path());

  BOOST_REQUIRE(server.has_value());
  BOOST_TEST((open_data_folder_to_read(temp.path()).error().code() == ErrorCode::kConflict));
}

BOOST_AUTO_TEST_CASE(inv_10_a_newer_format_is_refused) {
  testing::TempFolder temp;
  write_file(temp.path() + "/FORMAT", "holdfast data 5\n");

  const auto folder = open_data_folder(temp.path());

  BOOST_REQUIRE(!folder.has_value());
  BOOST_TEST((folder.error().code() == ErrorCode::kInvalidArgument));
  BOOST_TEST(names(folder.error(), "newer release"));
}

// Who only reads leaves the folder to the release that wrote it.
BOOST_AUTO_TEST_CASE(inv_10_an_older_format_opens_and_is_ours_from_then_on) {
  for (const std::string older : {"holdfast data 1\n", "holdfast data 2\n", "holdfast data 3\n"}) {
    testing::TempFolder temp;
    write_file(temp.path() + "/FORMAT", older);
    std::filesystem::create_directory(temp.path() + "/store");

    BOOST_TEST(open_data_folder_to_read(temp.path()).has_value());
    BOOST_TEST(read_file(temp.path() + "/FORMAT") == older);

    auto folder = open_data_folder(temp.path());
    BOOST_REQUIRE(folder.has_value());
    BOOST_TEST(read_file(temp.path() + "/FORMAT") == older, "its store may not open yet");
    BOOST_TEST(folder->adopt().has_value());
    BOOST_TEST(read_file(temp.path() + "/FORMAT") == "holdfast data 4\n");
  }
}

BOOST_AUTO_TEST_CASE(a_stamp_that_cannot_be_read_is_not_called_damaged) {
  testing::TempFolder folder;
  std::filesystem::create_directory(folder.path() + "/FORMAT");

  const auto opened = open_data_folder(folder.path());

  BOOST_REQUIRE(!opened.has_value());
  BOOST_TEST((opened.error().code() == ErrorCode::kUnavailable));
  BOOST_TEST(opened.error().message().find("cannot read its FORMAT") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(inv_11_a_damaged_stamp_is_refused) {
  for (const char* stamp :
       {"", "garbage", "holdfast data \n", "holdfast data 0\n", "holdfast data -1\n",
        "holdfast data 1", "holdfast data 1\n\n", "holdfast data 99999999999999999999\n",
        "holdfast data 1\nholdfast data 1\nholdfast data 1\nholdfast data 1\n"}) {
    testing::TempFolder temp;
    write_file(temp.path() + "/FORMAT", stamp);

    const auto folder = open_data_folder(temp.path());

    BOOST_REQUIRE(!folder.has_value());
    BOOST_TEST((folder.error().code() == ErrorCode::kCorruption));
  }
}

BOOST_AUTO_TEST_CASE(a_folder_with_other_things_in_it_is_left_alone) {
  testing::TempFolder temp;
  write_file(temp.path() + "/thesis.txt", "mine");

  const auto folder = open_data_folder(temp.path());

  BOOST_REQUIRE(!folder.has_value());
  BOOST_TEST((folder.error().code() == ErrorCode::kInvalidArgument));
  BOOST_TEST(names(folder.error(), "thesis.txt"));
  BOOST_TEST(!std::filesystem::exists(temp.path() + "/FORMAT"));
}

BOOST_AUTO_TEST_CASE(a_path_that_is_a_file_is_refused) {
  testing::TempFolder temp;
  write_file(temp.path() + "/file", "text");

  const auto folder = open_data_folder(temp.path() + "/file");

  BOOST_REQUIRE(!folder.has_value());
  BOOST_TEST((folder.error().code() == ErrorCode::kUnavailable));
}

BOOST_AUTO_TEST_CASE(a_stamp_that_was_being_written_at_a_crash_is_written_again) {
  testing::TempFolder temp;
  write_file(temp.path() + "/FORMAT.tmp", "holdf");

  BOOST_REQUIRE(open_data_folder(temp.path()).has_value());

  BOOST_TEST(read_file(temp.path() + "/FORMAT") == "holdfast data 4\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::storage
