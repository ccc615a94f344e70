#include "net/http/outgoing/common_headers.h"

#include <utility>

#include "net/http/header_rules.h"
#include "net/http/outgoing/request_rules.h"

namespace holdfast::net {

CommonHeaders::CommonHeaders(HttpHeaders headers) : are_named_(all_named(headers)) {
  make_names_lower(headers);
  for (auto& [name, value] : headers) {
    if (!goes_with_request(name)) continue;
    Bytes clean;
    append_header_value(clean, value);
    ready_.emplace_back(std::move(name), std::move(clean));
  }
}

}  // namespace holdfast::net
