#pragma once
// The command `holdfast verify`: checks the store of a data folder that no server has open, and
// prints what it found. Nothing in the folder is changed.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "journal/verify/store_report.h"
#include "storage/base/result.h"

namespace holdfast::net {

// Called now and then with what is being read, and how many rows of it have been.
using VerifyProgress = std::function<void(std::string_view what, std::uint64_t rows)>;

// Files, rows, and rows with each other. An error: it could not begin, as the folder is in use, is
// none, is of a newer release, or may not be read. Damage is in the report.
Result<journal::StoreReport> verify_data_folder(const std::string& folder,
                                                const VerifyProgress& progress);

// For people: what was looked at, then each problem in a line, then the sum.
std::string verify_text(const journal::StoreReport& report);
std::string verify_json(const journal::StoreReport& report);

}  // namespace holdfast::net
