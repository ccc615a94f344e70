#include "net/admin/sql/entry_json.h"

#include <boost/json.hpp>
#include <utility>
#include <variant>
#include <vector>

#include "net/admin/answer.h"

namespace holdfast::net::sql {
namespace {

namespace json = boost::json;

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

json::array number_array(BytesView bytes) {
  json::array numbers;
  numbers.reserve(bytes.size());
  for (const char byte : bytes) numbers.push_back(static_cast<unsigned char>(byte));
  return numbers;
}

json::array key_array(const std::vector<Bytes>& keys) {
  json::array list;
  for (const Bytes& key : keys) list.push_back(json_string(key));
  return list;
}

// `name` and "value" of each.
json::array pair_array(const std::vector<std::pair<std::string, std::string>>& pairs,
                       const char* name) {
  json::array list;
  for (const auto& [key, value] : pairs) {
    list.push_back({{name, json_string(key)}, {"value", json_string(value)}});
  }
  return list;
}

json::object failure_view(const journal::Failure& failure) {
  json::object view{{"code", failure.code}, {"message", json_string(failure.message)}};
  if (!failure.metadata.empty()) view["metadata"] = pair_array(failure.metadata, "key");
  return {{"Failure", std::move(view)}};
}

// Of a signal.
json::object index_view(std::uint32_t index) { return {{"Index", index}}; }
json::object index_view(const std::string& name) { return {{"Name", json_string(name)}}; }

// Whom a call calls. The entry does not say of what kind the service is: with a key, it may as well
// be a workflow.
json::object target_view(const journal::Call& call) {
  json::object view{{"name", json_string(call.service)}};
  const bool keyed = !call.key.empty();
  if (keyed) view["key"] = json_string(call.key);
  view["handler"] = json_string(call.handler);
  if (keyed) view["handler_ty"] = "Exclusive";
  view["scope"] = nullptr;
  return {{keyed ? "VirtualObject" : "Service", std::move(view)}};
}

// A trace that there is none.
json::object no_span() {
  json::object context{{"trace_id", json::array(16, 0)},
                       {"span_id", json::array(8, 0)},
                       {"trace_flags", 0},
                       {"is_remote", false},
                       {"trace_state", ""}};
  return {{"span_context", std::move(context)}, {"cause", nullptr}};
}

json::object no_duration() { return {{"secs", 0}, {"nanos", 0}}; }

// Writes the members of one entry.
class Members {
 public:
  Members(EntryValues values, const journal::InvocationId& callee)
      : shown_(values == EntryValues::kShown), callee_(callee) {}

  json::object take() && { return std::move(members_); }

  void of(const journal::Input& e) {
    members_["headers"] = pair_array(e.headers, "name");
    if (shown_) members_["payload"] = number_array(e.value);
  }
  void of(const journal::Output& e) { result("result", e.result); }
  void of(const journal::ReadState& e) {
    text("key", e.key);
    if (e.completion != 0) return completion(e.completion);
    if (e.value.has_value()) {
      success("result", *e.value);
    } else {
      members_["result"] = "Void";
    }
  }
  void of(const journal::ListState& e) {
    if (e.completion != 0) return completion(e.completion);
    members_["state_keys"] = key_array(e.keys);
  }
  void of(const journal::WriteState& e) {
    text("key", e.key);
    if (shown_) members_["value"] = number_array(e.value);
  }
  void of(const journal::ClearState& e) {
    if (e.key.has_value()) text("key", *e.key);
  }
  void of(const journal::Sleep& e) {
    members_["wake_up_time"] = e.wake_up_unix_ms;
    completion(e.completion);
  }
  void of(const journal::Run& e) { completion(e.completion); }
  void of(const journal::Call& e) {
    members_["request"] = request(e);
    if (e.completion == 0) members_["invoke_time"] = e.not_before_unix_ms;
    members_["invocation_id_completion_id"] = e.id_completion;
    if (e.completion != 0) members_["result_completion_id"] = e.completion;
  }
  void of(const journal::Promise& e) {
    text("key", e.key);
    if (e.result.has_value()) result("value", *e.result);
    completion(e.completion);
  }
  void of(const journal::SendSignal& e) {
    const auto* const index = std::get_if<std::uint32_t>(&e.signal);
    if (e.as_awakeable && index != nullptr) {
      text("id", journal::AwakeableId{e.target, *index}.text());
    } else {
      text("target_invocation_id", e.target.text());
      signal_id("signal_id", e.signal);
    }
    result("result", e.result);
  }
  void of(const journal::Attach& e) {
    members_["target"] = {{"InvocationId", json_string(e.target.text())}};
    completion(e.completion);
  }
  // A completion by `type` of its command, or a signal.
  void of(const journal::Notification& e, std::string_view type) {
    if (const auto* of = std::get_if<journal::Notification::Completion>(&e.of)) {
      completion(of->id);
    } else if (const auto* index = std::get_if<std::uint32_t>(&e.of)) {
      members_["id"] = index_view(*index);
    } else {
      members_["id"] = index_view(std::get<std::string>(e.of));
    }
    if (type != "Sleep") result("result", e.result);
  }
  void name(std::string_view name) {
    if (shown_ || !name.empty()) text("name", name);
  }

 private:
  void text(const char* name, std::string_view text) { members_[name] = json_string(text); }
  void completion(journal::CompletionId id) { members_["completion_id"] = id; }
  void signal_id(const char* name, const std::variant<std::uint32_t, std::string>& signal) {
    members_[name] = std::visit([](const auto& id) { return index_view(id); }, signal);
  }
  void success(const char* name, BytesView value) {
    if (shown_) members_[name] = {{"Success", number_array(value)}};
  }
  template <class Result>
  void result(const char* name, const Result& result) {
    std::visit(
        Overloaded{
            [&](const Bytes& bytes) { success(name, bytes); },
            [&](const journal::Failure& one) { members_[name] = failure_view(one); },
            [&](const journal::InvocationId& id) { text("invocation_id", id.text()); },
            [&](const std::vector<Bytes>& keys) { members_["state_keys"] = key_array(keys); },
            [&](const journal::Empty&) { members_[name] = "Void"; },
        },
        result);
  }
  json::object request(const journal::Call& call) {
    json::object view;
    if (shown_) view["invocation_id"] = json_string(callee_.text());
    view["invocation_target"] = target_view(call);
    if (shown_) view["span_context"] = no_span();
    if (shown_) view["parameter"] = number_array(call.parameter);
    view["headers"] = pair_array(call.headers, "name");
    view["idempotency_key"] =
        call.idempotency_key ? json::value(json_string(*call.idempotency_key)) : json::value();
    if (shown_) view["completion_retention_duration"] = no_duration();
    if (shown_) view["journal_retention_duration"] = no_duration();
    return view;
  }

  const bool shown_;
  const journal::InvocationId& callee_;
  json::object members_;
};

std::size_t size_of(const journal::Failure& failure) { return failure.message.size(); }
std::size_t size_of(const Bytes& bytes) { return bytes.size(); }
std::size_t size_of(const journal::Empty&) { return 0; }
std::size_t size_of(const journal::InvocationId&) { return 24; }
std::size_t size_of(const std::vector<Bytes>& keys) {
  std::size_t bytes = 0;
  for (const Bytes& key : keys) bytes += key.size();
  return bytes;
}
template <class Result>
std::size_t size_of_result(const Result& result) {
  return std::visit([](const auto& one) { return size_of(one); }, result);
}

}  // namespace

std::string entry_json(const journal::Entry& entry, std::string_view type, EntryValues values,
                       const journal::InvocationId& callee) {
  Members members(values, callee);
  const auto* const notification = std::get_if<journal::Notification>(&entry.body);
  std::visit(Overloaded{
                 [&](const journal::Notification& body) { members.of(body, type); },
                 [&](const auto& body) { members.of(body); },
             },
             entry.body);
  if (notification == nullptr) members.name(entry.name);
  json::object typed;
  typed[type] = std::move(members).take();
  if (notification == nullptr) return json::serialize(json::object{{"Command", std::move(typed)}});
  if (std::holds_alternative<journal::Notification::Completion>(notification->of)) {
    typed = json::object{{"Completion", std::move(typed)}};
  }
  return json::serialize(json::object{{"Notification", std::move(typed)}});
}

std::size_t payload_size(const journal::Entry& entry) {
  const auto of_body = std::visit(
      Overloaded{
          [](const journal::Input& e) { return e.value.size(); },
          [](const journal::Output& e) { return size_of_result(e.result); },
          [](const journal::ReadState& e) {
            return e.key.size() + (e.value.has_value() ? e.value->size() : 0);
          },
          [](const journal::ListState& e) { return size_of(e.keys); },
          [](const journal::WriteState& e) { return e.key.size() + e.value.size(); },
          [](const journal::ClearState& e) { return e.key.has_value() ? e.key->size() : 0; },
          [](const journal::Call& e) { return e.parameter.size(); },
          [](const journal::Promise& e) {
            return e.key.size() + (e.result.has_value() ? size_of_result(*e.result) : 0);
          },
          [](const journal::SendSignal& e) { return size_of_result(e.result); },
          [](const journal::Notification& e) { return size_of_result(e.result); },
          [](const auto&) { return std::size_t{0}; },
      },
      entry.body);
  return of_body + entry.name.size();
}

}  // namespace holdfast::net::sql
