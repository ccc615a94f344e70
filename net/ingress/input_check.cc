#include "net/ingress/input_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace holdfast::net {
namespace {

// "Application/JSON; charset=utf-8" is "application/json".
std::string essence(std::string_view content_type) {
  content_type = content_type.substr(0, content_type.find(';'));
  std::string result;
  for (const char c : content_type) {
    if (c != ' ' && c != '\t') {
      result.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
    }
  }
  return result;
}

bool takes(const std::string& declared, const std::string& given) {
  if (declared.empty() || declared == "*/*" || declared == given) return true;
  return declared.size() > 2 && declared.ends_with("/*") &&
         given.starts_with(std::string_view(declared).substr(0, declared.size() - 1));
}

Error wrong(const actors::HandlerInfo& handler, std::string_view why) {
  return {ErrorCode::kInvalidArgument, fmt::format("handler '{}' {}", handler.name, why)};
}

}  // namespace

Result<void> check_input(const actors::HandlerInfo& handler,
                         std::optional<std::string_view> content_type, BytesView body) {
  if (body.empty()) {
    if (handler.input_required) return wrong(handler, "needs a body, and this one is empty");
    return {};
  }
  if (handler.input_forbidden) return wrong(handler, "takes no input: the body must be empty");
  const std::string declared = essence(handler.input_content_type);
  const std::string given = essence(content_type.value_or(""));
  if (takes(declared, given)) return {};
  return wrong(handler, fmt::format("takes content-type '{}', not '{}'", declared, given));
}

}  // namespace holdfast::net
