#include "net/protocol/restate/frame.h"

#include <boost/test/unit_test.hpp>

#include "net/protocol/restate/completion_kinds.h"
#include "net/protocol/restate/utf8.h"
#include "net/protocol/restate/version.h"
#include "tests/net/restate_samples.h"

namespace holdfast::protocol::restate {
namespace {

using testing::from_hex;

// All frames of `stream`, given to the reader in pieces of `size`.
std::vector<Frame> read_in_pieces(FrameReader& reader, BytesView stream, std::size_t size) {
  std::vector<Frame> frames;
  while (!stream.empty()) {
    BytesView chunk = stream.substr(0, size);
    stream.remove_prefix(chunk.size());
    for (;;) {
      auto frame = reader.next(chunk);
      BOOST_REQUIRE(frame.has_value());
      if (!frame->has_value()) break;
      frames.push_back(**std::move(frame));
    }
    BOOST_REQUIRE(chunk.empty());
  }
  return frames;
}

BOOST_AUTO_TEST_SUITE(restate_frames)

BOOST_AUTO_TEST_CASE(a_header_is_type_flags_and_length_big_endian) {
  const FrameHeader header = read_frame_header(from_hex("0411800001020304"));
  Bytes again;
  append_frame_header(again, header);

  BOOST_TEST((header.type == MessageType::kRun));
  BOOST_TEST(header.wants_ack);
  BOOST_TEST(header.length == 0x01020304u);
  BOOST_TEST(testing::to_hex(again) == "0411800001020304");
  BOOST_TEST(!read_frame_header(from_hex("04117fff00000000")).wants_ack);
}

BOOST_AUTO_TEST_CASE(frames_come_out_the_same_however_the_stream_is_cut) {
  Bytes stream;
  for (const auto& sample : testing::restate_samples()) stream += from_hex(sample.hex);

  for (std::size_t size = 1; size < 70; ++size) {
    FrameReader reader;
    const auto frames = read_in_pieces(reader, stream, size);
    Bytes again;
    for (const Frame& frame : frames) append_frame(again, frame);

    BOOST_TEST(frames.size() == testing::restate_samples().size());
    BOOST_TEST((again == stream));
    BOOST_TEST(reader.at_boundary());
  }
}

BOOST_AUTO_TEST_CASE(a_stream_that_ends_within_a_frame_is_told_from_one_that_ends_between) {
  const Bytes stream = from_hex("04110000000000020801");

  for (std::size_t length = 0; length <= stream.size(); ++length) {
    FrameReader reader;
    const auto frames = read_in_pieces(reader, BytesView(stream).substr(0, length), 100);

    BOOST_TEST(frames.size() == (length == stream.size() ? 1u : 0u));
    BOOST_TEST(reader.at_boundary() == (length == 0 || length == stream.size()));
  }
}

BOOST_AUTO_TEST_CASE(a_payload_of_the_limit_passes_and_one_byte_more_is_refused_at_its_header) {
  FrameReader reader(16);
  Bytes fits;
  append_frame(fits, {MessageType::kEnd, false, Bytes(16, 'x')});
  BytesView chunk = fits;
  const auto frame = reader.next(chunk);
  BOOST_REQUIRE(frame.has_value());
  BOOST_TEST(frame->has_value());

  const Bytes header = from_hex("0003000000000011");
  chunk = header;
  const auto refused = reader.next(chunk);
  BytesView nothing;
  const auto again = reader.next(nothing);

  BOOST_REQUIRE(!refused.has_value());
  BOOST_TEST((refused.error().code() == ErrorCode::kTooLarge));
  BOOST_TEST(refused.error().message() == "End: a payload of 17 bytes, and the limit is 16");
  BOOST_TEST(!again.has_value());
  BOOST_TEST(!reader.at_boundary());
}

BOOST_AUTO_TEST_CASE(the_limit_is_32_MiB_unless_told_otherwise) {
  FrameReader reader;
  const Bytes header = from_hex("0401000002000001");
  BytesView chunk = header;

  BOOST_TEST(!reader.next(chunk).has_value());
}

BOOST_AUTO_TEST_CASE(a_version_is_named_by_its_content_type_and_nothing_else) {
  BOOST_TEST(content_type(Version::k6) == "application/vnd.restate.invocation.v6");
  for (const Version version : {Version::k5, Version::k6, Version::k7}) {
    BOOST_TEST((parse_content_type(content_type(version)) == version));
  }
  BOOST_TEST((parse_content_type("Application/vnd.Restate.invocation.V5") == Version::k5));
  for (const char* other :
       {"", "application/json", "application/vnd.restate.invocation.v4",
        "application/vnd.restate.invocation.v8", "application/vnd.restate.invocation.v", "v6",
        "application/vnd.restate.invocation.v06", "application/vnd.restate.invocation.v60",
        "application/vnd.restate.invocation.v6;q=1", " application/vnd.restate.invocation.v6"}) {
    BOOST_TEST(!parse_content_type(other), other);
  }
  BOOST_TEST(!to_version(4));
  BOOST_TEST(!to_version(261));  // 5 in its low byte.
}

BOOST_AUTO_TEST_CASE(every_type_has_a_name_that_leads_back_to_it) {
  for (int code = 0; code <= 0xFFFF; ++code) {
    const auto type = static_cast<MessageType>(code);
    BOOST_REQUIRE((type_named(name_of(type)) == type));
  }
  BOOST_TEST(name_of(MessageType::kRun) == "Run");
  BOOST_TEST(name_of(static_cast<MessageType>(0x040F)) == "0x040F");
  for (const char* other : {"", "run", "0x", "0x41", "0x00411", "0xabcd", "Output "}) {
    BOOST_TEST(!type_named(other), other);
  }
}

BOOST_AUTO_TEST_CASE(utf_8_is_what_rfc_3629_says) {
  for (const char* good : {"", "abc", "abcdefgh\xc3\xa4ijklmnop", "\xe0\xa0\x80", "\xed\x9f\xbf",
                           "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    BOOST_TEST(utf8_prefix(good) == BytesView(good).size());
  }
  for (const char* bad :
       {"\x80", "\xc1\xbf", "\xc3", "\xc3(", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xe2\x82",
        "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xf0\x90\x80("}) {
    BOOST_TEST(utf8_prefix(bad) == 0u);
    BOOST_TEST(utf8_prefix("12345678" + std::string(bad)) == 8u);
  }
  BOOST_TEST(utf8_prefix(BytesView("a\0b", 3)) == 3u);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(restate_completion_kinds)

BOOST_AUTO_TEST_CASE(each_command_gives_its_ids_their_kind) {
  std::size_t learned = 0;
  for (const auto& sample : testing::restate_samples()) {
    const Frame frame = testing::frame_of(from_hex(sample.hex));
    if (!is_command(frame.type)) continue;
    const auto command = decode_command(frame, Version::k7);
    BOOST_REQUIRE(command.has_value());
    CompletionKinds fresh;
    BOOST_TEST(fresh.learn(*command).has_value(), sample.name);

    std::visit(
        [&](const auto& body) {
          if constexpr (requires { body.completion; }) {
            const auto kind = fresh.find(body.completion);
            BOOST_REQUIRE(kind.has_value());
            BOOST_TEST((static_cast<int>(type_of(*kind)) ==
                        (static_cast<int>(frame.type) & 0xFF) + 0x8000));
            ++learned;
          }
          if constexpr (requires { body.invocation_id_completion; }) {
            BOOST_TEST(
                (fresh.find(body.invocation_id_completion) == CompletionKind::kCallInvocationId));
            ++learned;
          }
        },
        command->body);
  }
  BOOST_TEST(learned > 20u);
}

BOOST_AUTO_TEST_CASE(an_id_is_given_once_and_zero_never) {
  CompletionKinds kinds;
  CallCommand call;
  call.invocation_id_completion = 1;
  call.completion = 2;
  BOOST_TEST(kinds.learn({"", call}).has_value());

  for (const CompletionId id : {0u, 1u, 2u}) {
    const auto refused = kinds.learn({"", RunCommand{id}});
    BOOST_REQUIRE(!refused.has_value());
    BOOST_TEST((refused.error().code() == ErrorCode::kConflict));
  }
  call.invocation_id_completion = 3;
  BOOST_TEST(!kinds.learn({"", call}).has_value());
  BOOST_TEST(!kinds.find(3));  // Not half of a command.
  call.completion = 3;
  BOOST_TEST(!kinds.learn({"", call}).has_value());
  BOOST_TEST((kinds.find(2) == CompletionKind::kCall));
}

BOOST_AUTO_TEST_CASE(ids_far_out_of_the_row_are_kept_too) {
  CompletionKinds kinds;
  const std::vector<CompletionId> ids = {
      1, 2, 4'294'967'295u, 3, 4'000'000'000u, 130, 70, 131, 132, 200, 65, 9, 100'000};
  for (const CompletionId id : ids) {
    BOOST_TEST(!kinds.find(id));
    BOOST_TEST(kinds.learn({"", RunCommand{id}}).has_value());
    BOOST_TEST(!kinds.learn({"", SleepCommand{0, id}}).has_value());
  }
  for (const CompletionId id : ids) BOOST_TEST((kinds.find(id) == CompletionKind::kRun));
  BOOST_TEST(!kinds.find(0));
  BOOST_TEST(!kinds.find(5));
  BOOST_TEST(!kinds.find(4'294'967'294u));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::protocol::restate
