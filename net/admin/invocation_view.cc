#include "net/admin/invocation_view.h"

#include <fmt/format.h>

#include <string>

#include "net/admin/answer.h"
#include "net/admin/words.h"
#include "net/ingress/duration_text.h"
#include "storage/base/time_text.h"

namespace holdfast::net {
namespace {

namespace json = boost::json;

void put_time(json::object& view, const char* name, std::int64_t unix_ms) {
  if (unix_ms != 0) view[name] = time_text(unix_ms);
}

void put_text(json::object& view, const char* name, std::string_view text) {
  if (!text.empty()) view[name] = json_string(text);
}

template <class Number>
json::array numbers(const std::vector<Number>& from) {
  json::array view;
  for (const Number number : from) view.push_back(number);
  return view;
}

void put_last_failure(json::object& view, const journal::AttemptFailure& failure) {
  view["last_failure"] = json_string(failure.message);
  view["last_failure_error_code"] = std::to_string(failure.code);
  if (failure.related_command.has_value()) {
    view["last_failure_related_command_index"] = *failure.related_command;
  }
  put_text(view, "last_failure_related_command_name", failure.related_command_name);
  put_text(view, "last_failure_related_command_type", failure.related_command_type);
}

void put_waits(json::object& view, const journal::WaitSet& tree) {
  const journal::WaitSet waits = tree.leaves();
  view["suspended_waiting_for_completions"] = numbers(waits.completions);
  view["suspended_waiting_for_signals"] = numbers(waits.signals);
  if (waits.named_signals.empty()) return;
  json::array names;
  for (const std::string& name : waits.named_signals) names.push_back(json_string(name));
  view["suspended_waiting_for_named_signals"] = std::move(names);
}

}  // namespace

json::object invocation_view(const journal::Invocation& invocation) {
  const journal::Target& target = invocation.target;
  json::object view;
  view["id"] = invocation.id.text();
  view["target"] = json_string(target.text());
  view["target_service_name"] = json_string(target.service);
  if (target.keyed()) view["target_service_key"] = json_string(target.key);
  view["target_handler_name"] = json_string(target.handler);
  view["target_service_ty"] = word_of(target.service_kind);
  view["status"] = journal::status_text(invocation.status);
  put_text(view, "pinned_deployment_id", invocation.deployment_id);
  if (invocation.protocol_version != 0) {
    view["pinned_service_protocol_version"] = invocation.protocol_version;
  }
  if (invocation.idempotency_key.has_value()) {
    view["idempotency_key"] = json_string(*invocation.idempotency_key);
  }
  view["invoked_by"] = word_of(invocation.source);
  if (invocation.caller.has_value()) {
    const bool restarted = invocation.source == journal::Source::kRestartAsNew;
    view[restarted ? "restarted_from" : "invoked_by_id"] = invocation.caller->text();
  }
  put_text(view, "invoked_by_target", invocation.caller_target);
  put_text(view, "trace_id", trace_id_of(invocation.trace_parent));
  put_time(view, "created_at", invocation.created_at);
  put_time(view, "modified_at", invocation.modified_at);
  put_time(view, "scheduled_start_at", invocation.scheduled_start_at);
  put_time(view, "running_at", invocation.running_at);
  put_time(view, "completed_at", invocation.completed_at);
  view["completion_retention"] = duration_text(invocation.completion_retention_ms);
  view["journal_retention"] = duration_text(invocation.journal_retention_ms);
  view["journal_size"] = invocation.journal_entries;
  view["journal_commands_size"] = invocation.journal_commands;
  view["retry_count"] = invocation.retry_count;
  put_time(view, "next_retry_at", invocation.next_retry_at);
  if (invocation.last_failure.has_value()) put_last_failure(view, *invocation.last_failure);
  if (invocation.status == journal::Status::kSuspended) put_waits(view, invocation.waits);
  if (invocation.result.has_value()) {
    const auto* failure = std::get_if<journal::Failure>(&*invocation.result);
    view["completion_result"] = failure == nullptr ? "success" : "failure";
    if (failure != nullptr) {
      view["completion_failure"] =
          json_string(fmt::format("[{}] {}", failure->code, failure->message));
    }
  }
  return view;
}

}  // namespace holdfast::net
