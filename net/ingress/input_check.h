#pragma once
// Input check: whether a body is what a handler takes, by its declared content type. Pure.

#include <optional>
#include <string_view>

#include "actors/catalog/catalog.h"
#include "storage/base/bytes.h"
#include "storage/base/result.h"

namespace holdfast::net {

// An empty body needs no content type. Parameters (charset) and case do not matter; a declared
// "*/*" or "text/*" takes every type, or every one of its kind. kInvalidArgument.
Result<void> check_input(const actors::HandlerInfo& handler,
                         std::optional<std::string_view> content_type, BytesView body);

}  // namespace holdfast::net
