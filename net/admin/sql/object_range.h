#pragma once
// Object range: the ways into the tables kept by service_name and service_key.

#include <string>
#include <utility>
#include <vector>

#include "journal/tables/tables.h"

namespace holdfast::net::sql {

template <class NamedWay>
std::vector<NamedWay> object_ways() {
  return {{{"service_name", "service_key"}, 20}, {{"service_key"}, 40}, {{}, 1e6}};
}

// What the way of that number reads.
inline journal::ObjectRange object_range(std::size_t way, std::vector<std::string> values) {
  if (way == 0) return {std::move(values[0]), std::move(values[1])};
  if (way == 1) return {std::nullopt, std::move(values[0])};
  return {};
}

}  // namespace holdfast::net::sql
