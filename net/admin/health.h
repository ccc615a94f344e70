#pragma once
// Health: that the process is there, which release it is, and what it counts. Pure.

#include <boost/json.hpp>
#include <cstdint>
#include <string>

#include "actors/engine.h"

namespace holdfast::net {

// The versions of the admin API that are spoken, as in the path prefixes /v2 to /v4.
inline constexpr int kAdminApiVersionMin = 2;
inline constexpr int kAdminApiVersionMax = 4;

// One process is the whole cluster.
boost::json::object cluster_health_view(const std::string& cluster_name);

boost::json::object version_view(const std::string& version, const std::string& ingress_endpoint);

// In the text format of Prometheus.
struct Measured {
  actors::Engine::Counts engine;
  std::uint64_t appends = 0;  // Of the committer: synced writes.
  std::size_t commit_bytes_in_flight = 0;
};
std::string metrics_text(const Measured& measured);

}  // namespace holdfast::net
