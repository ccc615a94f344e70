#include <algorithm>
#include <boost/json.hpp>
#include <initializer_list>
#include <utility>

#include "net/admin/answer.h"
#include "net/admin/sql/invocation_rows.h"
#include "net/admin/sql/tables.h"
#include "net/admin/sql/words.h"
#include "net/ingress/duration_text.h"
#include "storage/base/check.h"

namespace holdfast::net::sql {
namespace {

using journal::Invocation;
using journal::Status;
using InvocationField = Field<InvocationRow>;

// A field of the record; null where there is no record.
template <class Function>
std::function<Value(InvocationRow&)> of(Function function) {
  return [function](InvocationRow& row) -> Value {
    const Invocation* const invocation = row.invocation();
    return invocation == nullptr ? Value() : Value(function(*invocation));
  };
}

template <class Function>
std::function<Value(InvocationRow&)> of_failure(Function function) {
  return of([function](const Invocation& row) -> Value {
    return row.last_failure.has_value() ? Value(function(*row.last_failure)) : Value();
  });
}

std::function<Value(InvocationRow&)> time(std::int64_t Invocation::*member) {
  return of([member](const Invocation& row) { return time_value(row.*member); });
}

Value last_failure(InvocationRow& row) {
  const Invocation* const invocation = row.invocation();
  if (invocation == nullptr) return text_value(row.problem());
  return invocation->last_failure.has_value() ? Value(invocation->last_failure->message) : Value();
}

Value caller(const Invocation& row, journal::Source source) {
  return row.source == source && row.caller.has_value() ? Value(row.caller->text()) : Value();
}

const char* combinator_word(journal::WaitSet::Combinator combinator) {
  using Combinator = journal::WaitSet::Combinator;
  switch (combinator) {
    case Combinator::kAny:
      return "FirstCompleted";
    case Combinator::kAll:
      return "AllCompleted";
    case Combinator::kFirstSuccess:
      return "FirstSucceededOrAllFailed";
    case Combinator::kFirstFailure:
      return "AllSucceededOrFirstFailed";
    case Combinator::kUnknown:
      return "Unknown";
  }
  return "Unknown";
}

// What of it is not settled yet.
boost::json::object waits_tree(const journal::WaitSet& waits) {
  boost::json::object node;
  node["completions"] = boost::json::value_from(waits.completions);
  node["signals"] = boost::json::value_from(waits.signals);
  boost::json::array names;
  for (const std::string& name : waits.named_signals) names.push_back(json_string(name));
  node["named_signals"] = std::move(names);
  if (!waits.nested.empty()) {
    boost::json::array& nested = node["nested"].emplace_array();
    for (const journal::WaitSet& one : waits.nested) nested.push_back(waits_tree(one));
  }
  return {{combinator_word(waits.combinator), std::move(node)}};
}

Value waits_json(const Invocation& row) {
  if (row.status != Status::kSuspended) return {};
  return boost::json::serialize(waits_tree(row.waits));
}

Value trace_id(const Invocation& row) { return text_value(trace_id_of(row.trace_parent)); }

Value completion_failure(const Invocation& row) {
  if (!row.result.has_value()) return {};
  const auto* failure = std::get_if<journal::Failure>(&*row.result);
  return failure == nullptr ? Value() : Value(failure_text(*failure));
}

Value completion_result(const Invocation& row) {
  if (!row.result.has_value()) return {};
  return std::holds_alternative<Bytes>(*row.result) ? "success" : "failure";
}

// Who takes a place in the queue of a key takes it at once, but for a delayed start, whose place is
// known to be taken only while it waits there.
Value inboxed_at(const Invocation& row) {
  if (!row.target.queued_by_key()) return {};
  if (row.scheduled_start_at == 0) return time_value(row.created_at);
  return row.status == Status::kQueued ? time_value(row.modified_at) : Value();
}

// What runs when a server starts gets a new attempt then; that is not written down.
Value last_start_at(InvocationRow& row) {
  const Invocation* const invocation = row.invocation();
  if (invocation == nullptr || invocation->status == Status::kCompleted) return {};
  if (invocation->status != Status::kRunning) return time_value(invocation->last_start_at);
  return time_value(std::max(invocation->last_start_at, row.facts().started_at()));
}

Value last_attempt_server(InvocationRow& row) {
  const Invocation* const invocation = row.invocation();
  if (invocation == nullptr || invocation->deployment_id.empty()) return {};
  return text_value(row.facts().server_of(invocation->deployment_id));
}

Value journal_size(InvocationRow& row) {
  const auto sizes = row.journal_sizes();
  return sizes.has_value() ? Value(std::int64_t{sizes->entries}) : Value();
}

Value journal_commands_size(InvocationRow& row) {
  const auto sizes = row.journal_sizes();
  return sizes.has_value() ? Value(std::int64_t{sizes->commands}) : Value();
}

// All that sys_invocation shows, in its order.
std::vector<InvocationField> identity_fields() {
  using enum ColumnType;
  return {
      {{"id", kText}, [](InvocationRow& row) -> Value { return row.id().text(); }},
      {{"vqueue_id", kText}, {}},
      {{"target", kText}, of([](const Invocation& row) { return row.target.text(); })},
      {{"target_service_name", kText}, of([](const auto& row) { return row.target.service; })},
      {{"target_service_key", kText},
       of([](const auto& row) { return row.target.keyed() ? Value(row.target.key) : Value(); })},
      {{"target_handler_name", kText}, of([](const auto& row) { return row.target.handler; })},
      {{"target_service_ty", kText},
       of([](const auto& row) { return word_of(row.target.service_kind); })},
      {{"scope", kText}, {}},
      {{"limit_key", kText}, {}},
      {{"idempotency_key", kText}, of([](const auto& row) {
         return row.idempotency_key.has_value() ? Value(*row.idempotency_key) : Value();
       })},
      {{"invoked_by", kText}, of([](const auto& row) { return word_of(row.source); })},
      {{"invoked_by_service_name", kText}, of([](const auto& row) {
         return text_value(row.caller_target.substr(0, row.caller_target.find('/')));
       })},
      {{"invoked_by_id", kText},
       of([](const auto& row) { return caller(row, journal::Source::kService); })},
      {{"invoked_by_subscription_id", kText}, {}},
      {{"invoked_by_target", kText},
       of([](const auto& row) { return text_value(row.caller_target); })},
      {{"restarted_from", kText},
       of([](const auto& row) { return caller(row, journal::Source::kRestartAsNew); })},
      {{"pinned_deployment_id", kText},
       of([](const auto& row) { return text_value(row.deployment_id); })},
      {{"pinned_service_protocol_version", kU32}, of([](const auto& row) {
         return row.protocol_version == 0 ? Value() : Value(std::int64_t{row.protocol_version});
       })},
      {{"trace_id", kText}, of(trace_id)},
      {{"journal_size", kU32}, journal_size},
      {{"journal_commands_size", kU32}, journal_commands_size},
  };
}

std::vector<InvocationField> time_fields() {
  using enum ColumnType;
  return {
      {{"created_at", kTime}, time(&Invocation::created_at)},
      {{"created_using_restate_version", kText}, {}},
      {{"modified_at", kTime}, time(&Invocation::modified_at)},
      {{"inboxed_at", kTime}, of(inboxed_at)},
      {{"scheduled_at", kTime}, of([](const auto& row) {
         return row.scheduled_start_at == 0 ? Value() : time_value(row.created_at);
       })},
      {{"scheduled_start_at", kTime}, time(&Invocation::scheduled_start_at)},
      {{"running_at", kTime}, time(&Invocation::running_at)},
      {{"completed_at", kTime}, time(&Invocation::completed_at)},
      {{"completion_retention", kDuration},
       of([](const auto& row) { return duration_text(row.completion_retention_ms); })},
      {{"journal_retention", kDuration},
       of([](const auto& row) { return duration_text(row.journal_retention_ms); })},
      {{"suspended_waiting_for_completions", kList}, of([](const auto& row) {
         return row.status == Status::kSuspended ? Value(list_text(row.waits.leaves().completions))
                                                 : Value();
       })},
      {{"suspended_waiting_for_signals", kList}, of([](const auto& row) {
         return row.status == Status::kSuspended ? Value(list_text(row.waits.leaves().signals))
                                                 : Value();
       })},
      {{"suspended_waiting_future_json", kText}, of(waits_json)},
  };
}

std::vector<InvocationField> attempt_fields() {
  using enum ColumnType;
  return {
      {{"retry_count", kU64}, of([](const auto& row) {
         return row.status == Status::kCompleted ? Value() : Value(std::int64_t{row.retry_count});
       })},
      {{"last_start_at", kTime}, last_start_at},
      {{"next_retry_at", kTime}, time(&Invocation::next_retry_at)},
      {{"last_attempt_deployment_id", kText},
       of([](const auto& row) { return text_value(row.deployment_id); })},
      {{"last_attempt_server", kText}, last_attempt_server},
      {{"last_failure", kText}, last_failure},
      {{"last_failure_error_code", kText},
       of_failure([](const auto& failure) { return std::to_string(failure.code); })},
      {{"last_failure_related_entry_index", kU64}, {}},
      {{"last_failure_related_entry_name", kText}, {}},
      {{"last_failure_related_entry_type", kText}, {}},
      {{"last_failure_related_command_index", kU64}, of_failure([](const auto& failure) {
         return failure.related_command.has_value() ? Value(std::int64_t{*failure.related_command})
                                                    : Value();
       })},
      {{"last_failure_related_command_name", kText},
       of_failure([](const auto& failure) { return text_value(failure.related_command_name); })},
      {{"last_failure_related_command_type", kText},
       of_failure([](const auto& failure) { return text_value(failure.related_command_type); })},
      {{"last_awaiting_on_future_json", kText}, {}},
  };
}

std::vector<InvocationField> outcome_fields(const char* (*status_text)(Status)) {
  using enum ColumnType;
  return {
      {{"status", kText}, of([status_text](const auto& row) { return status_text(row.status); })},
      {{"completion_result", kText}, of(completion_result)},
      {{"completion_failure", kText}, of(completion_failure)},
  };
}

InvocationField partition_key_field() {
  return {{"partition_key", ColumnType::kU64},
          [](InvocationRow& row) { return u64_value(row.id().partition_key); }};
}

using FieldList = std::vector<InvocationField>;
FieldList joined(std::initializer_list<FieldList> lists) {
  FieldList all;
  for (const FieldList& list : lists) all.insert(all.end(), list.begin(), list.end());
  return all;
}

const FieldList& invocation_fields() {
  static const FieldList fields = joined(
      {identity_fields(), time_fields(), attempt_fields(), outcome_fields(journal::status_text)});
  return fields;
}

// What is stored, without the attempt.
const FieldList& status_fields() {
  static const FieldList fields = joined({{partition_key_field()},
                                          identity_fields(),
                                          time_fields(),
                                          outcome_fields(stored_status_text)});
  return fields;
}

// The attempt.
const FieldList& state_fields() {
  const auto in_flight =
      of([](const Invocation& row) { return bool_value(row.status == Status::kRunning); });
  static const FieldList fields = joined({{partition_key_field(),
                                           identity_fields().front(),
                                           {{"in_flight", ColumnType::kBool}, in_flight}},
                                          attempt_fields()});
  return fields;
}

// The one event that is kept: the last failure, until there is progress.
Value event_json(const journal::AttemptFailure& failure) {
  boost::json::object event{{"error_code", failure.code},
                            {"error_message", json_string(failure.message)}};
  if (failure.related_command.has_value()) {
    event["related_command_index"] = *failure.related_command;
  }
  if (!failure.related_command_name.empty()) {
    event["related_command_name"] = json_string(failure.related_command_name);
  }
  if (!failure.related_command_type.empty()) {
    event["related_command_type"] = json_string(failure.related_command_type);
  }
  return boost::json::serialize(event);
}

const FieldList& event_fields() {
  using enum ColumnType;
  static const FieldList fields = {
      partition_key_field(),
      identity_fields().front(),
      {{"after_journal_entry_index", kU32}, of([](const auto& row) {
         return row.journal_entries == 0 ? Value() : Value(std::int64_t{row.journal_entries} - 1);
       })},
      {{"appended_at", kTime}, of([](const auto& row) {
         // What it is doing now began with the failure.
         const bool since = row.status == Status::kBackingOff || row.status == Status::kPaused;
         return since ? time_value(row.modified_at) : Value();
       })},
      {{"event_type", kText}, [](InvocationRow&) -> Value { return "TransientError"; }},
      {{"event_json", kText}, of_failure(event_json)},
  };
  return fields;
}

// Only those that failed.
Fill<InvocationRow> with_failure(Fill<InvocationRow> fill) {
  return [fill = std::move(fill)](Page<InvocationRow>& page) -> Result<bool> {
    const bool more = TRY(fill(page));
    std::vector<InvocationRow> failed;
    for (InvocationRow& row : page.rows()) {
      const Invocation* const invocation = row.invocation();
      if (invocation != nullptr && invocation->last_failure.has_value()) {
        failed.push_back(std::move(row));
      }
    }
    page.rows() = std::move(failed);
    return more;
  };
}

using InvocationTable = TypedTable<InvocationRow>;

std::unique_ptr<Table> table_of(const char* name, const FieldList& fields, InvocationWay by_status,
                                const Sources& sources) {
  const std::vector<InvocationTable::NamedWay> ways = {
      {{"id"}, 1}, {{"target"}, 600}, {{"target_service_key"}, 20}, {{"status"}, 1e5}, {{}, 1e6}};
  return std::make_unique<InvocationTable>(
      name, fields, ways,
      [sources, by_status](std::size_t number, const std::vector<std::string>& values) {
        const auto way = static_cast<InvocationWay>(number);
        return invocations(sources, way == InvocationWay::kStatus ? by_status : way,
                           values.empty() ? std::string() : values.front());
      },
      sources.watch);
}

// Tables that are found by id only.
std::unique_ptr<Table> table_by_id(const char* name, const FieldList& fields,
                                   const Sources& sources, bool failed_only) {
  return std::make_unique<InvocationTable>(
      name, fields, std::vector<InvocationTable::NamedWay>{{{"id"}, 1}, {{}, 1e6}},
      [sources, failed_only](std::size_t way, const std::vector<std::string>& values) {
        auto fill = way == 0 ? invocations(sources, InvocationWay::kId, values.front())
                             : invocations(sources, InvocationWay::kAll, {});
        return failed_only ? with_failure(std::move(fill)) : std::move(fill);
      },
      sources.watch);
}

}  // namespace

void add_invocation_tables(Tables& tables, const Sources& sources) {
  tables.push_back(
      table_of("sys_invocation", invocation_fields(), InvocationWay::kStatus, sources));
  tables.push_back(
      table_of("sys_invocation_status", status_fields(), InvocationWay::kStoredStatus, sources));
  tables.push_back(table_by_id("sys_invocation_state", state_fields(), sources, false));
  tables.push_back(table_by_id("sys_journal_events", event_fields(), sources, true));
}

}  // namespace holdfast::net::sql
