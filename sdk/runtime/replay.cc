#include "sdk/runtime/replay.h"

#include <utility>

#include "sdk/runtime/command_check.h"

namespace holdfast::runtime {

void Replay::add(protocol::Command command, std::size_t entry) {
  recorded_.push_back({std::move(command), entry});
}

std::optional<std::string> Replay::match(const protocol::Command& issued) {
  if (const std::optional<std::string> difference = command_difference(next(), issued)) {
    return mismatch(*difference);
  }
  pass();
  return std::nullopt;
}

std::string Replay::mismatch(const std::string& what) const {
  return "journal mismatch at entry " + std::to_string(recorded_[next_].entry) + ": " + what;
}

std::string Replay::mismatch_instead(const std::string& what) const {
  return mismatch("recorded " + command_text(recorded_[next_].command) + ", but the handler now " +
                  what);
}

}  // namespace holdfast::runtime
