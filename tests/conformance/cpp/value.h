#pragma once
// Value: any JSON, for handlers that do not know what they are given; and what the handlers of
// several files take or return.

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include <holdfast/error.h>
#include <holdfast/serde.h>

namespace conformance {

using Value = boost::json::value;

struct Token {
  std::string token;
};
BOOST_DESCRIBE_STRUCT(Token, (), (token))

struct Refusal {
  int code = 0;
  std::string message;
};
BOOST_DESCRIBE_STRUCT(Refusal, (), (code, message))

inline Refusal refusal(const holdfast::TerminalError& error) {
  return {error.code(), error.message()};
}

}  // namespace conformance

template <>
struct holdfast::Json<conformance::Value> {
  using Value = conformance::Value;

  static void write(JsonWriter& out, const Value& value) {
    if (value.is_null()) {
      out.null();
    } else if (value.is_bool()) {
      out.boolean(value.get_bool());
    } else if (value.is_string()) {
      out.string(std::string_view(value.get_string()));
    } else if (value.is_int64()) {
      out.integer(value.get_int64());
    } else if (value.is_uint64()) {
      out.unsigned_integer(value.get_uint64());
    } else if (value.is_double()) {
      out.number(value.get_double());
    } else if (value.is_array()) {
      out.begin_array();
      for (const Value& element : value.get_array()) write(out, element);
      out.end_array();
    } else {
      out.begin_object();
      for (const auto& member : value.get_object()) {
        out.key(std::string_view(member.key()));
        write(out, member.value());
      }
      out.end_object();
    }
  }

  static Value read(JsonValue value, const JsonPath& path) {
    using Limits = std::numeric_limits<std::int64_t>;
    const std::string_view kind = value.kind();
    if (value.is_null()) return nullptr;
    if (kind == "a boolean") return value.boolean(path);
    if (kind == "a string") return boost::json::string(value.string(path));
    if (kind == "an integer") return value.integer(path, Limits::min(), Limits::max());
    if (kind == "a number") return value.number(path);
    if (kind == "an array") {
      boost::json::array elements;
      for (std::size_t i = 0; i < value.array_size(path); ++i) {
        elements.push_back(read(value.element(i), JsonPath(path, i)));
      }
      return elements;
    }
    boost::json::object members;
    for (std::size_t i = 0; i < value.object_size(path); ++i) {
      const auto [name, member] = value.member(i);
      members.insert_or_assign(name, read(member, JsonPath(path, name)));
    }
    return members;
  }
};
