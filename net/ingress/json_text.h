#pragma once
// JSON text: appending strings to hand-written JSON.

#include <string>
#include <string_view>

namespace holdfast::net {

// Appends `text` as a JSON string with its quotes. What is not UTF-8 in it becomes U+FFFD, so that
// the result is always JSON.
void append_json(std::string& to, std::string_view text);

// `text` with each byte that is not part of UTF-8 replaced by U+FFFD.
std::string to_utf8(std::string_view text);

}  // namespace holdfast::net
