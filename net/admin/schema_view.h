#pragma once
// Schema view: the JSON schema of a handler's input or output, as a component of an OpenAPI
// document. Pure.
//
// A schema comes as an endpoint declared it, as a document of its own. Here it is a part of another
// document, so references within it ("#/$defs/Item") are made to lead to where it stands now,
// unless it names itself ($id), which keeps them right.

#include <boost/json.hpp>
#include <optional>
#include <string_view>

namespace holdfast::net {

// None: `text` is no schema (an object or a bool).
std::optional<boost::json::value> schema_view(std::string_view text, std::string_view place);

}  // namespace holdfast::net
