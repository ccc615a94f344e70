#pragma once
// Bytes: what keys, values and bodies are made of. A byte string owns its bytes; a view borrows
// them.

#include <memory>
#include <string>
#include <string_view>

namespace holdfast {

using Bytes = std::string;
using BytesView = std::string_view;

// A payload that several parts hold at once (a request body, a result): written once, never
// changed.
using SharedBytes = std::shared_ptr<const Bytes>;

inline SharedBytes share(Bytes bytes) { return std::make_shared<const Bytes>(std::move(bytes)); }

}  // namespace holdfast
