#pragma once
// LogCapture: what the code under test wrote to the log. While one lives, error lines are
// announced; without one, an error line fails the test case (see main.cc). One at a time.

#include <string>
#include <string_view>
#include <vector>

namespace holdfast::testing {

class LogCapture {
 public:
  LogCapture();
  ~LogCapture();
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;

  // "logger: event fields", oldest first. Any thread may be logging.
  std::vector<std::string> lines() const;
  bool contains(std::string_view text) const;
};

// For main.cc: from now on, log lines come here.
void watch_log();
std::vector<std::string> take_unannounced_errors();

}  // namespace holdfast::testing
