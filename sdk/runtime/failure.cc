#include "sdk/runtime/failure.h"

#include <algorithm>
#include <utility>

#include "net/protocol/restate/utf8.h"
#include "sdk/include/holdfast/runtime/step.h"

namespace holdfast::runtime {

namespace {

constexpr std::uint16_t kConflict = 409;
constexpr std::size_t kMessageBytesMax = 64u << 10;

// Cancelled and killed share their code with other conflicts; the message tells them apart.
bool tells_of_cancellation(const Failed& failed) {
  if (failed.code != kConflict) return false;
  return failed.message == "Cancelled" || failed.message == "cancelled" ||
         failed.message == "canceled" || failed.message == "killed";
}

}  // namespace

void throw_failed(const Failed& failed) {
  if (tells_of_cancellation(failed)) throw CancelledError(failed.message, failed.metadata);
  throw TerminalError(failed.message, failed.code, failed.metadata);
}

StepFailed current_step_failure() noexcept {
  try {
    throw;
  } catch (const TerminalError& error) {
    return {to_failed(error), true};
  } catch (const RetryableError& error) {
    return {Failed{500, error.message(), {}}, false, error.retry_after()};
  } catch (const std::exception& error) {
    return {Failed{500, error.what(), {}}, false};
  } catch (...) {
    return {Failed{500, "an exception that is not a std::exception", {}}, false};
  }
}

Failed to_failed(protocol::Failure failure) {
  return {failure.code, std::move(failure.message), std::move(failure.metadata)};
}

Failed to_failed(const TerminalError& error) {
  return {error.code(), error.message(), error.metadata()};
}

std::string readable(std::string text) {
  text.resize(std::min(text.size(), kMessageBytesMax));
  for (std::size_t good = 0; good < text.size();) {
    good += protocol::restate::utf8_prefix(BytesView(text).substr(good));
    if (good < text.size()) text[good++] = '?';
  }
  return text;
}

protocol::Failure to_failure(Failed failed) {
  for (auto& [key, value] : failed.metadata) {
    key = readable(std::move(key));
    value = readable(std::move(value));
  }
  return {failed.code, readable(std::move(failed.message)), std::move(failed.metadata)};
}

protocol::Outcome to_outcome(Resolution resolution) {
  if (Failed* failed = std::get_if<Failed>(&resolution)) return to_failure(std::move(*failed));
  return std::get<Bytes>(std::move(resolution));
}

}  // namespace holdfast::runtime
