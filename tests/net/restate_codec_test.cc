#include <boost/test/unit_test.hpp>
#include <fstream>

#include "net/protocol/restate/from_handler.h"
#include "net/protocol/restate/to_handler.h"
#include "tests/net/restate_samples.h"

namespace holdfast::protocol::restate {
namespace {

using testing::frame_of;
using testing::from_hex;
using testing::recode;
using testing::to_hex;
using testing::Way;

constexpr Version kVersions[] = {Version::k5, Version::k6, Version::k7};

std::string vectors_path() { return HOLDFAST_TESTS_FOLDER "/net/vectors/restate_transcript.txt"; }

// A value that was decoded must be encoded to bytes that mean the same: decoded and encoded again
// they stay as they are.
void check_stable(const Frame& frame, Version version, Way way) {
  const auto once = recode(frame, version, way);
  if (!once.has_value()) {
    BOOST_REQUIRE(!once.error().message().empty());
    return;
  }
  const auto twice = recode(frame_of(*once), version, way);
  BOOST_REQUIRE(twice.has_value());
  BOOST_REQUIRE(*twice == *once);
}

// What decoding says of a frame of the handler's with this payload.
std::string refusal(MessageType type, const char* payload, Version version = Version::k7) {
  const auto decoded = decode_from_handler({type, false, from_hex(payload)}, version);
  return decoded.has_value() ? "(accepted)" : decoded.error().message();
}

std::string refusal_to(MessageType type, const char* payload, Version version = Version::k7) {
  const auto decoded = decode_to_handler({type, false, from_hex(payload)}, version);
  return decoded.has_value() ? "(accepted)" : decoded.error().message();
}

template <class Body>
Body command_of(MessageType type, const char* payload) {
  auto command = decode_command({type, false, from_hex(payload)}, Version::k7);
  BOOST_REQUIRE(command.has_value());
  return std::get<Body>(std::move(command->body));
}

BOOST_AUTO_TEST_SUITE(restate_codec)

BOOST_AUTO_TEST_CASE(every_message_of_every_version_comes_back_byte_for_byte) {
  for (const auto& sample : testing::restate_samples()) {
    for (const auto& [version, way] : testing::uses_of(sample)) {
      const auto again = recode(frame_of(from_hex(sample.hex)), version, way);

      BOOST_TEST_CONTEXT(sample.name << " in version " << static_cast<int>(version)) {
        BOOST_REQUIRE_MESSAGE(again.has_value(), testing::why(again));
        BOOST_TEST(to_hex(*again) == sample.hex);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(what_the_typescript_sdk_says_and_hears_comes_back_byte_for_byte) {
  std::ifstream file(vectors_path());
  int frames = 0;
  std::string way, hex;
  for (int version = 0; file >> version >> way >> hex; ++frames) {
    const auto again = recode(frame_of(from_hex(hex)), static_cast<Version>(version),
                              way == "from" ? Way::kFrom : Way::kTo);

    BOOST_TEST_CONTEXT("frame " << frames) {
      BOOST_REQUIRE_MESSAGE(again.has_value(), testing::why(again));
      BOOST_TEST(to_hex(*again) == hex);
    }
  }
  BOOST_TEST(frames == 69);
}

BOOST_AUTO_TEST_CASE(inv_11_every_truncation_of_every_message_is_judged) {
  for (const auto& sample : testing::restate_samples()) {
    for (const auto& [version, way] : testing::uses_of(sample)) {
      const Frame whole = frame_of(from_hex(sample.hex));
      for (std::size_t length = 0; length < whole.payload.size(); ++length) {
        check_stable({whole.type, false, whole.payload.substr(0, length)}, version, way);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(inv_11_every_change_of_one_byte_is_judged) {
  for (const auto& sample : testing::restate_samples()) {
    const auto uses = testing::uses_of(sample);
    Frame frame = frame_of(from_hex(sample.hex));
    for (std::size_t at = 0; at < frame.payload.size(); ++at) {
      const char original = frame.payload[at];
      for (int value = 0; value < 256; ++value) {
        frame.payload[at] = static_cast<char>(value);
        check_stable(frame, uses.back().first, uses.back().second);
      }
      frame.payload[at] = original;
    }
  }
}

BOOST_AUTO_TEST_CASE(inv_11_a_payload_under_the_wrong_type_is_judged) {
  for (const auto& sample : testing::restate_samples()) {
    const Frame frame = frame_of(from_hex(sample.hex));
    for (const auto& other : testing::restate_samples()) {
      const MessageType type = frame_of(from_hex(other.hex)).type;
      check_stable({type, false, frame.payload}, Version::k7, Way::kFrom);
      check_stable({type, false, frame.payload}, Version::k7, Way::kTo);
    }
  }
}

BOOST_AUTO_TEST_CASE(each_type_is_taken_in_its_direction_only) {
  for (const auto& sample : testing::restate_samples()) {
    const Frame frame = frame_of(from_hex(sample.hex));
    if (sample.way == Way::kBoth || (sample.way == Way::kFrom && is_command(frame.type))) continue;
    const Way wrong = sample.way == Way::kFrom ? Way::kTo : Way::kFrom;
    for (const Version version : kVersions) {
      BOOST_TEST(!recode(frame, version, wrong).has_value(), sample.name);
    }
  }
  BOOST_TEST(refusal(MessageType::kInput, "7200") == "Input: only the engine sends it");
  BOOST_TEST(refusal(MessageType::kSleepCompletion, "08012200") ==
             "SleepCompletion: only the engine sends notifications");
  BOOST_TEST(refusal_to(MessageType::kEnd, "") == "End: only the handler sends it");
}

BOOST_AUTO_TEST_CASE(types_that_do_not_exist_are_refused_in_both_directions) {
  std::size_t known = 0;
  for (int code = 0; code <= 0xFFFF; ++code) {
    const auto type = static_cast<MessageType>(code);
    if (!name_of(type).starts_with("0x")) {
      ++known;
      continue;
    }
    for (const Version version : kVersions) {
      BOOST_REQUIRE(!decode_from_handler({type, false, ""}, version).has_value());
      BOOST_REQUIRE(!decode_to_handler({type, false, ""}, version).has_value());
    }
  }
  BOOST_TEST(known == 40u);
  BOOST_TEST(refusal(static_cast<MessageType>(0x0415), "") ==
             "0x0415: no command of this protocol");
  BOOST_TEST(refusal(static_cast<MessageType>(0xFC01), "") ==
             "0xFC01: no message of this protocol");
}

BOOST_AUTO_TEST_CASE(an_acknowledged_proposal_is_of_version_7) {
  BOOST_TEST(refusal_to(MessageType::kProposeRunCompletionAck, "0801", Version::k6) ==
             "ProposeRunCompletionAck: not in this version of the protocol");
}

BOOST_AUTO_TEST_CASE(malformed_bytes_are_refused_with_their_place) {
  const auto sleep = MessageType::kSleep;
  BOOST_TEST(refusal(sleep, "5801ff") == "Sleep: tag at byte 2: ends within a varint");
  BOOST_TEST(refusal(sleep, "58018080") == "Sleep: tag at byte 2: ends within a varint");
  BOOST_TEST(refusal(sleep, "5801ffffffffffffffffff02") ==
             "Sleep: tag at byte 2: a varint of more than 64 bits");
  BOOST_TEST(refusal(sleep, "580108ffffffffffffffffff02") ==
             "Sleep: field 1 at byte 2: a varint of more than 64 bits");
  BOOST_TEST(refusal(sleep, "08") == "Sleep: field 1 at byte 0: ends within a varint");
  BOOST_TEST(refusal(sleep, "62056162") == "Sleep: field 12 at byte 0: ends after the message");
  BOOST_TEST(refusal(sleep, "62ffffffffffffffffff01") ==
             "Sleep: field 12 at byte 0: ends after the message");
  BOOST_TEST(refusal(sleep, "790102") == "Sleep: field 15 at byte 0: ends after the message");
  BOOST_TEST(refusal(sleep, "7d0102") == "Sleep: field 15 at byte 0: ends after the message");
  BOOST_TEST(refusal(sleep, "5801620161630a64") == "Sleep: field 12 at byte 5: wire type 3");
  BOOST_TEST(refusal(sleep, "580164") == "Sleep: field 12 at byte 2: wire type 4");
  BOOST_TEST(refusal(sleep, "580106") == "Sleep: tag at byte 2: no field number");
  BOOST_TEST(refusal(sleep, "0a0101") == "Sleep: wake_up_time at byte 0: wire type 2");
  BOOST_TEST(refusal(sleep, "6001") == "Sleep: name at byte 0: wire type 0");
  BOOST_TEST(refusal(sleep, "58016201ff") ==
             "Sleep: name at byte 2: not UTF-8, 0 bytes into the text");
  BOOST_TEST(refusal(MessageType::kOutput, "7a050801120241c3") ==
             "Output: failure.field 2 at byte 4: ends after the message");
  BOOST_TEST(refusal(MessageType::kOutput, "7a060801120241c3") ==
             "Output: failure.message at byte 4: not UTF-8, 1 bytes into the text");
}

BOOST_AUTO_TEST_CASE(numbers_outside_of_their_meaning_are_refused) {
  BOOST_TEST(refusal(MessageType::kSleep,
                     "0880808080808080808001"
                     "5801") == "Sleep: wake_up_time at byte 0: over 63 bits");
  BOOST_TEST(refusal(MessageType::kRun, "588080808010") ==
             "Run: result_completion_id at byte 0: over 32 bits");
  BOOST_TEST(refusal(MessageType::kOutput, "7a0408808004") ==
             "Output: failure.code at byte 2: over 65535");
  BOOST_TEST(refusal(MessageType::kError, "08808004") == "Error: code at byte 0: over 65535");
  BOOST_TEST(refusal(MessageType::kError, "4803") == "Error: behavior at byte 0: unknown: 3");
  BOOST_TEST(refusal(MessageType::kSuspension,
                     "22052805"
                     "0a0101") == "Suspension: awaiting_on.combinator_type at byte 2: unknown: 5");
}

BOOST_AUTO_TEST_CASE(parts_that_must_be_there_are_asked_for) {
  const std::string missing = ": missing";
  BOOST_TEST(refusal(MessageType::kOutput, "") == "Output: result" + missing);
  BOOST_TEST(refusal(MessageType::kSetState, "0a0163") == "SetState: value" + missing);
  BOOST_TEST(refusal(MessageType::kGetEagerState, "0a0163") == "GetEagerState: result" + missing);
  BOOST_TEST(refusal(MessageType::kGetEagerStateKeys, "") == "GetEagerStateKeys: value" + missing);
  BOOST_TEST(refusal(MessageType::kCompletePromise, "5801") ==
             "CompletePromise: completion" + missing);
  BOOST_TEST(refusal(MessageType::kCompleteAwakeable, "0a0178") ==
             "CompleteAwakeable: result" + missing);
  BOOST_TEST(refusal(MessageType::kCompleteAwakeable, "1200") ==
             "CompleteAwakeable: awakeable_id" + missing);
  BOOST_TEST(refusal(MessageType::kSendSignal, "0a01782200") == "SendSignal: signal_id" + missing);
  BOOST_TEST(refusal(MessageType::kSendSignal, "0a01781001") == "SendSignal: result" + missing);
  BOOST_TEST(refusal(MessageType::kSendSignal, "10012200") ==
             "SendSignal: target_invocation_id" + missing);
  BOOST_TEST(refusal(MessageType::kSendSignal, "0a017810002200") ==
             "SendSignal: idx at byte 3: zero");
  BOOST_TEST(refusal(MessageType::kAttachInvocation, "5801") ==
             "AttachInvocation: target" + missing);
  BOOST_TEST(refusal(MessageType::kProposeRunCompletion, "0801") ==
             "ProposeRunCompletion: result" + missing);
  BOOST_TEST(refusal(MessageType::kProposeRunCompletion, "7200") ==
             "ProposeRunCompletion: result_completion_id" + missing);
  BOOST_TEST(refusal(MessageType::kCall, "5001") == "Call: result_completion_id" + missing);
  BOOST_TEST(refusal(MessageType::kCall, "5801") ==
             "Call: invocation_id_notification_idx" + missing);
  BOOST_TEST(refusal(MessageType::kOneWayCall, "") ==
             "OneWayCall: invocation_id_notification_idx" + missing);
  for (const MessageType type :
       {MessageType::kRun, MessageType::kSleep, MessageType::kGetLazyState,
        MessageType::kGetLazyStateKeys, MessageType::kGetPromise, MessageType::kPeekPromise}) {
    BOOST_TEST(refusal(type, "") == name_of(type) + ": result_completion_id: missing");
    BOOST_TEST(refusal(type, "5800") == name_of(type) + ": result_completion_id at byte 0: zero");
  }
  BOOST_TEST(refusal_to(MessageType::kInput, "") == "Input: value" + missing);
  BOOST_TEST(refusal_to(MessageType::kStart, "0a0101") == "Start: id: not of 24 bytes");
  BOOST_TEST(refusal_to(MessageType::kSleepCompletion, "2200") ==
             "SleepCompletion: completion_id" + missing);
  BOOST_TEST(refusal_to(MessageType::kSleepCompletion, "0801") ==
             "SleepCompletion: result" + missing);
  BOOST_TEST(refusal_to(MessageType::kSignal, "2200") == "Signal: signal_id" + missing);
}

BOOST_AUTO_TEST_CASE(a_suspension_waits_for_something) {
  for (const Version version : kVersions) {
    BOOST_TEST(refusal(MessageType::kSuspension, "", version) == "Suspension: waits for nothing");
    BOOST_TEST(refusal(MessageType::kSuspension, "0a00", version) ==
               "Suspension: waits for nothing");
  }
  BOOST_TEST(refusal(MessageType::kSuspension, "22022200") == "Suspension: waits for nothing");
  BOOST_TEST(refusal(MessageType::kSuspension, "0a020100", Version::k6) ==
             "Suspension: waiting_completions at byte 0: zero");
  // Each version's own fields only: what the other one reads is unknown here, and skipped.
  BOOST_TEST(refusal(MessageType::kSuspension, "0a0101") == "Suspension: waits for nothing");
  BOOST_TEST(refusal(MessageType::kSuspension, "22030a0101", Version::k6) ==
             "Suspension: waits for nothing");
}

BOOST_AUTO_TEST_CASE(a_part_that_may_be_there_once_is_not_taken_twice) {
  const std::string twice = ": given twice, or beside another of which only one may be there";
  BOOST_TEST(refusal(MessageType::kOutput, "72007200") == "Output: value at byte 2" + twice);
  BOOST_TEST(refusal(MessageType::kOutput, "72007a00") == "Output: failure at byte 2" + twice);
  BOOST_TEST(refusal(MessageType::kSendSignal, "0a017810021a01612200") ==
             "SendSignal: name at byte 5" + twice);
  BOOST_TEST(refusal(MessageType::kProposeRunCompletion, "080172007a00") ==
             "ProposeRunCompletion: failure at byte 4" + twice);
  BOOST_TEST(refusal(MessageType::kAttachInvocation, "0a017822005801") ==
             "AttachInvocation: workflow_target at byte 3" + twice);
  BOOST_TEST(refusal_to(MessageType::kRunCompletion, "08012a003200") ==
             "RunCompletion: failure at byte 4" + twice);
  BOOST_TEST(refusal(MessageType::kCall, "50015801") ==
             "Call: result_completion_id: the same as invocation_id_notification_idx");
  // Of a plain number or text the last one counts, as protobuf has it.
  BOOST_TEST(command_of<SleepCommand>(MessageType::kSleep, "0801080258015802").completion == 2u);
}

BOOST_AUTO_TEST_CASE(scopes_and_limit_keys_are_refused_in_every_version) {
  for (const Version version : kVersions) {
    BOOST_TEST(refusal(MessageType::kCall,
                       "3a01735001"
                       "5802",
                       version) == "Call: scope at byte 0: not supported");
    BOOST_TEST(refusal(MessageType::kCall, "42016c50015802", version) ==
               "Call: limit_key at byte 0: not supported");
    BOOST_TEST(refusal(MessageType::kOneWayCall, "4201735001", version) ==
               "OneWayCall: scope at byte 0: not supported");
    BOOST_TEST(refusal(MessageType::kOneWayCall, "4a016c5001", version) ==
               "OneWayCall: limit_key at byte 0: not supported");
    BOOST_TEST(refusal(MessageType::kAttachInvocation, "1a032a01735801", version) ==
               "AttachInvocation: idempotent_request_target.scope at byte 2: not supported");
    BOOST_TEST(refusal(MessageType::kGetInvocationOutput, "22031a01735801", version) ==
               "GetInvocationOutput: workflow_target.scope at byte 2: not supported");
  }
}

BOOST_AUTO_TEST_CASE(a_completion_has_the_results_of_its_kind_only) {
  BOOST_TEST(refusal_to(MessageType::kSleepCompletion, "08012a00") ==
             "SleepCompletion: value at byte 2: not a result this completion can have");
  BOOST_TEST(refusal_to(MessageType::kRunCompletion, "08012200") ==
             "RunCompletion: void at byte 2: not a result this completion can have");
  BOOST_TEST(refusal_to(MessageType::kCallCompletion, "0801820100") ==
             "CallCompletion: invocation_id at byte 2: not a result this completion can have");
  BOOST_TEST(refusal_to(MessageType::kSignal, "10018a0100") ==
             "Signal: state_keys at byte 2: not a result this completion can have");
  BOOST_TEST(refusal_to(MessageType::kSignal, "08012200") ==
             "Signal: field 1 at byte 0: a signal has no completion id");
  BOOST_TEST(refusal_to(MessageType::kSleepCompletion, "080110012200") ==
             "SleepCompletion: field 2 at byte 2: only a signal has it");
}

BOOST_AUTO_TEST_CASE(fields_of_a_later_protocol_are_skipped) {
  const char* unknown =
      "f80101"
      "f90101020304050607"
      "08"
      "fa0103616263"
      "fd0101020304";
  for (const auto& sample : testing::restate_samples()) {
    for (const auto& [version, way] : testing::uses_of(sample)) {
      Frame frame = frame_of(from_hex(sample.hex));
      frame.payload = from_hex(unknown) + frame.payload + from_hex(unknown);

      const auto again = recode(frame, version, way);

      BOOST_REQUIRE_MESSAGE(again.has_value(), testing::why(again));
      BOOST_TEST(to_hex(*again) == sample.hex, sample.name);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_a_version_does_not_have_is_left_out) {
  Failure failure{500, "no", {{"a", "b"}}};
  BOOST_TEST(to_hex(encode(ProposeRun{1, failure, false}, Version::k5)) ==
             "000500000000000b08017a0708f40312026e6f");
  StartHead start;
  start.raw_id = Bytes(24, 'x');
  start.idempotency_key = "k";
  Bytes six, seven;
  append_start(six, start, Version::k6);
  append_start(seven, start, Version::k7);

  BOOST_TEST(seven.size() == six.size() + 3);
  const auto decoded = decode_to_handler(frame_of(seven), Version::k6);
  BOOST_REQUIRE(decoded.has_value());
  BOOST_TEST(!std::get<StartHead>(*decoded).idempotency_key.has_value());
}

BOOST_AUTO_TEST_CASE(lists_of_numbers_are_taken_packed_and_not) {
  const auto decoded = decode_from_handler(
      {MessageType::kSuspension, false, from_hex("08010a02020310111201121a0161")}, Version::k5);

  BOOST_REQUIRE(decoded.has_value());
  const Future& awaiting = std::get<Suspension>(*decoded).awaiting;
  BOOST_TEST(awaiting.completions == (std::vector<CompletionId>{1, 2, 3}),
             boost::test_tools::per_element());
  BOOST_TEST(awaiting.signals == (std::vector<std::uint32_t>{17, 18}),
             boost::test_tools::per_element());
  BOOST_TEST(awaiting.named_signals.size() == 1u);
  BOOST_TEST((awaiting.combinator == WaitSet::Combinator::kAny));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::protocol::restate
