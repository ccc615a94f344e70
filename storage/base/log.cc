#include "storage/base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <mutex>

namespace holdfast {
namespace {

struct Sink {
  std::mutex mutex;
  std::function<void(const LogLine&)> replacement;  // Guarded by mutex.
};

Sink& sink() {
  // Never destroyed: threads may log while the process ends.
  static Sink* const instance = new Sink;
  return *instance;
}

spdlog::logger& stderr_logger() {
  static spdlog::logger* const instance = [] {
    auto* logger =
        new spdlog::logger("holdfast", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    logger->set_level(spdlog::level::trace);
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
    return logger;
  }();
  return *instance;
}

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarn:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
    case LogLevel::kOff:
      break;
  }
  return spdlog::level::off;
}

void append_escaped(std::string& to, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      fmt::format_to(std::back_inserter(to), "\\x{:02x}", byte);
    } else {
      to.push_back(c);
    }
  }
}

}  // namespace

namespace detail {

std::atomic<LogLevel> log_level = LogLevel::kInfo;

void write_log(const LogLine& line) {
  {
    const std::lock_guard lock(sink().mutex);
    if (sink().replacement) {
      sink().replacement(line);
      return;
    }
  }
  std::string text;
  text.reserve(line.logger.size() + line.event.size() + line.fields.size() + 4);
  text.append(line.logger).append(": ");
  append_escaped(text, line.event);
  if (!line.fields.empty()) text.push_back(' ');
  append_escaped(text, line.fields);
  stderr_logger().log(to_spdlog(line.level), spdlog::string_view_t(text));
}

}  // namespace detail

void set_log_level(LogLevel level) { detail::log_level.store(level, std::memory_order_relaxed); }

void set_log_sink(std::function<void(const LogLine&)> replacement) {
  const std::lock_guard lock(sink().mutex);
  sink().replacement = std::move(replacement);
}

}  // namespace holdfast
