#include <boost/test/unit_test.hpp>

#include "net/protocol/restate/from_handler.h"
#include "net/protocol/restate/to_handler.h"
#include "storage/base/random.h"
#include "tests/net/restate_samples.h"

namespace holdfast::protocol::restate {
namespace {

using testing::frame_of;
using testing::from_hex;

constexpr std::uint64_t kSeed = 20261120;
constexpr int kRounds = 5000;

const testing::RestateSample& sample(std::string_view name) {
  for (const auto& candidate : testing::restate_samples()) {
    if (name == candidate.name) return candidate;
  }
  throw std::logic_error("no sample of this name");
}

template <class Body>
Body command(std::string_view name) {
  auto decoded = decode_command(frame_of(from_hex(sample(name).hex)), Version::k7);
  BOOST_REQUIRE(decoded.has_value());
  return std::get<Body>(std::move(decoded->body));
}

template <class Message>
Message from(std::string_view name, Version version = Version::k7) {
  auto decoded = decode_from_handler(frame_of(from_hex(sample(name).hex)), version);
  BOOST_REQUIRE(decoded.has_value());
  return std::get<Message>(*std::move(decoded));
}

template <class Message>
Message to(std::string_view name) {
  auto decoded = decode_to_handler(frame_of(from_hex(sample(name).hex)), Version::k7);
  BOOST_REQUIRE(decoded.has_value());
  return std::get<Message>(*std::move(decoded));
}

// Random messages whose fields are often at an edge; the same seed gives the same ones.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}

  std::uint64_t below(std::uint64_t end) { return random_.next() % end; }
  bool coin() { return below(2) == 0; }
  std::uint64_t number() { return random_.next() >> below(64); }
  std::uint32_t id() { return static_cast<std::uint32_t>(number()) | 1u; }
  std::int64_t time() { return static_cast<std::int64_t>(number() >> 1); }
  Bytes bytes() {
    Bytes result(below(10) == 0 ? below(300) : below(6), 'x');
    for (char& c : result) c = static_cast<char>(below(256));
    return result;
  }
  std::string text() {
    static const char* const kPieces[] = {"a", "", "\xc3\xa4", "\xf0\x9f\xa6\x80", "\n"};
    std::string result;
    for (auto n = below(5); n > 0; --n) result += kPieces[below(5)];
    return result;
  }
  std::optional<std::string> maybe() {
    return coin() ? std::optional<std::string>(text()) : std::nullopt;
  }
  Headers pairs() {
    Headers result(below(3));
    for (auto& pair : result) pair = {text(), text()};
    return result;
  }
  std::vector<Bytes> list() {
    std::vector<Bytes> result(below(4));
    for (Bytes& item : result) item = bytes();
    return result;
  }
  Failure failure() { return {static_cast<std::uint16_t>(number()), text(), pairs()}; }
  Outcome outcome() {
    if (coin()) return bytes();
    return failure();
  }
  std::variant<Void, Bytes, Failure> any_result() {
    if (below(3) == 0) return Void();
    if (coin()) return bytes();
    return failure();
  }
  AttachTarget target() {
    switch (below(3)) {
      case 0:
        return InvocationTarget{text()};
      case 1:
        return IdempotentTarget{text(), maybe(), text(), text()};
      default:
        return WorkflowTarget{text(), text()};
    }
  }
  CommandBody call() {
    const auto id = static_cast<CompletionId>(number() | 1) & 0x7FFFFFFF;
    if (coin()) {
      return CallCommand{text(), text(), text(), bytes(), pairs(), maybe(), id, id + 1};
    }
    return OneWayCallCommand{text(), text(), text(), bytes(), pairs(), maybe(), time(), id};
  }
  CommandBody body() {
    switch (below(18)) {
      case 0:
        return OutputCommand{outcome()};
      case 1:
        return GetLazyStateCommand{bytes(), id()};
      case 2:
        return GetLazyStateKeysCommand{id()};
      case 3:
        return GetEagerStateCommand{bytes(), coin() ? std::optional<Bytes>(bytes()) : std::nullopt};
      case 4:
        return GetEagerStateKeysCommand{list()};
      case 5:
        return SetStateCommand{bytes(), bytes()};
      case 6:
        return ClearStateCommand{bytes()};
      case 7:
        return ClearAllStateCommand{};
      case 8:
        return GetPromiseCommand{text(), id()};
      case 9:
        return PeekPromiseCommand{text(), id()};
      case 10:
        return CompletePromiseCommand{text(), outcome(), id()};
      case 11:
        return SleepCommand{time(), id()};
      case 12:
        return SendSignalCommand{"inv_1", coin() ? SignalName(id()) : SignalName(text()),
                                 any_result()};
      case 13:
        return RunCommand{id()};
      case 14:
        return AttachCommand{target(), id()};
      case 15:
        return GetOutputCommand{target(), id()};
      case 16:
        return CompleteAwakeableCommand{"sign_1", outcome()};
      default:
        return call();
    }
  }
  Future future(int depth) {
    Future result;
    for (auto n = below(3); n > 0; --n) result.completions.push_back(id());
    for (auto n = below(3); n > 0; --n) result.signals.push_back(id());
    for (auto n = below(2); n > 0; --n) result.named_signals.push_back(text());
    for (auto n = depth > 0 ? below(3) : 0; n > 0; --n) result.nested.push_back(future(depth - 1));
    result.combinator = static_cast<WaitSet::Combinator>(below(5));
    return result;
  }
  HandlerError error() {
    HandlerError failed;
    failed.behavior = static_cast<ErrorBehavior>(below(3));
    failed.error.code = static_cast<std::uint16_t>(number());
    failed.error.message = text();
    failed.error.stacktrace = text();
    if (coin()) failed.error.related_command = static_cast<std::uint32_t>(number());
    failed.error.related_command_name = text();
    if (coin()) failed.error.related_command_type = name_of(static_cast<MessageType>(below(65536)));
    if (coin()) failed.error.next_retry_delay_ms = time();
    return failed;
  }
  FromHandler message() {
    switch (below(7)) {
      case 0:
        return ProposeRun{id(), outcome(), coin()};
      case 1: {
        Suspension suspension{future(3)};
        suspension.awaiting.completions.push_back(id());
        return suspension;
      }
      case 2:
        return AwaitingOn{future(3), coin()};
      case 3:
        return error();
      case 4:
        return End();
      default:
        return NewCommand{{text(), body()}, coin()};
    }
  }
  StartHead start() {
    StartHead head;
    for (int i = 0; i < 24; ++i) head.raw_id.push_back(static_cast<char>(below(256)));
    head.invocation_id = text();
    head.known_entries = id();
    for (auto n = below(4); n > 0; --n) head.state_map.emplace_back(bytes(), bytes());
    head.partial_state = coin();
    head.key = text();
    head.retry_count = static_cast<std::uint32_t>(number());
    head.duration_ms = number();
    head.random_seed = number();
    head.idempotency_key = maybe();
    return head;
  }

 private:
  SeededRandom random_;
};

BOOST_AUTO_TEST_SUITE(restate_meaning)

BOOST_AUTO_TEST_CASE(random_messages_come_back_the_same) {
  BOOST_TEST_MESSAGE("seed " << kSeed);
  Dice dice(kSeed);
  for (int round = 0; round < kRounds; ++round) {
    const auto version = static_cast<Version>(5 + dice.below(3));

    const Bytes once = encode(dice.message(), version);
    const auto again = testing::recode(frame_of(once), version, testing::Way::kFrom);
    Bytes start;
    append_start(start, dice.start(), version);
    const auto start_again = testing::recode(frame_of(start), version, testing::Way::kTo);

    BOOST_REQUIRE_MESSAGE(again.has_value(), "round " << round << ": " << testing::why(again));
    BOOST_REQUIRE(*again == once);
    BOOST_REQUIRE(start_again.has_value());
    BOOST_REQUIRE(*start_again == start);
  }
}

BOOST_AUTO_TEST_CASE(a_call_and_a_one_way_call_differ_in_their_numbers_only) {
  const auto call = command<CallCommand>("call_full");
  const auto send = command<OneWayCallCommand>("one_way_call_full");

  BOOST_TEST(call.service == "S");
  BOOST_TEST(call.handler == "h");
  BOOST_TEST(call.key == "k");
  BOOST_TEST(call.parameter == "\x01\x02");
  BOOST_REQUIRE(call.headers.size() == 2u);
  BOOST_TEST(call.headers[0].first == "x-a");
  BOOST_TEST(call.headers[0].second == "1");
  BOOST_TEST(call.headers[1].second == "");
  BOOST_TEST(call.idempotency_key.value() == "ik");
  BOOST_TEST(call.invocation_id_completion == 5u);
  BOOST_TEST(call.completion == 6u);
  BOOST_TEST(send.service == "S");
  BOOST_TEST(send.handler == "h");
  BOOST_TEST(send.key == "k");
  BOOST_TEST(send.parameter == "p");
  BOOST_TEST(send.headers.size() == 1u);
  BOOST_TEST(send.idempotency_key.value() == "ik");
  BOOST_TEST(send.invoke_unix_ms == 1795173836734);
  BOOST_TEST(send.invocation_id_completion == 5u);
  BOOST_TEST(!command<CallCommand>("call_minimal").idempotency_key.has_value());
  BOOST_TEST(command<CallCommand>("call_empty_idempotency_key").idempotency_key.has_value());
}

BOOST_AUTO_TEST_CASE(a_start_is_read_field_by_field) {
  const auto start = to<StartHead>("start_full");

  BOOST_TEST(start.raw_id.size() == 24u);
  BOOST_TEST(start.invocation_id == "inv_1jp6uyMi2HLz2mqBc3VgkZqi8JKJzmLJH9");
  BOOST_TEST(start.known_entries == 300u);
  BOOST_REQUIRE(start.state_map.size() == 2u);
  BOOST_TEST(start.state_map[0].first == "c");
  BOOST_TEST(start.state_map[0].second == "10");
  BOOST_TEST(start.state_map[1].second == "");
  BOOST_TEST(start.partial_state);
  BOOST_TEST(start.key == "k\xc3\xa9y");
  BOOST_TEST(start.retry_count == 3u);
  BOOST_TEST(start.duration_ms == UINT64_MAX);
  BOOST_TEST(start.random_seed == std::uint64_t{1} << 63);
  BOOST_TEST(to<StartHead>("start_with_idempotency_key").idempotency_key.value() == "order-1");
}

BOOST_AUTO_TEST_CASE(an_error_is_read_field_by_field) {
  const auto failed = from<HandlerError>("error_full");

  BOOST_TEST(failed.error.code == kJournalMismatch);
  BOOST_TEST(failed.error.message == "mismatch");
  BOOST_TEST(failed.error.stacktrace == "at a\nat b");
  BOOST_TEST(failed.error.related_command.value() == 0u);
  BOOST_TEST(failed.error.related_command_name == "pay");
  BOOST_TEST(failed.error.related_command_type == "Run");
  BOOST_TEST(failed.error.next_retry_delay_ms.value() == 0);
  BOOST_TEST((failed.behavior == ErrorBehavior::kFail));
  BOOST_TEST(from<HandlerError>("error_of_unknown_type").error.related_command_type == "0xFC01");
  BOOST_TEST(!from<HandlerError>("error_empty").error.related_command.has_value());
}

BOOST_AUTO_TEST_CASE(results_keep_what_kind_they_are) {
  BOOST_TEST(std::get<Bytes>(command<OutputCommand>("output_value").result) == "\"x\"");
  const auto failure = std::get<Failure>(command<OutputCommand>("output_failure_metadata").result);
  BOOST_TEST(failure.code == 500);
  BOOST_TEST(failure.message == "gr\xc3\xbc\xc3\x9f");
  BOOST_TEST(failure.metadata.size() == 2u);
  BOOST_TEST(!command<GetEagerStateCommand>("get_eager_state_void").value.has_value());
  BOOST_TEST(command<GetEagerStateCommand>("get_eager_state_value").value.value() == "10");
  BOOST_TEST(command<GetEagerStateKeysCommand>("get_eager_state_keys").keys.size() == 3u);
  const auto callee = to<Notification>("completion_of_call_invocation_id_text");
  BOOST_TEST(std::get<CompletionRef>(callee.of).id == 1u);
  BOOST_TEST(std::get<CalleeId>(callee.result).invocation_id.starts_with("inv_1"));
  const auto cancel = to<Notification>("signal_cancel");
  BOOST_TEST(std::get<std::uint32_t>(cancel.of) == kCancelSignal);
  BOOST_TEST(std::holds_alternative<Void>(cancel.result));
  BOOST_TEST(std::get<std::string>(to<Notification>("signal_named").of) == "go");
}

BOOST_AUTO_TEST_CASE(the_wish_for_an_acknowledgement_is_passed_on) {
  BOOST_TEST(from<ProposeRun>("proposal_empty_value_acked").wants_ack);
  BOOST_TEST(!from<ProposeRun>("proposal_value").wants_ack);
  BOOST_TEST(from<NewCommand>("run_acked").wants_ack);
  BOOST_TEST(!from<NewCommand>("run").wants_ack);
}

BOOST_AUTO_TEST_CASE(a_suspension_of_the_old_versions_is_a_flat_future) {
  const auto suspension = from<Suspension>("suspension_flat", Version::k6);
  const Future tree = from<Suspension>("suspension_tree").awaiting;

  BOOST_TEST((suspension.awaiting.combinator == WaitSet::Combinator::kAny));
  BOOST_TEST(suspension.awaiting.completions.size() == 2u);
  BOOST_TEST(suspension.awaiting.named_signals.size() == 2u);
  BOOST_REQUIRE(tree.nested.size() == 2u);
  BOOST_TEST((tree.combinator == WaitSet::Combinator::kAll));
  BOOST_TEST((tree.nested[0].combinator == WaitSet::Combinator::kFirstFailure));
  BOOST_TEST(tree.nested[1].nested[0].completions[0] == 4294967295u);
  // And sent in an old version it is what its leaves are.
  const auto flat =
      decode_from_handler(frame_of(encode(Suspension{tree}, Version::k5)), Version::k5);
  BOOST_REQUIRE(flat.has_value());
  BOOST_TEST(std::get<Suspension>(*flat).awaiting.completions.size() == 2u);
}

// A Suspension of version 7 whose future has this many levels.
Bytes nested_suspension(std::size_t levels) {
  Bytes future = from_hex("0a0101");
  for (std::size_t level = 1; level < levels; ++level) {
    Bytes length;
    for (std::size_t rest = future.size(); length.empty() || rest > 0; rest >>= 7) {
      length.push_back(static_cast<char>((rest & 0x7F) | (rest >= 0x80 ? 0x80 : 0)));
      if (rest < 0x80) break;
    }
    future = '\x22' + length + future;
  }
  return future;
}

BOOST_AUTO_TEST_CASE(inv_11_a_future_is_nested_a_thousand_deep_and_no_deeper) {
  const auto decode = [](std::size_t levels) {
    // The payload's field 4 is the outermost of them.
    return decode_from_handler({MessageType::kSuspension, false, nested_suspension(levels + 1)},
                               Version::k7);
  };

  const auto deepest = decode(kFutureDepthMax);
  BOOST_REQUIRE(deepest.has_value());
  BOOST_TEST(depth_of(std::get<Suspension>(*deepest).awaiting) == kFutureDepthMax);
  BOOST_TEST(encode(*deepest, Version::k7).substr(kFrameHeaderBytes) ==
             nested_suspension(kFutureDepthMax + 1));
  for (const std::size_t levels : {kFutureDepthMax + 1, std::size_t{20'000}}) {
    const auto refused = decode(levels);
    BOOST_REQUIRE(!refused.has_value());
    BOOST_TEST((refused.error().code() == ErrorCode::kTooLarge));
    BOOST_TEST(refused.error().message().ends_with("nested deeper than 1000"));
  }
}

BOOST_AUTO_TEST_CASE(inv_11_two_bytes_a_thing_do_not_fill_the_memory) {
  Bytes headers, futures, ids;
  for (int i = 0; i < 1'000'001; ++i) {
    headers += Bytes("\x22\x00", 2);
    futures += Bytes("\x22\x00", 2);
    ids += Bytes("\x08\x01", 2);
  }
  const Frame call{MessageType::kCall, false, headers};
  const Frame suspension{MessageType::kSuspension, false, ids};
  Frame advice{MessageType::kAwaitingOn, false, from_hex("0a82897a") + futures};

  for (const Frame& frame : {call, suspension, advice}) {
    const auto refused = decode_from_handler(frame, Version::k6);
    BOOST_REQUIRE(!refused.has_value());
    BOOST_TEST((refused.error().code() == ErrorCode::kTooLarge));
  }
}

BOOST_AUTO_TEST_CASE(a_journal_is_replayed_as_it_was_told) {
  CompletionKinds kinds;
  const Command run{"a", RunCommand{1}};
  const Entry entries[] = {
      Command{"", InputCommand{{}, "1"}},
      run,
      Notification{CompletionRef{1}, Bytes("42")},
      Notification{kCancelSignal, Void()},
  };
  BOOST_REQUIRE(kinds.learn(run).has_value());
  Bytes replay;

  for (const Entry& entry : entries) {
    BOOST_TEST(append_entry(replay, entry, kinds, Version::k6).has_value());
  }
  const std::size_t whole = replay.size();
  const auto refused =
      append_entry(replay, Notification{CompletionRef{2}, Void()}, kinds, Version::k6);

  BOOST_TEST(testing::to_hex(replay) ==
             "040000000000000572030a0131"
             "04110000000000055801620161"
             "801100000000000808012a040a023432"
             "fbff00000000000410012200" +
                 std::string());
  BOOST_REQUIRE(!refused.has_value());
  BOOST_TEST((refused.error().code() == ErrorCode::kConflict));
  BOOST_TEST(replay.size() == whole);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::protocol::restate
