#include "sdk/runtime/failure.h"

#include <utility>

#include "sdk/include/holdfast/runtime/step.h"

namespace holdfast::runtime {

namespace {

constexpr std::uint16_t kConflict = 409;

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

protocol::Failure to_failure(Failed failed) {
  return {failed.code, std::move(failed.message), std::move(failed.metadata)};
}

protocol::Outcome to_outcome(Resolution resolution) {
  if (Failed* failed = std::get_if<Failed>(&resolution)) return to_failure(std::move(*failed));
  return std::get<Bytes>(std::move(resolution));
}

}  // namespace holdfast::runtime
