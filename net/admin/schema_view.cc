#include "net/admin/schema_view.h"

#include <string>
#include <utility>

namespace holdfast::net {
namespace {

namespace json = boost::json;

// Makes local references below `value` begin at `place`. As deep as the text was, which is limited
// where it is parsed.
void move_references(json::value& value, std::string_view place) {
  if (json::array* const array = value.if_array()) {
    for (json::value& item : *array) move_references(item, place);
    return;
  }
  json::object* const object = value.if_object();
  if (object == nullptr) return;
  for (auto& [name, item] : *object) {
    json::string* const to = item.if_string();
    const bool refers = name == "$ref" || name == "$dynamicRef";
    if (to == nullptr || !refers) {
      move_references(item, place);
    } else if (*to == "#" || to->starts_with("#/")) {
      *to = json::string(std::string(place) + std::string(to->subview(1)));
    }
  }
}

}  // namespace

std::optional<json::value> schema_view(std::string_view text, std::string_view place) {
  json::parse_options options;
  options.max_depth = 64;
  json::error_code failed;
  json::value schema = json::parse(text, failed, {}, options);
  if (failed || (!schema.is_object() && !schema.is_bool())) return std::nullopt;
  const json::object* const object = schema.if_object();
  if (object != nullptr && !object->contains("$id")) move_references(schema, place);
  return schema;
}

}  // namespace holdfast::net
