#include "net/server/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <fstream>
#include <iterator>
#include <sstream>
#include <toml.hpp>
#include <utility>

#include "net/egress/identity.h"
#include "net/ingress/path.h"

namespace holdfast::net {
namespace {

constexpr std::uint64_t kBodyMibCap = 32;  // What one journal entry may hold.

const std::array kOptions = {
    Option{"storage", "data", "data", "DIR", "Where everything is stored. One server per folder.",
           &Config::data_folder},
    Option{"storage", "memory_mib", "store-memory-mib", "MiB",
           "Memory of the store: its cache and what is not yet in files. More reads less.",
           &Config::store_memory_mib, 8, 1u << 20},
    Option{
        "storage", "accept_log_damage", "accept-log-damage", "",
        "Start on a damaged write-ahead log and lose what was written behind the damage. For one "
        "start.",
        &Config::accept_log_damage},
    Option{"ingress", "listen", "ingress", "HOST:PORT",
           "Where callers reach the handlers. Port 0 lets the system choose.", &Config::ingress},
    Option{"ingress", "tls_cert", "ingress-tls-cert", "FILE",
           "PEM certificate chain. With it and the key the ingress speaks TLS only.",
           &Config::ingress_tls_certificate},
    Option{"ingress", "tls_key", "ingress-tls-key", "FILE", "PEM key of the certificate.",
           &Config::ingress_tls_key},
    Option{"ingress", "body_max_mib", "ingress-body-max-mib", "MiB",
           "Largest body of a request; above it 413. Bounds what a client can make us hold.",
           &Config::ingress_body_mib, 1, kBodyMibCap},
    Option{"ingress", "connections_max", "ingress-connections-max", "",
           "Connections at a time; more wait. Keep it below the limit of open files.",
           &Config::ingress_connections, 1, 1'000'000},
    Option{"admin", "listen", "admin", "HOST:PORT", "Where the operator's API listens.",
           &Config::admin},
    Option{"admin", "allow_remote", "admin-allow-remote", "",
           "Let --admin be an address that others can reach. The admin API asks for no password.",
           &Config::admin_allow_remote},
    Option{"admin", "query_time_ms", "admin-query-time-ms", "ms",
           "How long one SQL query may run; then it is stopped.", &Config::admin_query_time_ms, 1,
           3'600'000},
    Option{"admin", "query_memory_mib", "admin-query-memory-mib", "MiB",
           "Memory one SQL query may use. Its answer may have a quarter of that.",
           &Config::admin_query_memory_mib, 4, 4096},
    Option{"handlers", "load", "load", "FILE",
           "A library of handlers, made with HOLDFAST_SERVICES. May be given several times.",
           &Config::load},
    Option{"handlers", "request_identity_private_key_pem_file",
           "request-identity-private-key-pem-file", "FILE",
           "Sign requests to endpoints with this Ed25519 key. Given twice: the first signs, the "
           "second is the next.",
           &Config::identity_keys},
    Option{"handlers", "cluster_name", "cluster-name", "NAME",
           "Who asks, for endpoints that several servers use: x-restate-cluster-name of discovery "
           "and invocations.",
           &Config::cluster_name},
    Option{"engine", "worker_threads", "worker-threads", "",
           "Threads that run handlers. 0: one per core.", &Config::worker_threads, 0, 1024},
    Option{"engine", "step_threads_max", "step-threads-max", "",
           "Steps that may block at the same time; more wait.", &Config::step_threads_max, 1,
           100'000},
    Option{"engine", "park_after_ms", "park-after-ms", "ms",
           "A handler that waits longer leaves memory, to be replayed when its wait is over.",
           &Config::park_after_ms, 1, 86'400'000},
    Option{"engine", "in_flight_max_mib", "in-flight-max-mib", "MiB",
           "What is accepted and not yet durable; above it new requests get 503.",
           &Config::in_flight_mib, 1, 65'536},
    Option{"engine", "active_max", "active-max", "",
           "Invocations in memory; above it new requests get 503, and above half of it, 20,000 at "
           "most, what was only sent waits in the store. 0: by the memory of the machine or the "
           "control group.",
           &Config::active_max, 0, 100'000'000},
    Option{"server", "drain_ms", "drain-ms", "ms",
           "How long a stop waits for requests that are nearly done. Nothing is lost either way.",
           &Config::drain_ms, 0, 600'000},
    Option{"log", "level", "log-level", "LEVEL", "debug, info, warn, error or off.",
           &Config::log_level},
};

// What is quoted in it may have lines of its own, and whatever else a terminal obeys.
Error in_one_line(std::string message) {
  for (char& c : message) {
    if (static_cast<unsigned char>(c) < ' ' || c == 127) c = '?';
  }
  return {ErrorCode::kInvalidArgument, std::move(message)};
}

Error wrong(std::string_view where, std::string_view why) {
  return in_one_line(fmt::format("{}: {}", where, why));
}

std::string environment_name(const Option& option) {
  std::string name = fmt::format("HOLDFAST_{}__{}", option.section, option.key);
  for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

// Lays values over a config, each option by its own type.
class Setter {
 public:
  Setter(const Option& option, std::string where, Config& config)
      : option_(option), where_(std::move(where)), config_(config) {}

  Result<void> set(const std::vector<std::string>& values) {
    if (const auto* list = std::get_if<std::vector<std::string> Config::*>(&option_.member)) {
      config_.*(*list) = values;
      return {};
    }
    if (values.size() != 1) return wrong(where_, "one value is expected");
    return set_one(values[0]);
  }

 private:
  Result<void> set_one(const std::string& value) {
    if (const auto* text = std::get_if<std::string Config::*>(&option_.member)) {
      if (value.empty()) return wrong(where_, "the value is empty");
      config_.*(*text) = value;
      return {};
    }
    if (const auto* flag = std::get_if<bool Config::*>(&option_.member)) {
      if (value != "true" && value != "false") return wrong(where_, "true or false is expected");
      config_.*(*flag) = value == "true";
      return {};
    }
    std::uint64_t number = 0;
    const char* const end = value.data() + value.size();
    const auto parsed = std::from_chars(value.data(), end, number);
    if (parsed.ec != std::errc() || parsed.ptr != end || number < option_.least ||
        number > option_.most) {
      return wrong(where_, fmt::format("'{}' is not a number from {} to {}", value, option_.least,
                                       option_.most));
    }
    config_.*std::get<std::uint64_t Config::*>(option_.member) = number;
    return {};
  }

  const Option& option_;
  const std::string where_;
  Config& config_;
};

Result<std::vector<std::string>> values_of(const toml::value& value, const std::string& where) {
  if (value.is_string()) return std::vector<std::string>{value.as_string().str};
  if (value.is_boolean()) return std::vector<std::string>{value.as_boolean() ? "true" : "false"};
  if (value.is_integer()) return std::vector<std::string>{std::to_string(value.as_integer())};
  if (!value.is_array()) return wrong(where, "a text, a number, true or false is expected");
  std::vector<std::string> values;
  for (const toml::value& item : value.as_array()) {
    if (!item.is_string()) return wrong(where, "a list of texts is expected");
    values.push_back(item.as_string().str);
  }
  return values;
}

Result<void> apply_section(const std::string& section, const toml::value& content,
                           const std::string& file, Config& config) {
  if (!content.is_table()) return wrong(file, fmt::format("'{}' must be a [section]", section));
  for (const auto& [key, value] : content.as_table()) {
    const std::string where = fmt::format("{}: {}.{}", file, section, key);
    const auto found =
        std::find_if(kOptions.begin(), kOptions.end(), [&, &name = key](const Option& option) {
          return option.section == section && option.key == name;
        });
    if (found == kOptions.end()) return wrong(where, "there is no such option");
    const std::vector<std::string> values = TRY(values_of(value, where));
    TRY(Setter(*found, where, config).set(values));
  }
  return {};
}

std::string first_line(std::string_view text) {
  return std::string(text.substr(0, text.find('\n')));
}

Result<std::string> text_of(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  try {
    if (stream) return std::string(std::istreambuf_iterator<char>(stream), {});
  } catch (const std::exception&) {  // It is a folder.
  }
  return wrong(file, "the file cannot be read");
}

// toml11 reads past the end of a text that is not UTF-8, and its stack ends at some 1000 brackets
// within each other.
Result<void> check_for_parser(const std::string& file, const std::string& text) {
  constexpr std::ptrdiff_t kBracketsMax = 256;
  if (!is_utf8(text)) return wrong(file, "not TOML: it is not UTF-8");
  const auto brackets =
      std::count_if(text.begin(), text.end(), [](char c) { return c == '[' || c == '{'; });
  if (brackets <= kBracketsMax) return {};
  return wrong(file, fmt::format("there are {} brackets in it, and {} are enough for all options",
                                 brackets, kBracketsMax));
}

Result<void> apply_file(const std::string& file, Config& config) {
  const std::string text = TRY(text_of(file));
  TRY(check_for_parser(file, text));
  try {
    std::istringstream stream(text);
    const toml::value root = toml::parse(stream, file);
    for (const auto& [section, content] : root.as_table()) {
      TRY(apply_section(section, content, file, config));
    }
  } catch (const std::exception& error) {
    return wrong(file, "not TOML: " + first_line(error.what()));
  }
  return {};
}

Result<Address> address_of(const char* flag, const std::string& text) {
  auto address = parse_address(text);
  if (!address) return wrong(flag, address.error().message());
  return address;
}

Result<void> check(const Config& config) {
  (void)TRY(address_of("--ingress", config.ingress));
  const Address admin = TRY(address_of("--admin", config.admin));
  if (!admin.is_loopback() && !config.admin_allow_remote) {
    return wrong("--admin",
                 fmt::format("{} can be reached from other machines, and the admin API asks for no "
                             "password; if that is meant, add --admin-allow-remote",
                             config.admin));
  }
  if (config.ingress_tls_certificate.empty() != config.ingress_tls_key.empty()) {
    return wrong("--ingress-tls-cert", "it goes together with --ingress-tls-key");
  }
  if (config.identity_keys.size() > Identity::kKeysMax) {
    return wrong("--request-identity-private-key-pem-file", "at most two keys are used");
  }
  if (!std::all_of(config.cluster_name.begin(), config.cluster_name.end(),
                   [](char c) { return c > ' ' && c < 127; })) {
    return wrong("--cluster-name", "it is sent as a header; visible ASCII characters only");
  }
  static constexpr std::string_view kLevels[] = {"debug", "info", "warn", "error", "off"};
  if (std::find(std::begin(kLevels), std::end(kLevels), config.log_level) == std::end(kLevels)) {
    return wrong("--log-level",
                 fmt::format("'{}' is none of debug, info, warn, error, off", config.log_level));
  }
  return {};
}

}  // namespace

std::string Option::default_text() const {
  const Config defaults;
  if (const auto* text = std::get_if<std::string Config::*>(&member)) return defaults.*(*text);
  if (const auto* number = std::get_if<std::uint64_t Config::*>(&member)) {
    return std::to_string(defaults.*(*number));
  }
  return "";
}

std::span<const Option> options() { return kOptions; }

bool Address::is_loopback() const {
  return host == "localhost" || host == "::1" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos);
}

std::string Address::text() const {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                             : fmt::format("[{}]:{}", host, port);
}

Result<Address> parse_address(std::string_view text) {
  const auto refuse = [text](std::string_view why) {
    return in_one_line(fmt::format("'{}' is not HOST:PORT: {}", text, why));
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return refuse("a port is missing");
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return refuse("an IPv6 address stands in brackets");
  }
  if (host.empty()) return refuse("a host is missing");
  Address address{std::string(host)};
  const char* const end = port.data() + port.size();
  const auto parsed = std::from_chars(port.data(), end, address.port);
  if (parsed.ec != std::errc() || parsed.ptr != end) return refuse("the port is 0 to 65535");
  return address;
}

Result<void> check_environment_names(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (!name.starts_with("HOLDFAST_") || name.find("__") == std::string::npos) continue;
    const bool known =
        std::any_of(kOptions.begin(), kOptions.end(),
                    [&](const Option& option) { return name == environment_name(option); });
    if (!known) return wrong(name, "there is no such option; see holdfast serve --help");
  }
  return {};
}

Result<Config> make_config(const std::vector<Given>& command_line, const Environment& environment,
                           const std::string& file) {
  Config config;
  if (!file.empty()) TRY(apply_file(file, config));
  for (const Option& option : kOptions) {
    const std::string name = environment_name(option);
    const std::optional<std::string> value = environment(name);
    if (value.has_value()) TRY(Setter(option, name, config).set({*value}));
  }
  for (const Given& given : command_line) {
    TRY(Setter(*given.option, fmt::format("--{}", given.option->flag), config).set(given.values));
  }
  TRY(check(config));
  return config;
}

}  // namespace holdfast::net
