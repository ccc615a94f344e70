#include "tests/journal/golden_records.h"

#include "journal/tables/tables.h"

namespace holdfast::journal {

Bytes chunk_of(const std::vector<Entry>& entries, std::int64_t appended_at) {
  Bytes record;
  encode_chunk(record, appended_at, entries.data(), entries.size());
  return record;
}

Bytes row_of(const Invocation& row) { return encoded(row, encode_invocation); }

InvocationId id_of(std::uint8_t byte) {
  InvocationId id;
  id.partition_key = 0x0101010101010101u * byte;
  id.uuid.fill(byte);
  return id;
}

std::vector<Entry> step() { return {{"debit", Run{1}}, completion(1, Bytes("0123456789"))}; }

Invocation parked() {
  Invocation row;
  row.target = {ServiceKind::kObject, HandlerKind::kExclusive, "Greeter", "customer-7", "remind"};
  row.status = Status::kSuspended;
  row.completion_retention_ms = row.journal_retention_ms = 86'400'000;
  row.created_at = row.modified_at = row.running_at = 1'795'173'836'734;
  row.waits.completions = {1};
  row.journal_entries = row.journal_commands = 2;
  return row;
}

// With the ends of its journal.
Invocation whole() {
  Invocation row = parked();
  row.status = Status::kCompleted;
  row.waits = {};
  row.completed_at = 1'795'173'837'000;
  row.result = Outcome("done");
  row.input = Input{{{"content-type", "application/json"}}, "7"};
  row.ends_with_output = true;
  return row;
}

Deployment some_deployment() {
  Deployment deployment;
  deployment.uri = "http://localhost:9080/";
  deployment.http_version = HttpVersion::kHttp2;
  deployment.additional_headers = {{"authorization", "Bearer t"}};
  deployment.metadata = {{"team", "orders"}};
  deployment.protocol_version_min = 5;
  deployment.protocol_version_max = 7;
  deployment.sdk_version = "restate-sdk-typescript/1.17.2";
  deployment.created_at = 1'795'173'836'000;
  DeclaredService service;
  service.name = "Counter";
  service.kind = ServiceKind::kObject;
  service.revision = 3;
  service.options.lazy_state = true;
  service.options.retry_factor = 1.5;
  DeclaredHandler handler;
  handler.name = "add";
  handler.kind = HandlerKind::kExclusive;
  handler.documentation = "Adds.";
  handler.input_required = true;
  handler.input_content_type = "application/json";
  handler.input_schema = R"({"type":"integer"})";
  handler.options.retry_max_attempts = 3;
  handler.options.kill_at_max_attempts = true;
  service.handlers = {handler};
  deployment.services = {service};
  return deployment;
}

namespace {

Invocation of_a_key() {
  Invocation row = parked();
  row.life = 7;
  row.waiters = {{id_of(7), 9, 8}};
  return row;
}

}  // namespace

std::map<std::string, Bytes> golden_records() {
  const Failure failure{409, "canceled", {{"why", "asked"}}};
  const InvocationId id = id_of(7);
  const std::vector<std::pair<const char*, Entry>> entries = {
      {"input", {"", Input{{{"content-type", "application/json"}}, "{}"}}},
      {"output_value", {"", Output{"done"}}},
      {"output_failure", {"", Output{failure}}},
      {"read_state", {"", ReadState{"count", 3, std::nullopt}}},
      {"read_state_known", {"n", ReadState{"count", 0, "41"}}},
      {"list_state", {"", ListState{4, {"a", "b"}}}},
      {"write_state", {"", WriteState{"count", "42"}}},
      {"clear_state", {"", ClearState{"count"}}},
      {"clear_all_state", {"", ClearState{}}},
      {"sleep", {"nap", Sleep{1'795'173'836'734, 2}}},
      {"run", {"debit", Run{1}}},
      {"call",
       {"", Call{"Bank", "acc-1", "debit", "5", {{"h", "v"}}, "once", 5, 6, 1'795'173'836'734}}},
      {"promise", {"", Promise{Promise::Act::kComplete, "approved", 7, Outcome("yes")}}},
      {"send_signal", {"", SendSignal{id, 17u, "pong", true}}},
      {"send_signal_named", {"", SendSignal{id, "stop", Empty{}, false}}},
      {"attach", {"", Attach{id, 8, false, Attach::By::kWorkflow, "Signup", "run", "", "user-7"}}},
      {"completion_empty", completion(2, Empty{})},
      {"completion_value", completion(1, "0123456789")},
      {"completion_failure", completion(1, failure)},
      {"completion_invocation", completion(5, id)},
      {"completion_keys", completion(4, std::vector<Bytes>{"a", "b"})},
      {"told_empty", {"", Notification{Notification::Completion{2}, Empty{}, 7}}},
      {"told_value", {"", Notification{Notification::Completion{1}, "0123456789", 7}}},
      {"told_failure", {"", Notification{Notification::Completion{1}, failure, 7}}},
      {"signal", {"", Notification{kCancelSignal, Empty{}}}},
      {"signal_named", {"", Notification{"stop", "now"}}},
  };
  std::map<std::string, Bytes> records;
  for (const auto& [name, entry] : entries) {
    records[std::string("entry_") + name] = chunk_of({entry}, 1'795'173'836'000);
  }
  records["step"] = chunk_of(step(), 1'795'173'836'000);
  records["invocation_parked"] = row_of(parked());
  Invocation full = parked();
  full.status = Status::kCompleted;
  full.source = Source::kService;
  full.caller = id;
  full.caller_target = "Cart/c1/checkout";
  full.idempotency_key = "once";
  full.trace_parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  full.scheduled_start_at = 1'795'173'836'700;
  full.completed_at = 1'795'173'837'000;
  full.waiters = {{id, 9}};
  full.retry_count = 2;
  full.retrying_since = 1'795'173'836'800;
  full.next_retry_at = 1'795'173'836'900;
  full.last_failure = AttemptFailure{500, "no route", 1, "debit", "run"};
  full.waits = {{1}, {17}, {"stop"}, WaitSet::Combinator::kAny, {}};
  full.result = Outcome(failure);
  records["invocation_full"] = row_of(full);
  records["invocation_of_a_key"] = row_of(of_a_key());
  records["invocation_whole"] = row_of(whole());
  Invocation tree = parked();
  WaitSet race{{2, 3}, {17}, {}, WaitSet::Combinator::kAny, {}};
  WaitSet all{{4}, {}, {"go"}, WaitSet::Combinator::kFirstFailure, {race}};
  tree.waits = {{}, {kCancelSignal}, {}, WaitSet::Combinator::kAny, {all}};
  records["invocation_tree"] = row_of(tree);
  records["promise"] = encoded(PromiseRecord{Outcome("yes"), {{id, 3}}}, encode_promise);
  records["settings"] = encoded(ServiceSettings{false, 1, 2, 3, std::nullopt, 5}, encode_settings);
  records["settings_full"] = encoded(ServiceSettings{true, 1, 2, 3, 4, 5, 6}, encode_settings);
  records["queued"] = encoded(id, encode_queued);
  records["state"] = encoded(BytesView("42"), encode_state);
  records["deployment"] = encoded(some_deployment(), encode_deployment);
  return records;
}

}  // namespace holdfast::journal
