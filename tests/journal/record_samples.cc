#include "tests/journal/record_samples.h"

#include <bitset>
#include <sstream>

#include "storage/base/check.h"
#include "storage/base/checksum.h"

namespace holdfast::journal {

namespace {

constexpr std::size_t kWord = 8;

// By the specification of Cap'n Proto, without its library: a tag has a bit for each byte of a word
// that is not 0; behind 0 comes the number of more such words, behind 0xff that of words as they
// are.
Bytes unpack(BytesView packed) {
  Bytes words;
  const auto take = [&packed](std::size_t size) {
    CHECK(size <= packed.size(), "packed bytes are whole");
    const BytesView taken = packed.substr(0, size);
    packed.remove_prefix(size);
    return taken;
  };
  const auto number = [&] { return static_cast<std::uint8_t>(take(1).front()); };
  while (!packed.empty()) {
    const std::bitset<kWord> tag = number();
    for (std::size_t i = 0; i < kWord; ++i) words += tag.test(i) ? take(1).front() : '\0';
    if (tag.none()) words.append(number() * kWord, '\0');
    if (tag.all()) words += take(number() * kWord);
  }
  return words;
}

}  // namespace

Bytes sealed(std::uint8_t version, RecordKind kind, BytesView payload) {
  Bytes record{static_cast<char>(version), static_cast<char>(kind), 0, 0};
  const std::uint32_t sum = checksum(payload);
  for (int i = 0; i < 4; ++i) record += static_cast<char>(sum >> (8 * i));
  return record.append(payload);
}

Bytes unpacked(BytesView record) {
  if (record[0] == static_cast<char>(kPlainVersion)) return Bytes(record);
  const Bytes words = unpack(record.substr(kRecordHeaderSize));
  const std::size_t size = words.size() / kWord - 1;
  const Bytes table{0,
                    0,
                    0,
                    0,
                    static_cast<char>(size),
                    static_cast<char>(size >> 8),
                    static_cast<char>(size >> 16),
                    static_cast<char>(size >> 24)};
  CHECK(words.starts_with(table), "one segment");
  return sealed(kPlainVersion, static_cast<RecordKind>(record[1]), BytesView(words).substr(kWord));
}

std::uint32_t Samples::u32() { return static_cast<std::uint32_t>(random_.next() >> number(64)); }
std::int64_t Samples::time() { return static_cast<std::int64_t>(random_.next() >> number(64)); }

Bytes Samples::bytes() {
  const std::size_t sizes[] = {0, 1, 7, 8, 9, 40, 300, number(20) == 0 ? 9000u : 3u};
  Bytes bytes(sizes[number(8)], '\0');
  for (char& byte : bytes) byte = static_cast<char>(random_.next());
  return bytes;
}

InvocationId Samples::id() { return fresh_id("S", bytes(), time(), random_); }

std::optional<Bytes> Samples::optional() {
  if (coin()) return std::nullopt;
  return bytes();
}

Headers Samples::headers() {
  Headers headers;
  for (auto n = number(4); n > 0; --n) headers.emplace_back(bytes(), bytes());
  return headers;
}

std::vector<Bytes> Samples::list() {
  std::vector<Bytes> list;
  for (auto n = number(4); n > 0; --n) list.push_back(bytes());
  return list;
}

Failure Samples::failure() { return {static_cast<std::uint16_t>(u32()), bytes(), headers()}; }

Outcome Samples::outcome() {
  if (coin()) return bytes();
  return failure();
}

std::vector<Waiter> Samples::waiters() {
  std::vector<Waiter> waiters;
  for (auto n = number(4); n > 0; --n) waiters.push_back({id(), u32(), u32()});
  return waiters;
}

Entry Samples::entry(int kind) {
  using Of = decltype(Notification::of);
  using Signal = decltype(SendSignal::signal);
  const auto body = [&]() -> EntryBody {
    switch (kind) {
      case 0:
        return Input{headers(), bytes()};
      case 1:
        return Output{bytes()};
      case 2:
        return Output{failure()};
      case 3:
        return ReadState{bytes(), u32(), optional()};
      case 4:
        return ListState{u32(), list()};
      case 5:
        return WriteState{bytes(), bytes()};
      case 6:
        return ClearState{optional()};
      case 7:
        return Sleep{time(), u32()};
      case 8:
        return Run{u32()};
      case 9:
        return Call{bytes(),    bytes(), bytes(), bytes(), headers(),
                    optional(), u32(),   u32(),   time()};
      case 10: {
        const auto act = static_cast<Promise::Act>(number(3));
        Promise promise{act, bytes(), u32(), std::nullopt};
        if (coin()) promise.result = outcome();
        return promise;
      }
      case 11: {
        const Signal signal = coin() ? Signal(u32()) : Signal(bytes());
        switch (number(3)) {
          case 0:
            return SendSignal{id(), signal, Empty{}, coin()};
          case 1:
            return SendSignal{id(), signal, bytes(), coin()};
          default:
            return SendSignal{id(), signal, failure(), coin()};
        }
      }
      case 12: {
        const auto by = static_cast<Attach::By>(number(3));
        return Attach{id(), u32(), coin(), by, bytes(), bytes(), bytes(), optional()};
      }
      default:
        break;
    }
    const Of ofs[] = {Notification::Completion{u32()}, u32(), bytes()};
    const Of of = ofs[number(3)];
    const bool is_told = std::holds_alternative<Notification::Completion>(of) && coin();
    const std::uint32_t life = is_told ? u32() : 0;
    switch ((kind - 13) % 5) {
      case 0:
        return Notification{of, Empty{}, life};
      case 1:
        return Notification{of, bytes(), life};
      case 2:
        return Notification{of, failure(), life};
      case 3:
        return Notification{of, id()};
      default:
        return Notification{of, list()};
    }
  };
  return {bytes(), body()};
}

Invocation Samples::invocation() {
  Invocation row;
  row.target.service_kind = static_cast<ServiceKind>(number(3));
  row.target.handler_kind = static_cast<HandlerKind>(number(4));
  row.target.service = bytes();
  row.target.key = bytes();
  row.target.handler = bytes();
  row.status = static_cast<Status>(number(7));
  row.source = static_cast<Source>(number(3));
  if (coin()) row.caller = id();
  if (coin()) row.caller_target = bytes();
  row.idempotency_key = optional();
  if (coin()) row.trace_parent = bytes();
  row.completion_retention_ms = time();
  row.journal_retention_ms = time();
  row.created_at = time();
  row.modified_at = time();
  if (coin()) row.scheduled_start_at = time();
  row.running_at = time();
  row.last_start_at = time();
  if (coin()) row.completed_at = time();
  row.waiters = waiters();
  if (coin()) row.retry_count = u32();
  if (coin()) row.retrying_since = time();
  if (coin()) row.next_retry_at = time();
  if (coin()) {
    row.last_failure =
        AttemptFailure{static_cast<std::uint16_t>(u32()), bytes(), std::nullopt, bytes(), bytes()};
    if (coin()) row.last_failure->related_command = u32();
  }
  row.waits = waits(coin() ? 0 : 3);
  row.journal_entries = u32();
  row.journal_commands = u32();
  row.life = u32();
  if (coin()) row.result = outcome();
  if (coin()) row.input = Input{headers(), bytes()};
  row.ends_with_output = coin();
  return row;
}

WaitSet Samples::waits(int levels) {
  WaitSet set;
  for (auto n = number(3); n > 0; --n) set.completions.push_back(u32());
  for (auto n = number(3); n > 0; --n) set.signals.push_back(u32());
  for (auto n = number(3); n > 0; --n) set.named_signals.push_back(bytes());
  if (levels == 0) return set;
  set.combinator = static_cast<WaitSet::Combinator>(number(5));
  for (auto n = number(3); n > 0; --n) set.nested.push_back(waits(levels - 1));
  return set;
}

PromiseRecord Samples::promise() {
  PromiseRecord promise;
  if (coin()) promise.result = outcome();
  promise.waiters = waiters();
  return promise;
}

ServiceSettings Samples::settings() {
  ServiceSettings settings;
  if (coin()) settings.is_public = coin();
  if (coin()) settings.idempotency_retention_ms = time();
  if (coin()) settings.workflow_retention_ms = time();
  if (coin()) settings.journal_retention_ms = time();
  if (coin()) settings.inactivity_timeout_ms = time();
  if (coin()) settings.abort_timeout_ms = time();
  if (coin()) settings.park_after_ms = time();
  return settings;
}

DeclaredOptions Samples::options() {
  DeclaredOptions options;
  if (coin()) options.inactivity_timeout_ms = time();
  if (coin()) options.abort_timeout_ms = time();
  if (coin()) options.journal_retention_ms = time();
  if (coin()) options.idempotency_retention_ms = time();
  if (coin()) options.workflow_retention_ms = time();
  if (coin()) options.lazy_state = coin();
  if (coin()) options.ingress_private = coin();
  if (coin()) options.retry_initial_interval_ms = time();
  if (coin()) options.retry_max_interval_ms = time();
  if (coin()) options.retry_factor = static_cast<double>(u32()) / 7;
  if (coin()) options.retry_max_attempts = u32();
  if (coin()) options.kill_at_max_attempts = coin();
  return options;
}

DeclaredHandler Samples::handler() {
  DeclaredHandler handler;
  handler.name = bytes();
  handler.kind = static_cast<HandlerKind>(number(4));
  handler.documentation = bytes();
  handler.metadata = headers();
  handler.input_required = coin();
  handler.input_content_type = bytes();
  handler.input_schema = bytes();
  handler.output_content_type = bytes();
  handler.content_type_if_empty = coin();
  handler.output_schema = bytes();
  handler.options = options();
  return handler;
}

DeclaredService Samples::service() {
  DeclaredService service;
  service.name = bytes();
  service.kind = static_cast<ServiceKind>(number(3));
  service.documentation = bytes();
  service.metadata = headers();
  service.options = options();
  for (auto n = number(4); n > 0; --n) service.handlers.push_back(handler());
  service.revision = u32();
  return service;
}

Deployment Samples::deployment() {
  Deployment deployment;
  deployment.uri = bytes();
  deployment.use_http_11 = coin();
  deployment.http_version = coin() ? HttpVersion::kHttp2 : HttpVersion::kHttp11;
  deployment.additional_headers = headers();
  deployment.metadata = headers();
  deployment.mode = coin() ? ProtocolMode::kBidiStream : ProtocolMode::kRequestResponse;
  deployment.protocol_version_min = u32();
  deployment.protocol_version_max = u32();
  deployment.sdk_version = bytes();
  deployment.created_at = time();
  for (auto n = number(4); n > 0; --n) deployment.services.push_back(service());
  return deployment;
}

namespace {

// Writes fields one after the other; strings with their length, so that nothing is ambiguous.
class Describer {
 public:
  template <class... Fields>
  void operator()(const char* what, const Fields&... fields) {
    out_ << what << '(';
    (field(fields), ...);
    out_ << ')';
  }
  std::string text() const { return out_.str(); }

  void field(const Bytes& bytes) { out_ << bytes.size() << ':' << bytes << ','; }
  void field(const Empty&) { out_ << "empty,"; }
  void field(const InvocationId& id) { out_ << id.text() << ','; }
  void field(const Failure& failure) {
    (*this)("failure", failure.code, failure.message, failure.metadata);
  }
  void field(const Notification::Completion& completion) { (*this)("completion", completion.id); }
  void field(const WaitSet& set) {
    (*this)("waits", set.combinator, set.completions, set.signals, set.named_signals, set.nested);
  }
  void field(const Waiter& waiter) {
    (*this)("waiter", waiter.invocation, waiter.completion, waiter.life);
  }
  void field(const AttemptFailure& failure) {
    (*this)("attempt", failure.code, failure.message, failure.related_command,
            failure.related_command_name, failure.related_command_type);
  }
  template <class Number>
  requires std::is_arithmetic_v<Number> || std::is_enum_v<Number>
  void field(Number number) { out_ << static_cast<std::int64_t>(number) << ','; }
  template <class First, class Second>
  void field(const std::pair<First, Second>& pair) {
    (*this)("pair", pair.first, pair.second);
  }
  template <class T>
  void field(const std::optional<T>& optional) {
    if (!optional.has_value()) {
      out_ << "none,";
    } else {
      (*this)("some", *optional);
    }
  }
  template <class T>
  void field(const std::vector<T>& values) {
    out_ << '[';
    for (const T& value : values) field(value);
    out_ << ']';
  }
  template <class... Types>
  void field(const std::variant<Types...>& variant) {
    out_ << '#' << variant.index() << ' ';
    std::visit([&](const auto& value) { field(value); }, variant);
  }

  void field(const Input& e) { (*this)("input", e.headers, e.value); }
  void field(const Output& e) { (*this)("output", e.result); }
  void field(const ReadState& e) { (*this)("read", e.key, e.completion, e.value); }
  void field(const ListState& e) { (*this)("list", e.completion, e.keys); }
  void field(const WriteState& e) { (*this)("write", e.key, e.value); }
  void field(const ClearState& e) { (*this)("clear", e.key); }
  void field(const Sleep& e) { (*this)("sleep", e.wake_up_unix_ms, e.completion); }
  void field(const Run& e) { (*this)("run", e.completion); }
  void field(const Call& e) {
    (*this)("call", e.service, e.key, e.handler, e.parameter, e.headers, e.idempotency_key,
            e.id_completion, e.completion, e.not_before_unix_ms);
  }
  void field(const Promise& e) { (*this)("promise", e.act, e.key, e.completion, e.result); }
  void field(const SendSignal& e) { (*this)("send", e.target, e.signal, e.result, e.as_awakeable); }
  void field(const Attach& e) {
    (*this)("attach", e.target, e.completion, e.wait, e.by, e.service, e.handler, e.idempotency_key,
            e.key);
  }
  void field(const Notification& e) { (*this)("notification", e.of, e.result, e.life); }

 private:
  std::ostringstream out_;
};

}  // namespace

std::string describe(const Entry& entry) {
  Describer describer;
  describer("entry", entry.name, entry.body);
  return describer.text();
}

std::string describe(const Invocation& row) {
  Describer describer;
  describer("invocation", row.target.service_kind, row.target.handler_kind, row.target.service,
            row.target.key, row.target.handler, row.status, row.source, row.caller,
            row.caller_target, row.idempotency_key, row.trace_parent, row.completion_retention_ms,
            row.journal_retention_ms, row.created_at, row.modified_at, row.scheduled_start_at,
            row.running_at, row.last_start_at, row.completed_at, row.waiters, row.retry_count,
            row.retrying_since, row.next_retry_at, row.last_failure, row.waits, row.journal_entries,
            row.journal_commands, row.life, row.result, row.input, row.ends_with_output);
  return describer.text();
}

std::string describe(const PromiseRecord& promise) {
  Describer describer;
  describer("promise", promise.result, promise.waiters);
  return describer.text();
}

std::string describe(const ServiceSettings& settings) {
  Describer describer;
  describer("settings", settings.is_public, settings.idempotency_retention_ms,
            settings.workflow_retention_ms, settings.journal_retention_ms,
            settings.inactivity_timeout_ms, settings.abort_timeout_ms, settings.park_after_ms);
  return describer.text();
}

}  // namespace holdfast::journal
