#include "net/ingress/path.h"

#include <fmt/format.h>

#include "net/http/uri.h"

namespace holdfast::net {
namespace {

Error wrong(std::string_view why) {
  return {ErrorCode::kInvalidArgument, fmt::format("bad path: {}", why)};
}

Result<void> check_text(BytesView text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      return wrong("control characters are not allowed");
    }
  }
  if (!is_utf8(text)) return wrong("it is not UTF-8");
  return {};
}

template <class T>
Result<T> or_wrong(Result<T> parsed) {
  if (!parsed) return wrong(parsed.error().message());
  return parsed;
}

}  // namespace

bool is_utf8(BytesView text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const auto lead = static_cast<unsigned char>(text[i++]);
    if (lead < 0x80) continue;
    const int more = lead >= 0xc2 && lead <= 0xdf   ? 1
                     : lead >= 0xe0 && lead <= 0xef ? 2
                     : lead >= 0xf0 && lead <= 0xf4 ? 3
                                                    : 0;
    if (more == 0 || i + static_cast<std::size_t>(more) > text.size()) return false;
    std::uint32_t code = lead & (0x3fu >> more);
    for (int k = 0; k < more; ++k) {
      const auto next = static_cast<unsigned char>(text[i++]);
      if ((next & 0xc0) != 0x80) return false;
      code = code << 6 | (next & 0x3fu);
    }
    const std::uint32_t least = more == 1 ? 0x80 : more == 2 ? 0x800 : 0x10000;
    if (code < least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return false;
  }
  return true;
}

std::optional<std::string_view> Path::parameter(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

Result<Path> parse_path(std::string_view target) {
  if (target.empty() || target[0] != '/') return wrong("it must begin with '/'");
  const Target parts = split_target(target);
  Path path;
  path.segments = TRY(or_wrong(path_segments(parts.path)));
  if (!path.segments.empty() && path.segments.back().empty()) path.segments.pop_back();
  for (const std::string& segment : path.segments) {
    if (segment.empty()) return wrong("a part of it is empty");
    TRY(check_text(segment));
  }
  path.query = TRY(or_wrong(query_parameters(parts.query)));
  for (const auto& [name, value] : path.query) {
    TRY(check_text(name));
    TRY(check_text(value));
  }
  return path;
}

}  // namespace holdfast::net
