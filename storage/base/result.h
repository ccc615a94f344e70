#pragma once
// Result<T>: a value or an Error. Names follow std::expected, so that one day it is an alias;
// unlike other stand-ins it is [[nodiscard]], because an unread error is the one mistake we will
// not make.

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "storage/base/check.h"

namespace holdfast {

// What the caller can do about it. A code is added only when some caller would act on it.
enum class ErrorCode {
  kInvalidArgument,  // The request is wrong; sending it again will not help.
  kNotFound,         // There is no such thing (any more).
  kConflict,         // It contradicts what is already there.
  kUnavailable,      // Not now; the same request may succeed later.
  kCorruption,       // Stored bytes cannot be understood; an operator must look.
  kShuttingDown,     // The process is going away.
  kTooLarge,         // Over a configured limit.
};

class [[nodiscard]] Error {
 public:
  Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

  ErrorCode code() const { return code_; }
  const std::string& message() const { return message_; }

 private:
  ErrorCode code_;
  std::string message_;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit
  Result(Error error) : content_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit

  bool has_value() const { return content_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return checked(); }
  const T& value() const& { return const_cast<Result*>(this)->checked(); }
  T value() && { return std::move(checked()); }
  T& operator*() & { return checked(); }
  const T& operator*() const& { return const_cast<Result*>(this)->checked(); }
  T operator*() && { return std::move(checked()); }
  T* operator->() { return &checked(); }
  const T* operator->() const { return &const_cast<Result*>(this)->checked(); }

  const Error& error() const& {
    CHECK(!has_value(), "error() of a Result that holds a value");
    return *std::get_if<1>(&content_);
  }
  Error&& error() && {
    CHECK(!has_value(), "error() of a Result that holds a value");
    return std::move(*std::get_if<1>(&content_));
  }

 private:
  T& checked() {
    CHECK(has_value(), "value of a Result that holds an error");
    return *std::get_if<0>(&content_);
  }

  std::variant<T, Error> content_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit

  bool has_value() const { return !error_.has_value(); }
  explicit operator bool() const { return has_value(); }
  const Error& error() const& {
    CHECK(error_.has_value(), "error() of a Result that holds a value");
    return *error_;
  }
  Error&& error() && {
    CHECK(error_.has_value(), "error() of a Result that holds a value");
    return std::move(*error_);
  }

 private:
  std::optional<Error> error_;
};

namespace detail {
template <class T>
T take(Result<T>&& result) {
  return std::move(result).value();
}
inline void take(Result<void>&&) {}
}  // namespace detail

}  // namespace holdfast

// The value of a Result, or a return of its error from the enclosing function.
#define TRY(expression)                                       \
  ({                                                          \
    auto holdfast_try_result = (expression);                  \
    if (!holdfast_try_result.has_value()) [[unlikely]]        \
      return std::move(holdfast_try_result).error();          \
    ::holdfast::detail::take(std::move(holdfast_try_result)); \
  })
