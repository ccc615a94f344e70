#pragma once
// Log lines for the people who run the service: a level, the folder, an event, then fields.
//
//   const Logger log("actors");
//   log.warn("attempt failed", "invocation={} attempt={} retry_in_ms={}", id, attempt, delay);
//
// info: a person running the service wants it. debug: one line per invocation at most. error:
// somebody must act; a test that did not announce an error line fails on it.
//
// Lines go to stderr. Control characters are escaped, so that a field that came from a client stays
// in its line. Level and sink belong to the process; they are the one thing here that is global,
// because a line must be possible everywhere. Any thread may log.

#include <fmt/format.h>

#include <atomic>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace holdfast {

enum class LogLevel { kDebug, kInfo, kWarn, kError, kOff };

struct LogLine {
  LogLevel level;
  std::string_view logger;
  std::string_view event;
  std::string_view fields;
};

// Lines below `level` are not written. The default is kInfo.
void set_log_level(LogLevel level);

// Hands every line that the level lets through to `sink` instead of stderr; an empty function
// restores stderr. The sink is called by one thread at a time and must not log.
void set_log_sink(std::function<void(const LogLine&)> sink);

namespace detail {
extern std::atomic<LogLevel> log_level;
void write_log(const LogLine& line);
}  // namespace detail

// One per folder, named like the folder; `name` is a literal.
class Logger {
 public:
  constexpr explicit Logger(const char* name) : name_(name) {}

  bool enabled(LogLevel level) const {
    return level >= detail::log_level.load(std::memory_order_relaxed);
  }

  template <class... Args>
  void debug(std::string_view event, fmt::format_string<Args...> fields, Args&&... args) const {
    write(LogLevel::kDebug, event, fields, std::forward<Args>(args)...);
  }
  template <class... Args>
  void info(std::string_view event, fmt::format_string<Args...> fields, Args&&... args) const {
    write(LogLevel::kInfo, event, fields, std::forward<Args>(args)...);
  }
  template <class... Args>
  void warn(std::string_view event, fmt::format_string<Args...> fields, Args&&... args) const {
    write(LogLevel::kWarn, event, fields, std::forward<Args>(args)...);
  }
  template <class... Args>
  void error(std::string_view event, fmt::format_string<Args...> fields, Args&&... args) const {
    write(LogLevel::kError, event, fields, std::forward<Args>(args)...);
  }

  void debug(std::string_view event) const { write(LogLevel::kDebug, event, ""); }
  void info(std::string_view event) const { write(LogLevel::kInfo, event, ""); }
  void warn(std::string_view event) const { write(LogLevel::kWarn, event, ""); }
  void error(std::string_view event) const { write(LogLevel::kError, event, ""); }

 private:
  template <class... Args>
  void write(LogLevel level, std::string_view event, fmt::format_string<Args...> fields,
             Args&&... args) const {
    if (!enabled(level)) return;
    const std::string text = fmt::format(fields, std::forward<Args>(args)...);
    detail::write_log({level, name_, event, text});
  }

  const char* name_;
};

}  // namespace holdfast
