#include "actors/catalog/service_info.h"

#include <algorithm>

namespace holdfast::actors {

const HandlerInfo* ServiceInfo::handler(std::string_view name) const {
  const auto found = std::find_if(handlers.begin(), handlers.end(),
                                  [&](const HandlerInfo& one) { return one.name == name; });
  return found == handlers.end() ? nullptr : &*found;
}

}  // namespace holdfast::actors
