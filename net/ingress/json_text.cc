#include "net/ingress/json_text.h"

#include <fmt/format.h>

#include "net/ingress/path.h"

namespace holdfast::net {
namespace {

// The length of the UTF-8 character that `text` begins with; 0 when there is none.
std::size_t character(std::string_view text) {
  for (std::size_t length = 1; length <= 4 && length <= text.size(); ++length) {
    if (is_utf8(text.substr(0, length))) return length;
  }
  return 0;
}

}  // namespace

std::string to_utf8(std::string_view text) {
  if (is_utf8(text)) return std::string(text);
  std::string result;
  while (!text.empty()) {
    const std::size_t length = character(text);
    if (length == 0) {
      result += "\xef\xbf\xbd";
      text.remove_prefix(1);
    } else {
      result += text.substr(0, length);
      text.remove_prefix(length);
    }
  }
  return result;
}

void append_json(std::string& to, std::string_view text) {
  std::string mended;
  if (!is_utf8(text)) {
    mended = to_utf8(text);
    text = mended;
  }
  to.push_back('"');
  for (const char c : text) {
    switch (c) {
      case '"':
        to += "\\\"";
        break;
      case '\\':
        to += "\\\\";
        break;
      case '\n':
        to += "\\n";
        break;
      case '\r':
        to += "\\r";
        break;
      case '\t':
        to += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          to += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
          to.push_back(c);
        }
    }
  }
  to.push_back('"');
}

}  // namespace holdfast::net
