#include "net/http/uri.h"

#include <algorithm>

namespace holdfast::net {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool is_unreserved(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

// Cuts the text before the next `separator` off `rest`; false when nothing is left to cut.
bool next_part(std::string_view& rest, char separator, std::string_view& part) {
  if (rest.data() == nullptr) {
    return false;
  }
  const std::size_t end = rest.find(separator);
  part = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return true;
}

Result<Bytes> decode_form(std::string_view text) {
  Bytes spaced(text);
  std::replace(spaced.begin(), spaced.end(), '+', ' ');
  return percent_decode(spaced);
}

}  // namespace

Target split_target(std::string_view target) {
  if (const std::size_t scheme = target.find("://");
      !target.starts_with('/') && scheme != std::string_view::npos) {
    const std::size_t path = target.find_first_of("/?", scheme + 3);
    target = path == std::string_view::npos ? std::string_view("/") : target.substr(path);
  }
  const std::size_t mark = target.find('?');
  if (mark == std::string_view::npos) {
    return {target, {}};
  }
  return {target.substr(0, mark), target.substr(mark + 1)};
}

Result<Bytes> percent_decode(std::string_view text) {
  Bytes decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(text[i]);
      continue;
    }
    const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      return Error(ErrorCode::kInvalidArgument, "a % in the URL is not followed by two hex digits");
    }
    decoded.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return decoded;
}

Bytes percent_encode(BytesView bytes) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  Bytes encoded;
  encoded.reserve(bytes.size());
  for (const char c : bytes) {
    if (is_unreserved(c)) {
      encoded.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
    }
  }
  return encoded;
}

Result<std::vector<Bytes>> path_segments(std::string_view path) {
  if (path.starts_with('/')) {
    path.remove_prefix(1);
  }
  std::vector<Bytes> segments;
  std::string_view segment;
  while (next_part(path, '/', segment)) {
    segments.push_back(TRY(percent_decode(segment)));
  }
  return segments;
}

Result<std::vector<std::pair<Bytes, Bytes>>> query_parameters(std::string_view query) {
  std::vector<std::pair<Bytes, Bytes>> parameters;
  std::string_view part;
  while (next_part(query, '&', part)) {
    if (part.empty()) {
      continue;
    }
    const std::size_t equals = part.find('=');
    Bytes name = TRY(decode_form(part.substr(0, equals)));
    Bytes value;
    if (equals != std::string_view::npos) {
      value = TRY(decode_form(part.substr(equals + 1)));
    }
    parameters.emplace_back(std::move(name), std::move(value));
  }
  return parameters;
}

}  // namespace holdfast::net
