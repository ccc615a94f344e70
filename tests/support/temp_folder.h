#pragma once
// TempFolder: an empty folder that goes away with the object.

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "storage/base/check.h"

namespace holdfast::testing {

class TempFolder {
 public:
  TempFolder() {
    path_ = (std::filesystem::temp_directory_path() / "holdfast-test-XXXXXX").string();
    CHECK(mkdtemp(path_.data()) != nullptr, "a temporary folder can be made");
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace holdfast::testing
