#include "journal/verify/row_text.h"

#include <fmt/format.h>

#include "journal/tables/key.h"
#include "storage/base/time_text.h"
#include "storage/key_space.h"

namespace holdfast::journal {
namespace {

using storage::Table;

constexpr std::size_t kTextMax = 200;

const char* timer_kind_text(TimerKind kind) {
  switch (kind) {
    case TimerKind::kSleep:
      return "sleep";
    case TimerKind::kRetry:
      return "retry";
    case TimerKind::kStart:
      return "delayed start";
    case TimerKind::kExpire:
      return "end of retention";
    case TimerKind::kExpireJournal:
      return "end of the journal's retention";
  }
  return "unknown";
}

std::string raw_text(BytesView key) { return "key " + printable(key); }

std::string id_key_text(const char* noun, BytesView key, bool stamped) {
  const auto id = id_in(key);
  const auto stamp = stamp_in(key);
  if (!id || !stamp || key.size() != (stamped ? 33u : 25u)) return raw_text(key);
  return stamped ? fmt::format("{} {} #{}", noun, id->text(), *stamp)
                 : fmt::format("{} {}", noun, id->text());
}

std::string object_key_text(const char* noun, BytesView key, bool stamped) {
  const auto parts = object_in(key);
  if (!parts || (stamped && parts->rest.size() != 8)) return raw_text(key);
  const std::string object = object_text(parts->service, parts->key);
  if (stamped) return fmt::format("{} {} #{}", noun, object, *stamp_in(key));
  return fmt::format("{} {} {}", noun, object, printable(parts->rest));
}

std::string waiter_text(const WaiterKeyParts& parts) {
  std::string of;
  if (const auto* id = std::get_if<InvocationId>(&parts.of)) {
    of = id->text();
  } else {
    const auto& promise = std::get<PromiseName>(parts.of);
    of = fmt::format("promise {} {}", object_text(promise.service, promise.key),
                     printable(promise.name));
  }
  return fmt::format("waiter {} completion {} for {}", parts.waiter.invocation.text(),
                     parts.waiter.completion, of);
}

}  // namespace

std::string printable(BytesView bytes) {
  std::string text;
  for (const char c : bytes.substr(0, kTextMax)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f && c != '\\') {
      text.push_back(c);
    } else {
      text += fmt::format("\\x{:02x}", byte);
    }
  }
  if (bytes.size() > kTextMax) text += "...";
  return text;
}

std::string timer_text(const Timer& timer) {
  std::string text = fmt::format("timer {} {} of {}", time_text(timer.due_unix_ms),
                                 timer_kind_text(timer.kind), timer.invocation.text());
  if (timer.kind == TimerKind::kSleep) text += fmt::format(" completion {}", timer.completion);
  return text;
}

std::string object_text(std::string_view service, std::string_view key) {
  return printable(service) + "/" + printable(key);
}

std::string key_text(BytesView key) {
  if (key.empty()) return "an empty key";
  switch (static_cast<Table>(key.front())) {
    case Table::kInvocation:
      return id_key_text("invocation", key, false);
    case Table::kJournal:
      return id_key_text("journal of", key, true);
    case Table::kRunnable:
      return id_key_text("wake-up of", key, true);
    case Table::kInbox:
      return object_key_text("queue of", key, true);
    case Table::kState:
      return object_key_text("state of", key, false);
    case Table::kPromise:
      return object_key_text("promise of", key, false);
    case Table::kWaiter:
    case Table::kPromiseWaiter: {
      const auto parts = waiter_in(key);
      return parts ? waiter_text(*parts) : raw_text(key);
    }
    case Table::kTimer: {
      const auto timer = timer_in(key);
      return timer ? timer_text(*timer) : raw_text(key);
    }
    case Table::kServiceSettings:
      return "settings of " + printable(key.substr(1));
    case Table::kDeployment: {
      const auto id = DeploymentId::from_bytes(key.substr(1));
      return id ? "deployment " + id->text() : raw_text(key);
    }
    case Table::kMeta:
    case Table::kCounter:
      if (key.size() < 9) return raw_text(key);
      return (key.front() == 'm' ? "meta row " : "counter ") + printable(key.substr(9));
    case Table::kOutbox:
    case Table::kExpiry:
      break;
  }
  return raw_text(key);
}

}  // namespace holdfast::journal
