#include "net/admin/state_body.h"

#include <utility>

#include "net/admin/refusal.h"

namespace holdfast::net {
namespace {

namespace json = boost::json;

Result<Bytes> bytes_of(const std::string& key, const json::value& value) {
  const std::string field = "new_state." + key;
  if (!value.is_array()) return wrong_field(field, "an array of byte numbers is expected");
  Bytes bytes;
  bytes.reserve(value.get_array().size());
  for (const json::value& number : value.get_array()) {
    if (!number.is_int64() || number.get_int64() < 0 || number.get_int64() > 255) {
      return wrong_field(field, "each number must be 0 to 255");
    }
    bytes.push_back(static_cast<char>(number.get_int64()));
  }
  return bytes;
}

}  // namespace

Result<NewState> parse_new_state(const json::object& body) {
  NewState result;
  constexpr std::pair<const char*, const char*> kRefused[] = {
      {"version",
       "how Restate's tools compute it is not part of its public API, so it cannot be compared; "
       "without it the state is replaced whatever it is"},
      {"scope", "it is not supported"}};
  for (const auto& [name, why] : kRefused) {
    const json::value* const found = body.if_contains(name);
    if (found != nullptr && !found->is_null()) return wrong_field(name, why);
  }
  const json::value* const key = body.if_contains("object_key");
  if (key == nullptr || !key->is_string() || key->get_string().empty()) {
    return wrong_field("object_key", "the key is expected, as text");
  }
  result.object_key = std::string(key->get_string());
  const json::value* const state = body.if_contains("new_state");
  if (state == nullptr || !state->is_object()) {
    return wrong_field("new_state", "an object is expected");
  }
  for (const auto& [name, value] : state->get_object()) {
    Bytes bytes = TRY(bytes_of(std::string(name), value));
    result.state.insert_or_assign(Bytes(name), std::move(bytes));
  }
  return result;
}

}  // namespace holdfast::net
