#pragma once
// JSON, read and written a value at a time. serde.h maps types on it; a program needs this header
// only to give a type of its own a JSON form (Json<T> in serde.h).
//
// Reading checks everything: UTF-8, at most kJsonDepthMax nested arrays and objects, nothing after
// the value. What does not fit is a SerdeError that begins with the place: "$.items[2].cents:
// expected an integer, got a string". The parser is not in this header, to keep programs quick to
// compile.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <holdfast/error.h>

#include "storage/base/bytes.h"

namespace holdfast {

inline constexpr std::size_t kJsonDepthMax = 64;

// Where in a document: a chain of values on the stack, each naming the one that holds it.
class JsonPath {
 public:
  JsonPath() = default;  // The whole document, "$".
  JsonPath(const JsonPath& holder, std::string_view member) : holder_(&holder), member_(member) {}
  JsonPath(const JsonPath& holder, std::size_t index)
      : holder_(&holder), index_(index), is_index_(true) {}

  std::string text() const;
  // Throws SerdeError "<path>: <what>".
  [[noreturn]] void fail(const std::string& what) const;

 private:
  const JsonPath* holder_ = nullptr;
  std::string_view member_;
  std::size_t index_ = 0;
  bool is_index_ = false;
};

// One value of a document; as cheap as a pointer. Valid while its JsonDocument lives. The calls
// that take a path throw SerdeError when the value is of another kind or out of range.
class JsonValue {
 public:
  explicit JsonValue(const void* value) : value_(value) {}

  bool is_null() const;
  bool boolean(const JsonPath& path) const;
  std::int64_t integer(const JsonPath& path, std::int64_t min, std::int64_t max) const;
  std::uint64_t unsigned_integer(const JsonPath& path, std::uint64_t max) const;
  double number(const JsonPath& path) const;
  std::string_view string(const JsonPath& path) const;

  std::size_t array_size(const JsonPath& path) const;
  // REQUIRES: an array, index < array_size().
  JsonValue element(std::size_t index) const;

  std::size_t object_size(const JsonPath& path) const;
  // REQUIRES: an object, index < object_size().
  std::pair<std::string_view, JsonValue> member(std::size_t index) const;
  // REQUIRES: an object. None when it has no such member.
  std::optional<JsonValue> find(std::string_view name) const;

  // For messages: "null", "a number", "an object" ...
  const char* kind() const;

 private:
  const void* value_;
};

class JsonDocument {
 public:
  // Throws SerdeError when `text` is not one JSON value.
  explicit JsonDocument(BytesView text);
  ~JsonDocument();
  JsonDocument(const JsonDocument&) = delete;
  JsonDocument& operator=(const JsonDocument&) = delete;

  JsonValue root() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Writes without spaces, and sets the commas itself. Throws SerdeError for what JSON cannot say:
// text that is not UTF-8, numbers that are not finite, values nested too deep.
class JsonWriter {
 public:
  void null();
  void boolean(bool value);
  void integer(std::int64_t value);
  void unsigned_integer(std::uint64_t value);
  void number(double value);
  void number(float value);
  void string(std::string_view value);

  void begin_array();
  void end_array();
  void begin_object();
  void key(std::string_view name);
  void end_object();

  Bytes take() && { return std::move(text_); }

 private:
  void begin_value();
  void open(char bracket);
  void close(char bracket);
  void quote(std::string_view value);
  template <class Number>
  void append_number(Number value);

  Bytes text_;
  std::size_t depth_ = 0;
  bool needs_comma_ = false;
};

}  // namespace holdfast
