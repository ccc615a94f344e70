#include "journal/codec/codec.h"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <map>

#include "storage/base/checksum.h"
#include "tests/journal/record_samples.h"

namespace holdfast::journal {
namespace {

constexpr std::uint64_t kSeed = 20261120;

Bytes chunk_of(const std::vector<Entry>& entries, std::int64_t appended_at) {
  Bytes record;
  encode_chunk(record, appended_at, entries.data(), entries.size());
  return record;
}

template <class Record, class Encode>
Bytes encoded(const Record& record, Encode encode) {
  Bytes bytes;
  encode(bytes, record);
  return bytes;
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

Bytes row_of(const Invocation& row) { return encoded(row, encode_invocation); }

// Puts the right checksum back, as if a release of another day had written the bytes.
void sign(Bytes& record) {
  const std::uint32_t sum = checksum(BytesView(record).substr(kRecordHeaderSize));
  for (int i = 0; i < 4; ++i) record[4 + i] = static_cast<char>(sum >> (8 * i));
}

template <class T>
bool corrupt(const Result<T>& result) {
  return !result.has_value() && result.error().code() == ErrorCode::kCorruption;
}

// Reads `record` as a table that holds records of `kind` does.
bool corrupt_as(char kind, BytesView record) {
  switch (static_cast<RecordKind>(kind)) {
    case RecordKind::kInvocation:
      return corrupt(decode_invocation(record));
    case RecordKind::kChunk:
      return corrupt(decode_chunk(record));
    case RecordKind::kPromise:
      return corrupt(decode_promise(record));
    case RecordKind::kSettings:
      return corrupt(decode_settings(record));
    case RecordKind::kQueued:
      return corrupt(decode_queued(record));
    case RecordKind::kState:
      return corrupt(decode_state(record));
    case RecordKind::kDeployment:
      return corrupt(decode_deployment(record));
  }
  return false;
}

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

Invocation of_a_key() {
  Invocation row = parked();
  row.life = 7;
  row.waiters = {{id_of(7), 9, 8}};
  return row;
}

// One record of each kind and entry, with fixed fields: what golden bytes are made of.
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
  full.waits.signals = {17};
  full.waits.named_signals = {"stop"};
  full.result = Outcome(failure);
  records["invocation_full"] = row_of(full);
  records["invocation_of_a_key"] = row_of(of_a_key());
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

std::string hex(BytesView bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    text.push_back(kDigits[static_cast<unsigned char>(byte) >> 4]);
    text.push_back(kDigits[static_cast<unsigned char>(byte) & 15]);
  }
  return text;
}

Bytes unhex(std::string_view text) {
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

std::string golden_path() { return HOLDFAST_TESTS_FOLDER "/golden/records_v1.txt"; }

}  // namespace

BOOST_AUTO_TEST_SUITE(codec)

BOOST_AUTO_TEST_CASE(every_kind_of_entry_comes_back_as_it_was) {
  Samples samples(kSeed);
  for (int round = 0; round < 200; ++round) {
    for (int kind = 0; kind < Samples::kEntryKinds; ++kind) {
      const Entry entry = samples.entry(kind);

      const auto chunk = decode_chunk(chunk_of({entry}, round));

      BOOST_REQUIRE(chunk.has_value());
      BOOST_REQUIRE(chunk->entries.size() == 1u);
      BOOST_TEST(chunk->appended_at == round);
      BOOST_TEST((describe(chunk->entries[0]) == describe(entry)), "kind " << kind);
    }
  }
}

BOOST_AUTO_TEST_CASE(entries_of_a_chunk_keep_their_order) {
  Samples samples(kSeed);
  for (int round = 0; round < 50; ++round) {
    std::vector<Entry> entries;
    for (int n = 0; n < round; ++n) {
      entries.push_back(samples.entry(static_cast<int>(samples.number(Samples::kEntryKinds))));
    }

    const auto chunk = decode_chunk(chunk_of(entries, 1));

    BOOST_REQUIRE(chunk.has_value());
    BOOST_REQUIRE(chunk->entries.size() == entries.size());
    for (std::size_t i = 0; i < entries.size(); ++i) {
      BOOST_TEST((describe(chunk->entries[i]) == describe(entries[i])));
    }
  }
}

BOOST_AUTO_TEST_CASE(rows_promises_settings_and_deployments_come_back_as_they_were) {
  Samples samples(kSeed);
  for (int round = 0; round < 500; ++round) {
    const Invocation row = samples.invocation();
    const auto row_back = decode_invocation(row_of(row));
    BOOST_REQUIRE(row_back.has_value());
    BOOST_TEST((describe(*row_back) == describe(row)));

    const PromiseRecord promise = samples.promise();
    const auto promise_back = decode_promise(encoded(promise, encode_promise));
    BOOST_REQUIRE(promise_back.has_value());
    BOOST_TEST((describe(*promise_back) == describe(promise)));

    const ServiceSettings settings = samples.settings();
    const auto settings_back = decode_settings(encoded(settings, encode_settings));
    BOOST_REQUIRE(settings_back.has_value());
    BOOST_TEST((describe(*settings_back) == describe(settings)));

    const Deployment deployment = samples.deployment();
    const auto deployment_back = decode_deployment(encoded(deployment, encode_deployment));
    BOOST_REQUIRE(deployment_back.has_value());
    BOOST_TEST((*deployment_back == deployment));

    const InvocationId id = samples.id();
    BOOST_TEST((decode_queued(encoded(id, encode_queued)).value() == id));

    const Bytes value = samples.bytes();
    BOOST_TEST((decode_state(encoded(BytesView(value), encode_state)).value() == value));
  }
}

BOOST_AUTO_TEST_CASE(records_are_read_from_any_address) {
  Samples samples(kSeed);
  for (int round = 0; round < 40; ++round) {
    const Entry entry = samples.entry(round % Samples::kEntryKinds);
    const Bytes record = chunk_of({entry, {Bytes(5000, 'n'), Run{1}}}, 1);
    for (std::size_t shift = 0; shift < 8; ++shift) {
      const Bytes shifted = Bytes(shift, 'x') + record;

      const auto chunk = decode_chunk(BytesView(shifted).substr(shift));

      BOOST_REQUIRE(chunk.has_value());
      BOOST_TEST((describe(chunk->entries[0]) == describe(entry)));
    }
  }
}

BOOST_AUTO_TEST_CASE(large_values_come_back) {
  const Bytes value(5'000'000, 'v');

  const auto chunk = decode_chunk(chunk_of({completion(1, value)}, 1));

  BOOST_REQUIRE(chunk.has_value());
  BOOST_TEST((std::get<Bytes>(std::get<Notification>(chunk->entries[0].body).result) == value));
}

BOOST_AUTO_TEST_CASE(inv_11_every_truncation_is_corruption) {
  for (const auto& [name, record] : golden_records()) {
    for (std::size_t size = 0; size < record.size(); ++size) {
      BOOST_TEST(corrupt_as(record[1], BytesView(record).substr(0, size)),
                 name << " cut to " << size);
    }
    BOOST_TEST(corrupt_as(record[1], record + '\0'), name);
  }
}

BOOST_AUTO_TEST_CASE(inv_11_every_flipped_bit_is_corruption) {
  for (const auto& [name, record] : golden_records()) {
    for (std::size_t at = 0; at < record.size(); ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        Bytes damaged = record;
        damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
        BOOST_TEST(corrupt_as(record[1], damaged), name << " byte " << at << " bit " << bit);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(inv_11_a_record_of_another_kind_or_a_newer_version_is_corruption) {
  const Bytes row = row_of(parked());
  BOOST_TEST(corrupt(decode_chunk(row)));
  BOOST_TEST(decode_chunk(row).error().message() == "journal chunk record: is of kind 1");

  Bytes newer = row;
  newer[0] = 2;
  BOOST_TEST(decode_invocation(newer).error().message() ==
             "invocation record: has format version 2, this release knows 1 only");
}

// Whatever the bytes, decoding ends with a value or with kCorruption, and never with the process.
// The checksum is right here, so that the layers behind it are tried.
BOOST_AUTO_TEST_CASE(inv_11_signed_nonsense_never_stops_the_process) {
  Samples samples(kSeed);
  std::size_t refused = 0;
  for (const auto& [name, record] : golden_records()) {
    for (int round = 0; round < 2000; ++round) {
      Bytes damaged = record;
      for (auto n = 1 + samples.number(4); n > 0; --n) {
        const std::size_t at =
            kRecordHeaderSize + samples.number(damaged.size() - kRecordHeaderSize);
        damaged[at] = static_cast<char>(samples.number(256));
      }
      sign(damaged);
      const auto row = decode_invocation(damaged);
      const auto chunk = decode_chunk(damaged);
      const auto promise = decode_promise(damaged);
      const auto settings = decode_settings(damaged);
      const auto deployment = decode_deployment(damaged);
      refused += corrupt(deployment) && corrupt(row) && corrupt(chunk) && corrupt(promise) &&
                 corrupt(settings);
    }
  }
  BOOST_TEST(refused > 0u);
}

// What was taken of it before that is given back; the address sanitizer sees to it.
BOOST_AUTO_TEST_CASE(inv_11_a_named_signal_with_half_an_id_is_corruption) {
  const std::string name = "a name too long to be kept within the string";
  Bytes record = chunk_of({Entry{{}, Notification{name, InvocationId{}}}}, 1);
  const Bytes size_of_id{static_cast<char>(2 | 24 << 3), 0, 0,
                         0};  // In the upper half of its pointer.
  const std::size_t at = record.find(size_of_id);
  BOOST_REQUIRE(at != Bytes::npos);
  record[at] = static_cast<char>(2 | 12 << 3);
  sign(record);

  BOOST_TEST(corrupt(decode_chunk(record)));
}

BOOST_AUTO_TEST_CASE(inv_11_unknown_members_are_corruption) {
  // The discriminant of the first entry: after header, root pointer, Chunk (2 words), list tag.
  Bytes chunk = chunk_of({{"debit", Run{1}}}, 1);
  const std::size_t discriminant = kRecordHeaderSize + 4 * 8 + 4;
  BOOST_REQUIRE(chunk[discriminant] == 0);
  chunk[discriminant] = 99;
  sign(chunk);
  BOOST_TEST(decode_chunk(chunk).error().message() ==
             "journal chunk record: unknown kind of entry");

  // Status, service kind, handler kind and source are the row's first bytes.
  for (std::size_t at = 0; at < 4; ++at) {
    Bytes row = row_of(parked());
    row[kRecordHeaderSize + 8 + at] = 77;
    sign(row);
    BOOST_TEST(decode_invocation(row).error().message() ==
               "invocation record: unknown status, kind or source");
  }

  Bytes settings = encoded(ServiceSettings{}, encode_settings);
  settings[kRecordHeaderSize + 8 + 3] = 1;
  sign(settings);
  BOOST_TEST(corrupt(decode_settings(settings)));

  for (const std::size_t enumerator : {0, 1}) {  // Mode, HTTP version.
    Bytes deployment = encoded(some_deployment(), encode_deployment);
    deployment[kRecordHeaderSize + 8 + enumerator] = 2;
    sign(deployment);
    BOOST_TEST(corrupt(decode_deployment(deployment)));
  }
}

BOOST_AUTO_TEST_CASE(records_are_small) {
  BOOST_TEST_MESSAGE("step chunk " << chunk_of(step(), 1).size() << ", parked row "
                                   << row_of(parked()).size());
  BOOST_TEST(chunk_of(step(), 1'795'173'836'000).size() <= 150u);
  BOOST_TEST(row_of(parked()).size() <= 200u);
}

// Delete a line of the file to have the bytes of a new record written; a line that is there never
// changes.
BOOST_AUTO_TEST_CASE(inv_10_the_bytes_of_version_1_stay_what_they_are) {
  std::map<std::string, std::string> golden;
  std::ifstream file(golden_path());
  for (std::string name, bytes; file >> name >> bytes;) golden[name] = bytes;

  std::size_t missing = 0;
  const auto records = golden_records();
  for (const auto& [name, record] : records) {
    const auto line = golden.find(name);
    if (line == golden.end()) {
      ++missing;
      std::ofstream(golden_path(), std::ios::app) << name << ' ' << hex(record) << '\n';
    } else {
      BOOST_TEST(line->second == hex(record), name);
    }
  }
  // "name.since": what such a record was before a field was added. It reads as it did.
  for (const auto& [name, bytes] : golden) {
    const std::size_t dot = name.find('.');
    if (dot == std::string::npos) continue;
    const Bytes& now = records.at(name.substr(0, dot));
    BOOST_TEST_CONTEXT(name) {
      if (static_cast<RecordKind>(now[1]) == RecordKind::kSettings) {
        const auto settings = decode_settings(unhex(bytes));
        BOOST_REQUIRE(settings.has_value());
        BOOST_TEST(hex(encoded(*settings, encode_settings)) == hex(now));
      } else {
        const auto row = decode_invocation(unhex(bytes));
        BOOST_REQUIRE(row.has_value());
        BOOST_TEST(hex(encoded(*row, encode_invocation)) == hex(now));
      }
    }
  }
  BOOST_TEST(missing == 0u, "golden bytes were missing and have been written; run again");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::journal
