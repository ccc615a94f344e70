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

json::array pair_array(const std::vector<std::pair<std::string, std::string>>& pairs) {
  json::array list;
  for (const auto& [name, value] : pairs) {
    list.push_back({{"key", json_string(name)}, {"value", json_string(value)}});
  }
  return list;
}

// Writes the members of one entry.
class Members {
 public:
  explicit Members(EntryValues values) : values_(values) {}

  json::object take() && { return std::move(members_); }

  void text(const char* name, std::string_view text) { members_[name] = json_string(text); }
  void text_if(const char* name, std::string_view text) {
    if (!text.empty()) members_[name] = json_string(text);
  }
  void completion(const char* name, journal::CompletionId id) {
    if (id != 0) members_[name] = id;
  }
  void value(const char* name, BytesView value) {
    if (values_ == EntryValues::kShown) members_[name] = number_array(value);
  }
  void failure(const journal::Failure& failure) {
    json::object view{{"code", failure.code}, {"message", json_string(failure.message)}};
    if (!failure.metadata.empty()) view["metadata"] = pair_array(failure.metadata);
    members_["failure"] = std::move(view);
  }
  template <class Result>
  void result(const Result& result) {
    std::visit(Overloaded{
                   [&](const Bytes& bytes) { value("value", bytes); },
                   [&](const journal::Failure& one) { failure(one); },
                   [&](const journal::InvocationId& id) { text("invocation_id", id.text()); },
                   [&](const std::vector<Bytes>& keys) { members_["keys"] = key_array(keys); },
                   [](const journal::Empty&) {},
               },
               result);
  }

  void of(const journal::Input& e) {
    if (!e.headers.empty()) members_["headers"] = pair_array(e.headers);
    value("payload", e.value);
  }
  void of(const journal::Output& e) { result(e.result); }
  void of(const journal::ReadState& e) {
    text("key", e.key);
    completion("completion_id", e.completion);
    if (e.value.has_value()) value("value", *e.value);
  }
  void of(const journal::ListState& e) {
    completion("completion_id", e.completion);
    if (e.completion == 0) members_["keys"] = key_array(e.keys);
  }
  void of(const journal::WriteState& e) {
    text("key", e.key);
    value("value", e.value);
  }
  void of(const journal::ClearState& e) {
    if (e.key.has_value()) text("key", *e.key);
  }
  void of(const journal::Sleep& e) {
    members_["wake_up_time"] = e.wake_up_unix_ms;
    completion("completion_id", e.completion);
  }
  void of(const journal::Run& e) { completion("completion_id", e.completion); }
  void of(const journal::Call& e) {
    text("service_name", e.service);
    text_if("service_key", e.key);
    text("handler_name", e.handler);
    if (!e.headers.empty()) members_["headers"] = pair_array(e.headers);
    if (e.idempotency_key.has_value()) text("idempotency_key", *e.idempotency_key);
    if (e.not_before_unix_ms != 0) members_["invoke_time"] = e.not_before_unix_ms;
    completion("invocation_id_completion_id", e.id_completion);
    completion("result_completion_id", e.completion);
    value("parameter", e.parameter);
  }
  void of(const journal::Promise& e) {
    text("key", e.key);
    completion("completion_id", e.completion);
    if (e.result.has_value()) result(*e.result);
  }
  void of(const journal::SendSignal& e) {
    text("target_invocation_id", e.target.text());
    signal_id(e.signal);
    result(e.result);
  }
  void of(const journal::Attach& e) {
    text("target_invocation_id", e.target.text());
    completion("completion_id", e.completion);
  }
  void of(const journal::Notification& e) {
    std::visit(
        Overloaded{
            [&](const journal::Notification::Completion& of) { members_["completion_id"] = of.id; },
            [&](const auto& of) { signal_id(of); },
        },
        e.of);
    result(e.result);
  }

 private:
  void signal_id(std::uint32_t index) { members_["signal_index"] = index; }
  void signal_id(const std::string& name) { text("signal_name", name); }
  void signal_id(const std::variant<std::uint32_t, std::string>& signal) {
    std::visit([this](const auto& id) { signal_id(id); }, signal);
  }

  const EntryValues values_;
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

std::string entry_json(const journal::Entry& entry, std::string_view type, EntryValues values) {
  Members members(values);
  members.text_if("name", entry.name);
  std::visit([&](const auto& body) { members.of(body); }, entry.body);
  json::object typed;
  typed[type] = std::move(members).take();
  json::object whole;
  whole[entry.is_command() ? "Command" : "Notification"] = std::move(typed);
  return json::serialize(whole);
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
