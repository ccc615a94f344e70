#include "net/server/doctor_command.h"

#include <fmt/format.h>

#include <chrono>
#include <ctime>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "journal/ids.h"
#include "net/http/client.h"
#include "net/server/config.h"

namespace holdfast::net {
namespace {

namespace json = boost::json;

constexpr std::string_view kScheme = "http://";

// A member that is text; "" when there is none. A control character becomes a space.
std::string text_in(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  std::string text(value->get_string());
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return text;
}

// The objects of a member that is an array; whatever else it has is no answer of ours.
std::vector<const json::object*> objects_in(const json::object& object, std::string_view name) {
  std::vector<const json::object*> objects;
  const json::value* const value = object.if_contains(name);
  if (value == nullptr || !value->is_array()) return objects;
  for (const json::value& one : value->get_array()) {
    if (const json::object* const found = one.if_object()) objects.push_back(found);
  }
  return objects;
}

// Of 2026-11-29T01:44:40.123Z, to the second; none: it is not one.
std::optional<std::int64_t> unix_seconds(const std::string& time) {
  std::tm parts{};
  const char* const rest = strptime(time.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (rest == nullptr) return std::nullopt;
  return timegm(&parts);
}

std::string duration(std::int64_t seconds) {
  if (seconds < 60) return fmt::format("{}s", std::max<std::int64_t>(seconds, 0));
  if (seconds < 3600) return fmt::format("{}m {}s", seconds / 60, seconds % 60);
  if (seconds < 86'400) return fmt::format("{}h {}m", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{}d {}h", seconds / 86'400, seconds / 3600 % 24);
}

std::string ago(const std::string& time, std::int64_t now_unix_ms) {
  const auto then = unix_seconds(time);
  return then ? duration(now_unix_ms / 1000 - *then) : std::string("?");
}

std::string head(const json::object& standing, std::int64_t now_unix_ms) {
  std::string line = text_in(standing, "id");
  if (const std::string target = text_in(standing, "target"); !target.empty()) line += " " + target;
  line += ", " + text_in(standing, "status");
  const std::string since = text_in(standing, "since");
  if (!since.empty()) line += fmt::format(" for {} (since {})", ago(since, now_unix_ms), since);
  return line + "\n  " + text_in(standing, "summary") + "\n";
}

void add_waits(const json::object& standing, std::int64_t now_unix_ms, std::string& text) {
  const auto waits = objects_in(standing, "waits_for");
  for (const json::object* const wait : waits) {
    const auto then = unix_seconds(text_in(*wait, "until"));
    if (waits.size() == 1 && !then) return;
    text += "  - " + text_in(*wait, "text");
    if (then) text += fmt::format(", in {}", duration(*then - now_unix_ms / 1000));
    text += '\n';
  }
}

// What can be done about one of the chain, each command once.
void add_remedies(const json::object& standing, std::set<std::string>& told, std::string& text) {
  for (const json::object* const wait : objects_in(standing, "waits_for")) {
    for (const json::object* const remedy : objects_in(*wait, "remedies")) {
      const std::string run = text_in(*remedy, "run");
      if (!told.insert(run).second) continue;
      text += fmt::format("  {}:\n    {}\n", text_in(*remedy, "does"), run);
    }
  }
}

std::string chain_text(const json::object& answer, std::int64_t now_unix_ms) {
  std::string text;
  const auto chain = objects_in(answer, "chain");
  for (const json::object* const standing : chain) {
    text += head(*standing, now_unix_ms);
    add_waits(*standing, now_unix_ms, text);
  }
  const std::string circle = text_in(answer, "circle");
  if (!circle.empty()) {
    text += fmt::format(
        "which waits for {}, see above: they wait for each other, and none of them "
        "goes on until one is ended\n",
        circle);
  }
  if (answer.contains("cut")) text += "and so on; ask again with the last id\n";
  if (chain.empty()) return text;
  // The last one is what all the others wait for.
  std::string remedies;
  std::set<std::string> told;
  add_remedies(*chain.back(), told, remedies);
  if (chain.size() > 1) add_remedies(*chain.front(), told, remedies);
  if (!remedies.empty()) text += "\nWhat can be done:\n" + remedies;
  return text;
}

std::string list_text(const json::object& answer, std::int64_t now_unix_ms) {
  std::string text;
  const auto standings = objects_in(answer, "explanations");
  for (const json::object* const standing : standings) {
    text += fmt::format("{}  {:>8}  {:<12} {}: {}\n", text_in(*standing, "id"),
                        ago(text_in(*standing, "since"), now_unix_ms), text_in(*standing, "status"),
                        text_in(*standing, "target"), text_in(*standing, "summary"));
  }
  const json::value* const all = answer.if_contains("not_completed");
  json::error_code wrong;
  const std::uint64_t count = all == nullptr ? 0 : all->to_number<std::uint64_t>(wrong);
  if (count == 0) return "every invocation is completed\n";
  return text + fmt::format(
                    "\n{} of {} that are not completed, the longest first, sleepers last; "
                    "`holdfast doctor ID` says more about one\n",
                    standings.size(), count);
}

// Brackets of the admin API's errors and what stands in them.
std::string message_in(const HttpResponse& response) {
  json::error_code error;
  const json::value body = json::parse(response.body, error);
  if (error || !body.is_object()) return fmt::format("the answer has status {}", response.status);
  return text_in(body.get_object(), "message");
}

}  // namespace

Result<json::object> ask_doctor(const std::string& admin, const std::string& id) {
  std::string_view place = admin;
  if (place.starts_with(kScheme)) place.remove_prefix(kScheme.size());
  if (place.ends_with('/')) place.remove_suffix(1);
  const auto address = parse_address(place);
  if (!address) {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("--admin '{}': http://HOST:PORT is expected", admin));
  }
  if (!id.empty()) TRY(journal::InvocationId::from_text(id));
  HttpClient client(address->host, address->port);
  const auto response = client.request(
      "GET", id.empty() ? "/explanations" : fmt::format("/invocations/{}/explanation", id));
  if (!response) {
    return Error(ErrorCode::kUnavailable,
                 fmt::format("no server answers at {}: {}", admin, response.error().message()));
  }
  if (response->status != 200) {
    return Error(response->status == 404 ? ErrorCode::kNotFound : ErrorCode::kConflict,
                 message_in(*response));
  }
  json::error_code error;
  json::value body = json::parse(response->body, error);
  if (error || !body.is_object()) {
    return Error(ErrorCode::kConflict, fmt::format("what answers at {} is no holdfast", admin));
  }
  return std::move(body.get_object());
}

std::string doctor_text(const json::object& answer, std::int64_t now_unix_ms) {
  return answer.contains("chain") ? chain_text(answer, now_unix_ms)
                                  : list_text(answer, now_unix_ms);
}

}  // namespace holdfast::net
