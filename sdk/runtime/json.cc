#include "sdk/include/holdfast/json.h"

#include <array>
#include <charconv>
#include <cmath>

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parser.hpp>
#include <boost/json/value.hpp>

namespace holdfast {

namespace json = boost::json;

namespace {

// Integers up to here are exact in a double, so that 5.0 or 1e3 may stand for an integer.
constexpr double kExactDoubleMax = 9'007'199'254'740'992;

const json::value& at(const void* value) { return *static_cast<const json::value*>(value); }

bool is_whole(const json::value& value) {
  const double* number = value.if_double();
  return number != nullptr && std::trunc(*number) == *number &&
         std::abs(*number) <= kExactDoubleMax;
}

[[noreturn]] void wrong_kind(const JsonPath& path, const char* expected, const char* got) {
  path.fail(std::string("expected ") + expected + ", got " + got);
}

[[noreturn]] void out_of_range(const JsonPath& path, const std::string& min,
                               const std::string& max) {
  path.fail("the integer is not between " + min + " and " + max);
}

// The length of the UTF-8 sequence `text` begins with; 0 when it is none.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  std::size_t length = 0;
  unsigned char second_min = 0x80, second_max = 0xBF;
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    if (first == 0xE0) second_min = 0xA0;  // Shorter forms exist.
    if (first == 0xED) second_max = 0x9F;  // Surrogates.
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    if (first == 0xF0) second_min = 0x90;
    if (first == 0xF4) second_max = 0x8F;  // Beyond the last code point.
  } else {
    return 0;
  }
  if (text.size() < length || byte(1) < second_min || byte(1) > second_max) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
  }
  return length;
}

}  // namespace

std::string JsonPath::text() const {
  if (holder_ == nullptr) return "$";
  if (is_index_) return holder_->text() + "[" + std::to_string(index_) + "]";
  return holder_->text() + "." + std::string(member_);
}

void JsonPath::fail(const std::string& what) const { throw SerdeError(text() + ": " + what); }

const char* JsonValue::kind() const {
  switch (at(value_).kind()) {
    case json::kind::null:
      return "null";
    case json::kind::bool_:
      return "a boolean";
    case json::kind::int64:
    case json::kind::uint64:
      return "an integer";
    case json::kind::double_:
      return "a number";
    case json::kind::string:
      return "a string";
    case json::kind::array:
      return "an array";
    case json::kind::object:
      return "an object";
  }
  return "something else";
}

bool JsonValue::is_null() const { return at(value_).is_null(); }

bool JsonValue::boolean(const JsonPath& path) const {
  const bool* value = at(value_).if_bool();
  if (value == nullptr) wrong_kind(path, "a boolean", kind());
  return *value;
}

std::int64_t JsonValue::integer(const JsonPath& path, std::int64_t min, std::int64_t max) const {
  const json::value& value = at(value_);
  std::int64_t result = 0;
  if (const std::int64_t* integer = value.if_int64()) {
    result = *integer;
  } else if (value.is_uint64()) {
    out_of_range(path, std::to_string(min), std::to_string(max));
  } else if (is_whole(value)) {
    result = static_cast<std::int64_t>(value.get_double());
  } else {
    wrong_kind(path, "an integer", kind());
  }
  if (result < min || result > max) out_of_range(path, std::to_string(min), std::to_string(max));
  return result;
}

std::uint64_t JsonValue::unsigned_integer(const JsonPath& path, std::uint64_t max) const {
  const json::value& value = at(value_);
  std::uint64_t result = 0;
  bool is_negative = false;
  if (const std::uint64_t* integer = value.if_uint64()) {
    result = *integer;
  } else if (const std::int64_t* integer = value.if_int64()) {
    is_negative = *integer < 0;
    result = static_cast<std::uint64_t>(*integer);
  } else if (is_whole(value)) {
    is_negative = value.get_double() < 0;
    result = is_negative ? 0 : static_cast<std::uint64_t>(value.get_double());
  } else {
    wrong_kind(path, "an integer", kind());
  }
  if (is_negative || result > max) out_of_range(path, "0", std::to_string(max));
  return result;
}

double JsonValue::number(const JsonPath& path) const {
  const json::value& value = at(value_);
  if (const double* number = value.if_double()) return *number;
  if (const std::int64_t* integer = value.if_int64()) return static_cast<double>(*integer);
  if (const std::uint64_t* integer = value.if_uint64()) return static_cast<double>(*integer);
  wrong_kind(path, "a number", kind());
}

std::string_view JsonValue::string(const JsonPath& path) const {
  const json::string* value = at(value_).if_string();
  if (value == nullptr) wrong_kind(path, "a string", kind());
  return std::string_view(value->data(), value->size());
}

std::size_t JsonValue::array_size(const JsonPath& path) const {
  const json::array* value = at(value_).if_array();
  if (value == nullptr) wrong_kind(path, "an array", kind());
  return value->size();
}

JsonValue JsonValue::element(std::size_t index) const {
  return JsonValue(&at(value_).get_array()[index]);
}

std::size_t JsonValue::object_size(const JsonPath& path) const {
  const json::object* value = at(value_).if_object();
  if (value == nullptr) wrong_kind(path, "an object", kind());
  return value->size();
}

std::pair<std::string_view, JsonValue> JsonValue::member(std::size_t index) const {
  const json::key_value_pair& member = at(value_).get_object().begin()[index];
  return {std::string_view(member.key().data(), member.key().size()), JsonValue(&member.value())};
}

std::optional<JsonValue> JsonValue::find(std::string_view name) const {
  const json::value* value =
      at(value_).get_object().if_contains(json::string_view(name.data(), name.size()));
  if (value == nullptr) return std::nullopt;
  return JsonValue(value);
}

// The values live in one arena, most often in the buffer, and are freed with it.
struct JsonDocument::Impl {
  Impl() : arena(buffer.data(), buffer.size()), root(json::storage_ptr(&arena)) {}

  std::array<unsigned char, 2048> buffer;
  json::monotonic_resource arena;
  json::value root;
};

JsonDocument::JsonDocument(BytesView text) : impl_(new Impl) {
  if (text.empty()) throw SerdeError("not JSON: it is empty");
  json::parse_options options;
  options.max_depth = kJsonDepthMax;
  std::array<unsigned char, 512> scratch;
  json::parser parser(json::storage_ptr(), options, scratch.data(), scratch.size());
  parser.reset(&impl_->arena);
  json::error_code error;
  parser.write(text.data(), text.size(), error);
  if (error) throw SerdeError("not JSON: " + error.message());
  impl_->root = parser.release();
}

JsonDocument::~JsonDocument() = default;

JsonValue JsonDocument::root() const { return JsonValue(&impl_->root); }

void JsonWriter::begin_value() {
  if (needs_comma_) text_ += ',';
  needs_comma_ = true;
}

void JsonWriter::open(char bracket) {
  begin_value();
  if (++depth_ > kJsonDepthMax) throw SerdeError("the value is nested too deep for JSON here");
  text_ += bracket;
  needs_comma_ = false;
}

void JsonWriter::close(char bracket) {
  --depth_;
  text_ += bracket;
  needs_comma_ = true;
}

template <class Number>
void JsonWriter::append_number(Number value) {
  begin_value();
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  text_.append(digits.data(), end.ptr);
}

void JsonWriter::null() {
  begin_value();
  text_ += "null";
}

void JsonWriter::boolean(bool value) {
  begin_value();
  text_ += value ? "true" : "false";
}

void JsonWriter::integer(std::int64_t value) { append_number(value); }
void JsonWriter::unsigned_integer(std::uint64_t value) { append_number(value); }

void JsonWriter::number(double value) {
  if (!std::isfinite(value)) throw SerdeError("JSON has no word for a number that is not finite");
  append_number(value);
}

void JsonWriter::number(float value) {
  if (!std::isfinite(value)) throw SerdeError("JSON has no word for a number that is not finite");
  append_number(value);
}

void JsonWriter::string(std::string_view value) {
  begin_value();
  quote(value);
}

void JsonWriter::begin_array() { open('['); }
void JsonWriter::end_array() { close(']'); }
void JsonWriter::begin_object() { open('{'); }
void JsonWriter::end_object() { close('}'); }

void JsonWriter::key(std::string_view name) {
  begin_value();
  quote(name);
  text_ += ':';
  needs_comma_ = false;
}

void JsonWriter::quote(std::string_view value) {
  constexpr char kHex[] = "0123456789abcdef";
  text_ += '"';
  for (std::size_t i = 0; i < value.size();) {
    const char c = value[i];
    const std::size_t length = utf8_length(value.substr(i));
    if (length == 0) {
      throw SerdeError("a string is not UTF-8; holdfast::Raw carries any bytes");
    }
    if (c == '"' || c == '\\') {
      text_ += '\\';
      text_ += c;
    } else if (c == '\n') {
      text_ += "\\n";
    } else if (c == '\r') {
      text_ += "\\r";
    } else if (c == '\t') {
      text_ += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      text_ += "\\u00";
      text_ += kHex[c >> 4];
      text_ += kHex[c & 15];
    } else {
      text_.append(value, i, length);
    }
    i += length;
  }
  text_ += '"';
}

}  // namespace holdfast
