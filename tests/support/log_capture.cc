#include "tests/support/log_capture.h"

#include <mutex>
#include <utility>

#include "storage/base/check.h"
#include "storage/base/log.h"

namespace holdfast::testing {
namespace {

struct Lines {
  std::mutex mutex;
  // Guarded by mutex.
  bool capturing = false;
  std::vector<std::string> captured;
  std::vector<std::string> unannounced;
};

Lines& all() {
  static Lines* const instance = new Lines;
  return *instance;
}

void take(const LogLine& line) {
  std::string text;
  text.append(line.logger).append(": ").append(line.event).append(" ").append(line.fields);
  const std::lock_guard lock(all().mutex);
  if (all().capturing) {
    all().captured.push_back(std::move(text));
  } else if (line.level >= LogLevel::kError) {
    all().unannounced.push_back(std::move(text));
  }
}

}  // namespace

LogCapture::LogCapture() {
  watch_log();
  const std::lock_guard lock(all().mutex);
  CHECK(!all().capturing, "one LogCapture at a time");
  all().capturing = true;
  all().captured.clear();
}

LogCapture::~LogCapture() {
  const std::lock_guard lock(all().mutex);
  all().capturing = false;
}

std::vector<std::string> LogCapture::lines() const {
  const std::lock_guard lock(all().mutex);
  return all().captured;
}

bool LogCapture::contains(std::string_view text) const {
  for (const std::string& line : lines()) {
    if (line.find(text) != std::string::npos) return true;
  }
  return false;
}

void watch_log() { set_log_sink(take); }

std::vector<std::string> take_unannounced_errors() {
  const std::lock_guard lock(all().mutex);
  return std::exchange(all().unannounced, {});
}

}  // namespace holdfast::testing
