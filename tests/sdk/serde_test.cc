#include <holdfast/serde.h>

#include <cmath>

#include <boost/test/unit_test.hpp>

namespace {

using holdfast::Bytes;
using holdfast::Raw;
using holdfast::Serde;
using holdfast::SerdeError;

enum class Color { kRed, kGreen };
BOOST_DESCRIBE_ENUM(Color, kRed, kGreen)

struct Item {
  std::string name;
  std::int32_t cents = 0;
};
BOOST_DESCRIBE_STRUCT(Item, (), (name, cents))

struct Order {
  std::string id;
  std::vector<Item> items;
  std::optional<std::string> note;
  std::map<std::string, double> weights;
  Color color = Color::kRed;
};
BOOST_DESCRIBE_STRUCT(Order, (), (id, items, note, weights, color))

struct RushOrder : Order {
  bool by_air = false;
};
BOOST_DESCRIBE_STRUCT(RushOrder, (Order), (by_air))

struct Node {
  std::vector<Node> children;
};
BOOST_DESCRIBE_STRUCT(Node, (), (children))

// A type with bytes of its own.
struct Celsius {
  int degrees = 0;
};

// A type with a JSON form of its own.
struct Id {
  int number = 0;
};

struct Labelled {
  Id id;
};
BOOST_DESCRIBE_STRUCT(Labelled, (), (id))

}  // namespace

template <>
struct holdfast::Serde<Celsius> {
  static constexpr const char* content_type = "text/plain";
  static Bytes encode(const Celsius& value) { return std::to_string(value.degrees) + " C"; }
  static Celsius decode(BytesView bytes) { return {std::stoi(Bytes(bytes))}; }
};

template <>
struct holdfast::Json<Id> {
  static void write(JsonWriter& out, const Id& id) {
    out.string("id-" + std::to_string(id.number));
  }
  static Id read(JsonValue value, const JsonPath& path) {
    const std::string text(value.string(path));
    if (text.rfind("id-", 0) != 0) path.fail("expected id-NUMBER");
    return {std::stoi(text.substr(3))};
  }
};

namespace {

// The message of the SerdeError, or what was wrong instead.
template <class T>
std::string error_of(const Bytes& bytes) {
  try {
    Serde<T>::decode(bytes);
  } catch (const SerdeError& error) {
    return error.message();
  }
  return "no error";
}

template <class T>
std::string encode_error_of(const T& value) {
  try {
    Serde<T>::encode(value);
  } catch (const SerdeError& error) {
    return error.message();
  }
  return "no error";
}

template <class T>
T there_and_back(const T& value) {
  return Serde<T>::decode(Serde<T>::encode(value));
}

BOOST_AUTO_TEST_SUITE(serde)

BOOST_AUTO_TEST_CASE(plain_values_are_plain_json) {
  BOOST_TEST(Serde<std::string>::encode("hi") == "\"hi\"");
  BOOST_TEST(Serde<bool>::encode(true) == "true");
  BOOST_TEST(Serde<std::int64_t>::encode(-5) == "-5");
  BOOST_TEST(Serde<double>::encode(0.1) == "0.1");
  BOOST_TEST(Serde<float>::encode(0.1f) == "0.1");
  BOOST_TEST(Serde<std::optional<int>>::encode(std::nullopt) == "null");
  BOOST_TEST(Serde<std::vector<int>>::encode({1, 2}) == "[1,2]");
  BOOST_TEST((Serde<std::pair<int, std::string>>::encode({1, "a"}) == "[1,\"a\"]"));
  BOOST_TEST((Serde<std::tuple<int, bool, double>>::encode({1, false, 2.5}) == "[1,false,2.5]"));
}

BOOST_AUTO_TEST_CASE(a_struct_is_an_object_of_its_members) {
  Order order{"o-1", {{"tea", 250}, {"cup", 900}}, std::nullopt, {{"kg", 0.5}}, Color::kGreen};

  const Bytes bytes = Serde<Order>::encode(order);
  const Order back = Serde<Order>::decode(bytes);

  BOOST_TEST(bytes ==
             R"({"id":"o-1","items":[{"name":"tea","cents":250},{"name":"cup","cents":900}],)"
             R"("note":null,"weights":{"kg":0.5},"color":"kGreen"})");
  BOOST_TEST(Serde<Order>::encode(back) == bytes);
}

BOOST_AUTO_TEST_CASE(members_of_bases_belong_to_the_object) {
  const auto order = Serde<RushOrder>::decode(
      R"({"id":"r","items":[],"weights":{},"color":"kRed","by_air":true})");

  BOOST_TEST(order.id == "r");
  BOOST_TEST(order.by_air);
}

BOOST_AUTO_TEST_CASE(unknown_members_are_ignored_and_missing_optionals_are_none) {
  const auto order = Serde<Order>::decode(
      R"({"extra":{"deep":[1]},"color":"kRed","weights":{},"items":[],"id":"o"})");

  BOOST_TEST(!order.note.has_value());
}

BOOST_AUTO_TEST_CASE(an_error_names_the_place) {
  BOOST_TEST(error_of<Item>(R"({"name":"x"})") == "$.cents: missing");
  BOOST_TEST(error_of<Order>(R"({"id":"o","items":[{"name":"a","cents":1},)"
                             R"({"name":"b","cents":"2"}]})") ==
             "$.items[1].cents: expected an integer, got a string");
  BOOST_TEST(error_of<Order>(R"({"id":"o","items":[],"weights":{"kg":null}})") ==
             "$.weights.kg: expected a number, got null");
  BOOST_TEST(error_of<Item>("[]") == "$: expected an object, got an array");
  BOOST_TEST(error_of<Color>("\"kBlue\"") == "$: \"kBlue\" is not one of kRed, kGreen");
  BOOST_TEST((error_of<std::pair<int, int>>("[1]") == "$: expected 2 elements, got 1"));
}

BOOST_AUTO_TEST_CASE(integers_are_range_checked) {
  BOOST_TEST(Serde<std::int64_t>::decode("-9223372036854775808") ==
             std::numeric_limits<std::int64_t>::min());
  BOOST_TEST(Serde<std::uint64_t>::decode("18446744073709551615") ==
             std::numeric_limits<std::uint64_t>::max());
  BOOST_TEST(Serde<std::uint8_t>::decode("255") == 255);
  BOOST_TEST(error_of<std::uint8_t>("256") == "$: the integer is not between 0 and 255");
  BOOST_TEST(error_of<std::uint8_t>("-1") == "$: the integer is not between 0 and 255");
  BOOST_TEST(error_of<std::int8_t>("128") == "$: the integer is not between -128 and 127");
  BOOST_TEST(error_of<std::int64_t>("9223372036854775808") ==
             "$: the integer is not between -9223372036854775808 and 9223372036854775807");
  BOOST_TEST(error_of<std::uint64_t>("18446744073709551616") ==
             "$: expected an integer, got a number");
}

BOOST_AUTO_TEST_CASE(a_whole_number_written_as_a_fraction_is_an_integer) {
  BOOST_TEST(Serde<int>::decode("5.0") == 5);
  BOOST_TEST(Serde<unsigned>::decode("1e3") == 1000U);
  BOOST_TEST(error_of<int>("5.5") == "$: expected an integer, got a number");
}

BOOST_AUTO_TEST_CASE(doubles_come_back_exactly) {
  for (const double value : {0.0, 0.1, 1e300, 5e-324, -123456.789, 1.0 / 3, 1e22}) {
    BOOST_TEST(there_and_back(value) == value);
  }
  BOOST_TEST(encode_error_of(std::nan("")) != "no error");
  BOOST_TEST(error_of<float>("1e39") == "$: the number is too large");
}

BOOST_AUTO_TEST_CASE(strings_come_back_exactly) {
  const std::string controls("\0\x01\x1f\"\\/\n\r\t", 9);
  const std::string all = controls + "\x7f" + "gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80";

  BOOST_TEST(there_and_back(all) == all);
}

BOOST_AUTO_TEST_CASE(text_that_is_not_utf_8_is_refused) {
  for (const std::string bad : {"\x80", "\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80",
                                "\xF5\x80\x80\x80", "\xC3", "\xF4\x90\x80\x80", "ok\xFF"}) {
    BOOST_TEST(encode_error_of(bad) != "no error");
    BOOST_TEST(error_of<std::string>("\"" + bad + "\"") != "no error");
  }
}

BOOST_AUTO_TEST_CASE(an_empty_input_is_an_error_but_for_types_that_say_nothing) {
  BOOST_TEST(error_of<int>("") == "not JSON: it is empty");
  BOOST_TEST(error_of<std::string>("") == "not JSON: it is empty");
  BOOST_TEST(!Serde<std::optional<Item>>::decode("").has_value());
  BOOST_TEST(Serde<Raw>::decode("").bytes.empty());
  Serde<std::monostate>::decode("");
  Serde<std::monostate>::decode("null");
  BOOST_TEST(Serde<std::monostate>::encode({}).empty());
  BOOST_TEST(error_of<std::monostate>("1") == "$: expected null, got an integer");
}

BOOST_AUTO_TEST_CASE(what_is_not_one_json_value_is_refused) {
  for (const Bytes bad :
       {"{", "nul", "1 2", "{\"a\":1,}", "'a'", "[1", "01", "\"a", "// x\n1", "NaN"}) {
    BOOST_TEST(error_of<int>(bad).rfind("not JSON: ", 0) == 0U, bad << ": " << error_of<int>(bad));
  }
}

BOOST_AUTO_TEST_CASE(the_depth_is_limited) {
  const auto nested = [](int depth) { return Bytes(depth, '[') + Bytes(depth, ']'); };
  BOOST_TEST(error_of<int>(nested(64)) == "$: expected an integer, got an array");
  BOOST_TEST(error_of<int>(nested(65)).rfind("not JSON: ", 0) == 0U);
  BOOST_TEST(error_of<int>(nested(1'000'000)).rfind("not JSON: ", 0) == 0U);

  Node deep;
  for (int i = 0; i < 40; ++i) deep = Node{{deep}};
  BOOST_TEST(encode_error_of(deep) != "no error");
}

BOOST_AUTO_TEST_CASE(inv_2_equal_maps_give_equal_bytes) {
  std::unordered_map<std::string, int> one, other(1000);
  for (int i = 0; i < 100; ++i) one.emplace(std::to_string(i), i);
  for (int i = 99; i >= 0; --i) other.emplace(std::to_string(i), i);

  BOOST_TEST((Serde<decltype(one)>::encode(one) == Serde<decltype(one)>::encode(other)));
  BOOST_TEST((there_and_back(one) == one));
}

BOOST_AUTO_TEST_CASE(raw_bytes_stay_as_they_are) {
  const Raw raw{Bytes("\0\xFF{", 3)};

  BOOST_TEST((there_and_back(raw) == raw));
  BOOST_TEST(std::string(Serde<Raw>::content_type) == "application/octet-stream");
}

BOOST_AUTO_TEST_CASE(own_types_bring_their_own_form) {
  BOOST_TEST(Serde<Celsius>::encode({21}) == "21 C");
  BOOST_TEST(Serde<Labelled>::encode({{7}}) == "{\"id\":\"id-7\"}");
  BOOST_TEST(Serde<Labelled>::decode("{\"id\":\"id-8\"}").id.number == 8);
  BOOST_TEST(error_of<Labelled>("{\"id\":\"8\"}") == "$.id: expected id-NUMBER");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
