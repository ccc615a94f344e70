#pragma once
// Config: every option of the server, in one table, with its default, its unit and its reason.
//
// A value comes from the command line, else from the environment (HOLDFAST_SECTION__KEY), else from
// the file named by --config ([section] key, TOML), else from the default. Unknown names and values
// that make no sense are kInvalidArgument, in one line that names the place.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "storage/base/result.h"

namespace holdfast::net {

struct Config {
  std::string data_folder = "./holdfast-data";
  std::uint64_t store_memory_mib = 32;
  bool accept_log_damage = false;

  std::string ingress = "127.0.0.1:8080";
  std::string ingress_tls_certificate;
  std::string ingress_tls_key;
  std::uint64_t ingress_body_mib = 8;
  std::uint64_t ingress_connections = 10'000;

  std::string admin = "127.0.0.1:9070";
  bool admin_allow_remote = false;
  std::uint64_t admin_query_time_ms = 10'000;
  std::uint64_t admin_query_memory_mib = 256;

  std::vector<std::string> load;
  std::vector<std::string> identity_keys;
  std::string cluster_name = "holdfast";

  std::uint64_t worker_threads = 0;
  std::uint64_t step_threads_max = 512;
  std::uint64_t park_after_ms = 1000;
  std::uint64_t in_flight_mib = 64;
  std::uint64_t active_max = 0;  // 0: by the memory there is.

  std::uint64_t drain_ms = 3000;
  std::string log_level = "info";
};

// One row of the table.
struct Option {
  using Member = std::variant<std::string Config::*, std::uint64_t Config::*, bool Config::*,
                              std::vector<std::string> Config::*>;

  const char* section;
  const char* key;
  const char* flag;    // Without its dashes.
  const char* unit;    // What the value is: HOST:PORT, MiB, ms. Empty for a switch.
  const char* reason;  // What it does and why one would change it.
  Member member;
  // Of numbers.
  std::uint64_t least = 0;
  std::uint64_t most = UINT64_MAX;

  bool is_switch() const { return std::holds_alternative<bool Config::*>(member); }
  bool is_list() const {
    return std::holds_alternative<std::vector<std::string> Config::*>(member);
  }
  std::string default_text() const;
};
std::span<const Option> options();

// A host and port: "127.0.0.1:8080", "[::1]:8080", "localhost:0".
struct Address {
  std::string host;
  std::uint16_t port = 0;

  bool is_loopback() const;
  std::string text() const;
};
Result<Address> parse_address(std::string_view text);

// Reads the value of an environment variable.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

// What the command line gave for one option; a list may have several.
struct Given {
  const Option* option = nullptr;
  std::vector<std::string> values;
};

// The names of environment variables that look like options and are none end a start:
// kInvalidArgument.
Result<void> check_environment_names(const std::vector<std::string>& names);

// Lays everything over the defaults and checks it. `file` is empty for none.
Result<Config> make_config(const std::vector<Given>& command_line, const Environment& environment,
                           const std::string& file);

}  // namespace holdfast::net
