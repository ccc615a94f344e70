#include "net/admin/journal_view.h"

#include <map>
#include <string>
#include <variant>

#include "net/admin/answer.h"
#include "net/egress/translate.h"
#include "net/ingress/path.h"
#include "storage/base/time_text.h"

namespace holdfast::net {
namespace {

namespace json = boost::json;

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

// What the entries say about each completion id.
struct Completions {
  std::map<journal::CompletionId, std::string> command;  // Type of the command that made it.
  std::map<journal::CompletionId, const journal::Notification*> done;
};

// The completion id that tells a command's outcome, and for calls the one that tells the callee's
// id.
struct Ids {
  journal::CompletionId outcome = 0;
  journal::CompletionId callee = 0;
};
Ids ids_of(const journal::EntryBody& body) {
  return std::visit(Overloaded{
                        [](const journal::ReadState& e) { return Ids{e.completion}; },
                        [](const journal::ListState& e) { return Ids{e.completion}; },
                        [](const journal::Sleep& e) { return Ids{e.completion}; },
                        [](const journal::Run& e) { return Ids{e.completion}; },
                        [](const journal::Call& e) {
                          return Ids{e.completion, e.id_completion};
                        },
                        [](const journal::Promise& e) { return Ids{e.completion}; },
                        [](const journal::Attach& e) { return Ids{e.completion}; },
                        [](const auto&) { return Ids{}; },
                    },
                    body);
}

Completions completions_of(const std::vector<journal::StampedEntry>& journal) {
  Completions all;
  for (const journal::StampedEntry& stamped : journal) {
    if (const auto* notification = std::get_if<journal::Notification>(&stamped.entry.body)) {
      const auto* of = std::get_if<journal::Notification::Completion>(&notification->of);
      if (of != nullptr) all.done.emplace(of->id, notification);
      continue;
    }
    const Ids ids = ids_of(stamped.entry.body);
    if (ids.outcome != 0) all.command.emplace(ids.outcome, type_name(stamped.entry));
    if (ids.callee != 0) all.command.emplace(ids.callee, "CallInvocationId");
  }
  return all;
}

bool is_printable(BytesView bytes) {
  for (const char c : bytes) {
    const auto code = static_cast<unsigned char>(c);
    if ((code < 0x20 && c != '\n' && c != '\r' && c != '\t') || code == 0x7f) return false;
  }
  return is_utf8(bytes);
}

std::string base64(BytesView bytes) {
  static constexpr char kDigits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t word = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      word = word << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      text.push_back(i + k <= bytes.size() ? kDigits[word >> (18 - 6 * k) & 63] : '=');
    }
  }
  return text;
}

void put_value(json::object& view, BytesView value) {
  if (is_printable(value)) {
    view["value"] = json_string(value);
  } else {
    view["raw"] = base64(value);
  }
}

void put_failure(json::object& view, const journal::Failure& failure) {
  view["failure"] = {{"code", failure.code}, {"message", json_string(failure.message)}};
}

void put_outcome(json::object& view, const journal::Outcome& outcome) {
  if (const auto* value = std::get_if<Bytes>(&outcome)) {
    put_value(view, *value);
  } else {
    put_failure(view, std::get<journal::Failure>(outcome));
  }
}

json::array key_list(const std::vector<Bytes>& keys) {
  json::array list;
  for (const Bytes& key : keys) list.push_back(json_string(key));
  return list;
}

std::string target_of(const journal::Call& call) {
  return call.service + "/" + (call.key.empty() ? "" : call.key + "/") + call.handler;
}

void put_call(json::object& view, const journal::Call& call) {
  view["invoked_target"] = json_string(target_of(call));
  if (call.idempotency_key) view["idempotency_key"] = json_string(*call.idempotency_key);
  if (call.not_before_unix_ms != 0) view["invoke_at"] = time_text(call.not_before_unix_ms);
  put_value(view, call.parameter);
}

void put_signal(json::object& view, const journal::SendSignal& signal) {
  view["target_id"] = signal.target.text();
  if (const auto* index = std::get_if<std::uint32_t>(&signal.signal)) {
    view["signal"] = *index;
  } else {
    view["signal"] = json_string(std::get<std::string>(signal.signal));
  }
  if (const auto* value = std::get_if<Bytes>(&signal.result)) put_value(view, *value);
  if (const auto* failure = std::get_if<journal::Failure>(&signal.result)) {
    put_failure(view, *failure);
  }
}

void put_command(json::object& view, const journal::EntryBody& body) {
  std::visit(
      Overloaded{
          [&](const journal::Input& e) { put_value(view, e.value); },
          [&](const journal::Output& e) { put_outcome(view, e.result); },
          [&](const journal::ReadState& e) {
            view["key"] = json_string(e.key);
            if (e.value.has_value()) put_value(view, *e.value);
          },
          [&](const journal::ListState& e) {
            if (e.completion == 0) view["keys"] = key_list(e.keys);
          },
          [&](const journal::WriteState& e) {
            view["key"] = json_string(e.key);
            put_value(view, e.value);
          },
          [&](const journal::ClearState& e) {
            if (e.key.has_value()) view["key"] = json_string(*e.key);
          },
          [&](const journal::Sleep& e) { view["sleep_wakeup_at"] = time_text(e.wake_up_unix_ms); },
          [&](const journal::Run&) {},
          [&](const journal::Call& e) { put_call(view, e); },
          [&](const journal::Promise& e) {
            view["promise_name"] = json_string(e.key);
            if (e.result.has_value()) put_outcome(view, *e.result);
          },
          [&](const journal::SendSignal& e) { put_signal(view, e); },
          [&](const journal::Attach& e) { view["target_id"] = e.target.text(); },
          [&](const journal::Notification&) {},
      },
      body);
}

void put_notification(json::object& view, const journal::Notification& notification,
                      const Completions& all) {
  if (const auto* of = std::get_if<journal::Notification::Completion>(&notification.of)) {
    const auto command = all.command.find(of->id);
    view["entry_type"] =
        "Notification: " + (command == all.command.end() ? "Completion" : command->second);
    view["completion_id"] = of->id;
  } else {
    view["entry_type"] = "Notification: Signal";
    if (const auto* index = std::get_if<std::uint32_t>(&notification.of)) {
      view["signal"] = *index;
    } else {
      view["signal"] = json_string(std::get<std::string>(notification.of));
    }
  }
  std::visit(Overloaded{
                 [](const journal::Empty&) {},
                 [&](const Bytes& value) { put_value(view, value); },
                 [&](const journal::Failure& failure) { put_failure(view, failure); },
                 [&](const journal::InvocationId& id) { view["invoked_id"] = id.text(); },
                 [&](const std::vector<Bytes>& keys) { view["keys"] = key_list(keys); },
             },
             notification.result);
}

// Whether its outcome is in the journal; a command without one is complete by being there.
void put_completion(json::object& view, const journal::EntryBody& body, const Completions& all) {
  const Ids ids = ids_of(body);
  view["completed"] = ids.outcome == 0 || all.done.contains(ids.outcome);
  if (ids.outcome != 0) view["completion_id"] = ids.outcome;
  const auto callee = all.done.find(ids.callee);
  if (ids.callee == 0 || callee == all.done.end()) return;
  if (const auto* id = std::get_if<journal::InvocationId>(&callee->second->result)) {
    view["invoked_id"] = id->text();
  }
}

}  // namespace

json::array journal_view(const std::vector<journal::StampedEntry>& journal) {
  const Completions all = completions_of(journal);
  json::array entries;
  std::uint32_t index = 0;
  for (const journal::StampedEntry& stamped : journal) {
    json::object view;
    view["index"] = index++;
    if (const auto* notification = std::get_if<journal::Notification>(&stamped.entry.body)) {
      put_notification(view, *notification, all);
      view["completed"] = true;
    } else {
      view["entry_type"] = std::string("Command: ") + type_name(stamped.entry);
      put_command(view, stamped.entry.body);
      put_completion(view, stamped.entry.body, all);
    }
    if (!stamped.entry.name.empty()) view["name"] = json_string(stamped.entry.name);
    if (stamped.appended_at != 0) view["appended_at"] = time_text(stamped.appended_at);
    entries.push_back(std::move(view));
  }
  return entries;
}

}  // namespace holdfast::net
