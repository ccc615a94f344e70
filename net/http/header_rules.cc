#include "net/http/header_rules.h"

#include <algorithm>
#include <array>
#include <boost/beast/http/rfc7230.hpp>
#include <cstdint>
#include <cstring>

namespace holdfast::net {
namespace {

constexpr std::array<bool, 256> make_token_table() {
  std::array<bool, 256> table{};
  for (const char c : std::string_view("!#$%&'*+-.^_`|~0123456789"
                                       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")) {
    table[static_cast<unsigned char>(c)] = true;
  }
  return table;
}

constexpr std::array<bool, 256> kTokenCharacters = make_token_table();

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool is_control(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }

// False: there is none. Eight bytes at a time, as nearly no value has any.
bool may_have_control(std::string_view value) {
  constexpr std::uint64_t kEach = 0x0101010101010101, kHigh = 0x80 * kEach;
  std::uint64_t found = 0;
  while (!value.empty()) {
    std::uint64_t bytes = 0x20 * kEach;
    const std::size_t taken = std::min(value.size(), sizeof(bytes));
    std::memcpy(&bytes, value.data(), taken);
    const std::uint64_t is_delete = bytes ^ (0x7f * kEach);
    // The high bit of each byte under 0x20, and of each that is 0x7f; maybe of some above those.
    found |= ((bytes - 0x20 * kEach) & ~bytes) | ((is_delete - kEach) & ~is_delete);
    value.remove_prefix(taken);
  }
  return (found & kHigh) != 0;
}

}  // namespace

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return kTokenCharacters[static_cast<unsigned char>(c)];
  });
}

bool belongs_to_connection(std::string_view name) {
  switch (name.size()) {
    case 7:
      return name == "upgrade" || name == "trailer";
    case 10:
      return name == "connection" || name == "keep-alive";
    case 14:
      return name == "content-length";
    case 16:
      return name == "proxy-connection";
    case 17:
      return name == "transfer-encoding";
    default:
      return false;
  }
}

void append_header_value(Bytes& to, std::string_view value) {
  const std::size_t start = to.size();
  to.append(value);
  if (!may_have_control(value)) return;
  std::replace_if(to.begin() + static_cast<std::ptrdiff_t>(start), to.end(), is_control, ' ');
}

bool equals_word(std::string_view text, std::string_view word) {
  return std::equal(text.begin(), text.end(), word.begin(), word.end(),
                    [](char a, char b) { return lower(a) == b; });
}

bool has_token(std::string_view value, std::string_view token) {
  const boost::beast::http::token_list tokens{value};
  return std::any_of(tokens.begin(), tokens.end(),
                     [token](const auto& found) { return equals_word(found, token); });
}

}  // namespace holdfast::net
