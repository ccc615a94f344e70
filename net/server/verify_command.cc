#include "net/server/verify_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <memory>
#include <utility>

#include "journal/verify/verify.h"
#include "storage/format_version.h"
#include "storage/rocks_store.h"

namespace holdfast::net {
namespace {

using journal::StoreReport;
using storage::RocksStore;

constexpr const char* kFiles = "files";
constexpr std::size_t kMemory = 64 << 20;

void note(StoreReport& report, std::string what, const std::string& folder, const Error& error,
          const char* advice) {
  ++report.checks.front().problems;
  ++report.problem_count;
  report.problems.push_back({kFiles, std::move(what), folder + ": " + error.message(), advice});
}

// Opens the store, also one whose write-ahead log is damaged; that is noted. Null: it does not
// open, which is noted too.
Result<std::unique_ptr<RocksStore>> open_store(const std::string& folder, StoreReport& report) {
  auto opened = RocksStore::open_to_read(folder, {kMemory, RocksStore::LogDamage::kRefused});
  if (opened || opened.error().code() != ErrorCode::kCorruption) return opened;
  auto again = RocksStore::open_to_read(folder, {kMemory, RocksStore::LogDamage::kEndsThere});
  if (again) {
    note(report, "the write-ahead log is damaged", folder, opened.error(),
         "no server starts on it, but with --accept-log-damage, which loses what was written from "
         "there on; check the disk, restore a backup (HF0003)");
    return again;
  }
  if (again.error().code() != ErrorCode::kCorruption) return again;
  note(report, "the store does not open", folder, again.error(),
       "no server starts on it; check the disk, restore a backup (HF0003)");
  return std::unique_ptr<RocksStore>();
}

}  // namespace

Result<StoreReport> verify_data_folder(const std::string& folder, const VerifyProgress& progress) {
  const auto data = storage::open_data_folder_to_read(folder);
  if (!data) {
    const bool in_use = data.error().code() == ErrorCode::kConflict;
    return Error(data.error().code(),
                 data.error().message() + (in_use ? "; stop it, or check a backup" : ""));
  }
  StoreReport report;
  report.checks.push_back({kFiles, true, 0, 0});
  if (progress) progress(kFiles, 0);
  const auto store = TRY(open_store(data->store_path(), report));
  if (store == nullptr) return report;
  if (const auto files = store->verify_files(); !files) {
    note(report, "a block of a file fails its checksum", data->store_path(), files.error(),
         "rows in it cannot be read; check the disk, restore a backup");
  }

  journal::VerifyOptions options;
  options.progress = progress;
  StoreReport rows = journal::verify_store(*store, options);
  report.rows = rows.rows;
  report.problem_count += rows.problem_count;
  std::move(rows.checks.begin(), rows.checks.end(), std::back_inserter(report.checks));
  std::move(rows.problems.begin(), rows.problems.end(), std::back_inserter(report.problems));
  return report;
}

std::string verify_text(const StoreReport& report) {
  std::string text;
  const auto print = [&](const char* title, const char* counted, bool tables) {
    text += fmt::format("{:<36}{:>14}{:>12}\n", title, counted, "problems");
    for (const StoreReport::Check& check : report.checks) {
      if (check.is_table != tables) continue;
      const bool is_files = check.name == kFiles;
      text +=
          fmt::format("  {:<34}{:>14}{:>12}\n", check.name,
                      is_files ? std::string("all") : std::to_string(check.rows), check.problems);
    }
    text += '\n';
  };
  print("table", "rows", true);
  print("relation", "looked at", false);
  for (const StoreReport::Problem& problem : report.problems) text += problem.text() + "\n";
  if (report.problem_count > report.problems.size()) {
    text += fmt::format("and {} more\n", report.problem_count - report.problems.size());
  }
  if (!report.problems.empty()) text += '\n';
  return text + fmt::format("{} rows checked, {} problem{}\n", report.rows, report.problem_count,
                            report.problem_count == 1 ? "" : "s");
}

std::string verify_json(const StoreReport& report) {
  boost::json::array checks;
  for (const StoreReport::Check& check : report.checks) {
    checks.push_back(boost::json::object{{"name", check.name},
                                         {"kind", check.is_table ? "table" : "relation"},
                                         {"rows", check.rows},
                                         {"problems", check.problems}});
  }
  boost::json::array problems;
  for (const StoreReport::Problem& problem : report.problems) {
    problems.push_back(boost::json::object{{"check", problem.check},
                                           {"what", problem.what},
                                           {"row", problem.row},
                                           {"advice", problem.advice}});
  }
  const boost::json::object all{{"rows", report.rows},
                                {"problem_count", report.problem_count},
                                {"checks", std::move(checks)},
                                {"problems", std::move(problems)}};
  return boost::json::serialize(all) + "\n";
}

}  // namespace holdfast::net
