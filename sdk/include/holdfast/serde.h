#pragma once
// Serde: how a value becomes bytes and comes back. Inputs, results, steps, state and promises all
// go through Serde<T>.
//
//   bool, integers, float, double, std::string      JSON; integers are range checked
//   BOOST_DESCRIBE_STRUCT types                     an object of their members, bases included
//   BOOST_DESCRIBE_ENUM enums                       the name as a string
//   std::optional<T>                                the value or null; a missing member is none
//   std::vector, std::pair, std::tuple              an array
//   std::map, std::unordered_map with string keys   an object, members in order of their names
//   std::monostate                                  nothing: no bytes, or null inside a value
//   holdfast::Raw                                   its bytes as they are
//
// Reading: a missing member that is not optional is an error, unknown members are ignored. An empty
// input is an error too, but for monostate, optional and Raw. Writing is a function of the value
// alone (INV-2 compares what was written with what is written on replay).
//
// For a type of your own specialise Serde<T> (any bytes; content_type says which), or Json<T> when
// it is JSON and shall also be usable inside other types.

#include <concepts>
#include <cstddef>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>
#include <boost/describe/enumerators.hpp>
#include <boost/describe/members.hpp>
#include <boost/mp11/algorithm.hpp>

#include <holdfast/error.h>
#include <holdfast/json.h>

namespace holdfast {

// Bytes that are not to be interpreted.
struct Raw {
  Bytes bytes;
  bool operator==(const Raw&) const = default;
};

namespace detail {

template <class T>
concept JsonInteger = std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char> &&
                      !std::same_as<T, wchar_t> && !std::same_as<T, char8_t> &&
                      !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;

template <class T>
concept DescribedStruct = std::is_class_v<T> && boost::describe::has_describe_members<T>::value;

template <class T>
concept DescribedEnum = std::is_enum_v<T> && boost::describe::has_describe_enumerators<T>::value;

template <class T>
using MembersOf = boost::describe::describe_members<T, boost::describe::mod_any_access |
                                                           boost::describe::mod_inherited>;

template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;

template <class T>
inline constexpr bool kHasNoJsonForm = false;

}  // namespace detail

// The JSON form of T: two static functions, `void write(JsonWriter&, const T&)` and
// `T read(JsonValue, const JsonPath&)`.
template <class T>
struct Json {
  static_assert(detail::kHasNoJsonForm<T>,
                "this type has no JSON form: describe it with BOOST_DESCRIBE_STRUCT or "
                "BOOST_DESCRIBE_ENUM in its own namespace, or specialise holdfast::Serde or "
                "holdfast::Json for it");
};

template <>
struct Json<bool> {
  static void write(JsonWriter& out, bool value) { out.boolean(value); }
  static bool read(JsonValue value, const JsonPath& path) { return value.boolean(path); }
};

template <detail::JsonInteger T>
struct Json<T> {
  static void write(JsonWriter& out, T value) {
    if constexpr (std::is_signed_v<T>) {
      out.integer(value);
    } else {
      out.unsigned_integer(value);
    }
  }
  static T read(JsonValue value, const JsonPath& path) {
    using Limits = std::numeric_limits<T>;
    if constexpr (std::is_signed_v<T>) {
      return static_cast<T>(value.integer(path, Limits::min(), Limits::max()));
    } else {
      return static_cast<T>(value.unsigned_integer(path, Limits::max()));
    }
  }
};

template <>
struct Json<double> {
  static void write(JsonWriter& out, double value) { out.number(value); }
  static double read(JsonValue value, const JsonPath& path) { return value.number(path); }
};

template <>
struct Json<float> {
  static void write(JsonWriter& out, float value) { out.number(value); }
  static float read(JsonValue value, const JsonPath& path) {
    using Limits = std::numeric_limits<float>;
    const double number = value.number(path);
    if (number > Limits::max() || number < Limits::lowest()) {
      path.fail("the number is too large");
    }
    return static_cast<float>(number);
  }
};

template <>
struct Json<std::string> {
  static void write(JsonWriter& out, const std::string& value) { out.string(value); }
  static std::string read(JsonValue value, const JsonPath& path) {
    return std::string(value.string(path));
  }
};

template <>
struct Json<std::monostate> {
  static void write(JsonWriter& out, std::monostate) { out.null(); }
  static std::monostate read(JsonValue value, const JsonPath& path) {
    if (!value.is_null()) path.fail(std::string("expected null, got ") + value.kind());
    return {};
  }
};

template <class T>
struct Json<std::optional<T>> {
  static_assert(!detail::kIsOptional<T>, "an optional of an optional cannot be told from null");
  static void write(JsonWriter& out, const std::optional<T>& value) {
    if (value) {
      Json<T>::write(out, *value);
    } else {
      out.null();
    }
  }
  static std::optional<T> read(JsonValue value, const JsonPath& path) {
    if (value.is_null()) return std::nullopt;
    return Json<T>::read(value, path);
  }
};

template <class T>
struct Json<std::vector<T>> {
  static void write(JsonWriter& out, const std::vector<T>& values) {
    out.begin_array();
    for (const auto& value : values) Json<T>::write(out, value);
    out.end_array();
  }
  static std::vector<T> read(JsonValue value, const JsonPath& path) {
    std::vector<T> result;
    const std::size_t size = value.array_size(path);
    result.reserve(size);
    for (std::size_t i = 0; i < size; ++i) {
      result.push_back(Json<T>::read(value.element(i), JsonPath(path, i)));
    }
    return result;
  }
};

template <class... T>
struct Json<std::tuple<T...>> {
  static void write(JsonWriter& out, const std::tuple<T...>& values) {
    out.begin_array();
    std::apply([&](const T&... value) { (Json<T>::write(out, value), ...); }, values);
    out.end_array();
  }
  static std::tuple<T...> read(JsonValue value, const JsonPath& path) {
    const std::size_t size = value.array_size(path);
    if (size != sizeof...(T)) {
      path.fail("expected " + std::to_string(sizeof...(T)) + " elements, got " +
                std::to_string(size));
    }
    return read_elements(value, path, std::index_sequence_for<T...>());
  }

 private:
  template <std::size_t... index>
  static std::tuple<T...> read_elements(JsonValue value, const JsonPath& path,
                                        std::index_sequence<index...>) {
    return std::tuple<T...>{Json<T>::read(value.element(index), JsonPath(path, index))...};
  }
};

template <class First, class Second>
struct Json<std::pair<First, Second>> {
  static void write(JsonWriter& out, const std::pair<First, Second>& value) {
    out.begin_array();
    Json<First>::write(out, value.first);
    Json<Second>::write(out, value.second);
    out.end_array();
  }
  static std::pair<First, Second> read(JsonValue value, const JsonPath& path) {
    auto [first, second] = Json<std::tuple<First, Second>>::read(value, path);
    return {std::move(first), std::move(second)};
  }
};

namespace detail {

template <class Map>
Map read_map(JsonValue value, const JsonPath& path) {
  Map result;
  const std::size_t size = value.object_size(path);
  for (std::size_t i = 0; i < size; ++i) {
    const auto [name, member] = value.member(i);
    result.insert_or_assign(std::string(name),
                            Json<typename Map::mapped_type>::read(member, JsonPath(path, name)));
  }
  return result;
}

}  // namespace detail

template <class T, class Less, class Allocator>
struct Json<std::map<std::string, T, Less, Allocator>> {
  using Map = std::map<std::string, T, Less, Allocator>;
  static void write(JsonWriter& out, const Map& values) {
    out.begin_object();
    for (const auto& [name, value] : values) {
      out.key(name);
      Json<T>::write(out, value);
    }
    out.end_object();
  }
  static Map read(JsonValue value, const JsonPath& path) {
    return detail::read_map<Map>(value, path);
  }
};

// Sorted by name: the order inside a hash table is not a function of its content.
template <class T, class Hash, class Equal, class Allocator>
struct Json<std::unordered_map<std::string, T, Hash, Equal, Allocator>> {
  using Map = std::unordered_map<std::string, T, Hash, Equal, Allocator>;
  static void write(JsonWriter& out, const Map& values) {
    std::map<std::string_view, const T*> sorted;
    for (const auto& [name, value] : values) sorted.emplace(name, &value);
    out.begin_object();
    for (const auto& [name, value] : sorted) {
      out.key(name);
      Json<T>::write(out, *value);
    }
    out.end_object();
  }
  static Map read(JsonValue value, const JsonPath& path) {
    return detail::read_map<Map>(value, path);
  }
};

template <detail::DescribedEnum T>
struct Json<T> {
  static void write(JsonWriter& out, T value) {
    const char* name = nullptr;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>([&](auto enumerator) {
      if (enumerator.value == value) name = enumerator.name;
    });
    if (name == nullptr) JsonPath().fail("the enum's value has no name");
    out.string(name);
  }
  static T read(JsonValue value, const JsonPath& path) {
    const std::string_view text = value.string(path);
    std::optional<T> result;
    std::string names;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>([&](auto enumerator) {
      if (text == enumerator.name) result = enumerator.value;
      names += names.empty() ? "" : ", ";
      names += enumerator.name;
    });
    if (!result) path.fail("\"" + std::string(text) + "\" is not one of " + names);
    return *result;
  }
};

template <detail::DescribedStruct T>
struct Json<T> {
  static_assert(std::is_default_constructible_v<T>, "needed to read it member by member");
  static void write(JsonWriter& out, const T& value) {
    out.begin_object();
    boost::mp11::mp_for_each<detail::MembersOf<T>>([&](auto member) {
      using Member = std::remove_cvref_t<decltype(value.*member.pointer)>;
      out.key(member.name);
      Json<Member>::write(out, value.*member.pointer);
    });
    out.end_object();
  }
  static T read(JsonValue value, const JsonPath& path) {
    value.object_size(path);
    T result{};
    boost::mp11::mp_for_each<detail::MembersOf<T>>([&](auto member) {
      using Member = std::remove_cvref_t<decltype(result.*member.pointer)>;
      const JsonPath place(path, member.name);
      if (const std::optional<JsonValue> found = value.find(member.name)) {
        result.*member.pointer = Json<Member>::read(*found, place);
      } else if constexpr (!detail::kIsOptional<Member>) {
        place.fail("missing");
      }
    });
    return result;
  }
};

template <class T>
struct Serde {
  static constexpr const char* content_type = "application/json";
  static constexpr bool accepts_empty = detail::kIsOptional<T>;

  static Bytes encode(const T& value) {
    JsonWriter out;
    Json<T>::write(out, value);
    return std::move(out).take();
  }
  // Throws SerdeError.
  static T decode(BytesView bytes) {
    if constexpr (accepts_empty) {
      if (bytes.empty()) return T();
    }
    const JsonDocument document(bytes);
    return Json<T>::read(document.root(), JsonPath());
  }
};

template <>
struct Serde<std::monostate> {
  static constexpr const char* content_type = "application/json";
  static constexpr bool accepts_empty = true;

  static Bytes encode(std::monostate) { return Bytes(); }
  static std::monostate decode(BytesView bytes) {
    if (bytes.empty()) return {};
    const JsonDocument document(bytes);
    return Json<std::monostate>::read(document.root(), JsonPath());
  }
};

template <>
struct Serde<Raw> {
  static constexpr const char* content_type = "application/octet-stream";
  static constexpr const char* input_content_type = "*/*";  // A caller may call it what it likes.
  static constexpr bool accepts_empty = true;

  static Bytes encode(const Raw& value) { return value.bytes; }
  static Raw decode(BytesView bytes) { return Raw{Bytes(bytes)}; }
};

}  // namespace holdfast
