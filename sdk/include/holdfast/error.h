#pragma once
// Errors: how a handler says that it failed for good, and what it may catch.
//
// A TerminalError ends what it leaves: thrown out of a step it becomes the step's recorded outcome,
// thrown out of a handler it becomes the invocation's result. It is never retried. Every other
// exception means "try again": the step or the attempt is repeated by its retry policy, and nothing
// is recorded. A RetryableError says itself when.

#include <chrono>
#include <cstdint>
#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace holdfast {

using ErrorMetadata = std::vector<std::pair<std::string, std::string>>;

// Failed for good. The code is what an HTTP caller gets as status when it is one (400 to 599).
class TerminalError : public std::exception {
 public:
  explicit TerminalError(std::string message, std::uint16_t code = 500, ErrorMetadata metadata = {})
      : message_(std::move(message)), code_(code), metadata_(std::move(metadata)) {}

  const char* what() const noexcept override { return message_.c_str(); }
  const std::string& message() const { return message_; }
  std::uint16_t code() const { return code_; }
  const ErrorMetadata& metadata() const { return metadata_; }

 private:
  std::string message_;
  std::uint16_t code_;
  ErrorMetadata metadata_;
};

// Somebody cancelled this invocation, or the one it waited for. Steps that compensate may still
// run.
class CancelledError : public TerminalError {
 public:
  explicit CancelledError(std::string message = "Cancelled", ErrorMetadata metadata = {})
      : TerminalError(std::move(message), 409, std::move(metadata)) {}
};

// A with_timeout() ran out of time.
class TimeoutError : public TerminalError {
 public:
  explicit TimeoutError(std::string message = "Timed out", ErrorMetadata metadata = {})
      : TerminalError(std::move(message), 408, std::move(metadata)) {}
};

// Failed for now, and known when it is worth another try: the next attempt begins after that time,
// not when the retry policy says. Thrown out of a handler it is never the last attempt; thrown out
// of a step with RunOptions it is when these say so.
class RetryableError : public std::exception {
 public:
  RetryableError(std::string message, std::chrono::milliseconds retry_after)
      : message_(std::move(message)), retry_after_(retry_after) {}

  const char* what() const noexcept override { return message_.c_str(); }
  const std::string& message() const { return message_; }
  std::chrono::milliseconds retry_after() const { return retry_after_; }

 private:
  std::string message_;
  std::chrono::milliseconds retry_after_;
};

// Bytes that are not the value the code expects. Not terminal: code that is put right can still
// read them. The exception is a handler's input, where the caller is told 400.
class SerdeError : public std::exception {
 public:
  explicit SerdeError(std::string message) : message_(std::move(message)) {}

  const char* what() const noexcept override { return message_.c_str(); }
  const std::string& message() const { return message_; }

 private:
  std::string message_;
};

}  // namespace holdfast
