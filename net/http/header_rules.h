#pragma once
// Header rules: what both HTTP versions hold of a header going out.

#include <string_view>

#include "storage/base/bytes.h"

namespace holdfast::net {

// RFC 9110, 5.6.2: the characters a method or a header name is made of.
bool is_token(std::string_view text);

// Headers that speak of the connection or the framing; an answer's own are not sent on.
// REQUIRES: lower case.
bool belongs_to_connection(std::string_view name);

// Appends `value` with a space for each control character but the tab.
void append_header_value(Bytes& to, std::string_view value);

// Whether `text` is `word`, whatever its case. Looks at no byte behind either, as iequals() of
// Beast does. REQUIRES: `word` is lower case.
bool equals_word(std::string_view text, std::string_view word);

// Whether a comma-separated header value has `token` in it. REQUIRES: `token` is lower case.
bool has_token(std::string_view value, std::string_view token);

// 1xx, 204 and 304 have no body, whatever the handler says.
inline bool has_no_body(int status) { return status < 200 || status == 204 || status == 304; }

}  // namespace holdfast::net
