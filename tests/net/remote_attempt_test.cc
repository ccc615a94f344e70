#include "tests/net/remote_attempt_stand.h"

#include <boost/test/unit_test.hpp>

namespace holdfast::net {
namespace {

using namespace attempt_stand;

BOOST_AUTO_TEST_SUITE(remote_attempt)

// --- The request ---

BOOST_AUTO_TEST_CASE(start_says_how_many_entries_follow_and_they_follow) {
  Stand stand;
  stand.entries.push_back({"a", journal::Run{1}});
  stand.entries.push_back(completion(1, Bytes("x")));
  stand.entries.push_back(signal(17));
  stand.entries.push_back(signal(17));  // A second completion of an awakeable is not told.

  stand.start();

  const auto messages = stand.received();
  BOOST_REQUIRE(messages.size() == 5u);
  const auto& head = std::get<restate::StartHead>(messages[0]);
  BOOST_TEST(head.known_entries == 4u);
  BOOST_TEST(head.partial_state);
  BOOST_TEST(std::holds_alternative<protocol::Command>(messages[1]));
  BOOST_TEST(stand.pool->path == "/invoke/Greeter/greet");
  BOOST_TEST(!stand.exchange().half_closed);
}

BOOST_AUTO_TEST_CASE(state_goes_with_start_as_far_as_it_is_small) {
  const auto map_of = [](bool lazy, std::size_t size) {
    Stand stand;
    stand.row.target.service_kind = journal::ServiceKind::kObject;
    stand.row.target.handler_kind = journal::HandlerKind::kExclusive;
    stand.row.target.key = "k 1";
    stand.route.lazy_state = lazy;
    stand.host.state = {{"a", ""}, {"b", Bytes(size, 'x')}};
    stand.start();
    BOOST_TEST(find_header(stand.pool->headers, "x-restate-service-key").value_or("") == "k%201");
    return std::get<restate::StartHead>(stand.received().at(0));
  };

  const auto whole = map_of(false, 10);
  const auto cut = map_of(false, 2u << 20);
  const auto lazy = map_of(true, 10);

  BOOST_TEST(!whole.partial_state);
  BOOST_TEST(whole.state_map.size() == 2u);
  BOOST_TEST(cut.partial_state);
  BOOST_TEST(cut.state_map.size() == 1u);
  BOOST_TEST(lazy.partial_state);
  BOOST_TEST(lazy.state_map.empty());
}

BOOST_AUTO_TEST_CASE(without_both_ways_the_request_ends_after_the_journal) {
  Stand stand;
  stand.route.bidirectional = false;

  stand.start().head().says(run(1)).says(propose(1));
  BOOST_TEST(stand.received().size() == 2u);
  stand.told(completion(1, Bytes("done")));

  BOOST_TEST(stand.exchange().half_closed);
  BOOST_TEST(stand.received().empty());
  stand.says(suspension({1}));
  BOOST_TEST((stand.state == AttemptState::kSuspended));
  BOOST_TEST(stand.attempt->is_ready());
}

BOOST_AUTO_TEST_CASE(inv_1_on_hold_the_last_entry_is_not_whole_before_the_release) {
  Stand stand;
  stand.entries.push_back({"a", journal::Run{1}});
  stand.start(true).head();
  stand.told(signal(17));
  stand.attempt->wind_up();

  const Bytes before = stand.exchange().sent;
  BytesView rest = before;
  restate::FrameReader reader;
  int whole = 0;
  while (reader.next(rest).value()) ++whole;
  BOOST_TEST(whole == 2);  // Start and Input; not the Run.
  BOOST_TEST(!reader.at_boundary());
  BOOST_TEST(!stand.exchange().half_closed);

  stand.attempt->release();
  stand.attempt->release();

  const auto messages = stand.received();
  BOOST_REQUIRE(messages.size() == 4u);
  BOOST_TEST(std::get<restate::StartHead>(messages[0]).known_entries == 2u);
  BOOST_TEST(std::holds_alternative<protocol::Notification>(messages[3]));  // Behind the journal.
}

BOOST_AUTO_TEST_CASE(inv_1_on_hold_a_request_that_ends_at_once_is_not_made_before_the_release) {
  Stand stand;
  stand.route.bidirectional = false;
  stand.start(true);
  BOOST_TEST(stand.pool->requests == 0);

  stand.attempt->release();

  BOOST_TEST(stand.pool->requests == 1);
  BOOST_TEST(stand.received().size() == 2u);
  BOOST_TEST(stand.exchange().half_closed);
}

BOOST_AUTO_TEST_CASE(a_journal_that_cannot_be_told_fails_before_the_request) {
  Stand stand;
  stand.entries.push_back(completion(9, Empty{}));  // Of no command.

  stand.start();

  BOOST_TEST(stand.failed_with("RT0006"));
  BOOST_TEST(stand.pool->path == "");
}

// --- The head of the answer ---

BOOST_AUTO_TEST_CASE(a_status_that_is_not_success_fails_with_its_code) {
  const std::vector<std::pair<int, const char*>> codes = {
      {301, "RT0012"}, {400, "RT0012"}, {404, "RT0012"}, {413, "RT0019"}, {415, "RT0015"},
      {429, "RT0023"}, {500, "RT0012"}, {502, "RT0010"}, {503, "RT0023"}, {504, "RT0010"}};
  for (const auto& [status, code] : codes) {
    Stand stand;

    stand.start().head(status);

    BOOST_TEST_CONTEXT(status) {
      BOOST_TEST(stand.failed_with(code));
      BOOST_TEST(stand.exchange().cancelled);
      BOOST_TEST(!stand.attempt->error().next_retry_delay_ms.has_value());
    }
  }
}

BOOST_AUTO_TEST_CASE(an_output_is_acknowledged_like_any_command) {
  Stand stand;
  stand.start().head().says(output_with_ack());
  stand.received();
  BOOST_TEST(stand.host.acks_wanted == 1);

  stand.attempt->all_durable();

  const auto told = stand.received();
  BOOST_REQUIRE(told.size() == 1u);
  BOOST_TEST(std::get<restate::CommandAck>(told[0]).index == 1u);
  stand.says(restate::End());
  BOOST_TEST((stand.state == AttemptState::kEnded));
}

BOOST_AUTO_TEST_CASE(an_output_of_an_earlier_attempt_may_be_said_anew_once) {
  Stand stand;
  stand.entries.push_back({{}, journal::Output{Bytes("out")}});
  stand.start().head().says(output("new"));
  BOOST_TEST(stand.host.commands.size() == 1u);
  BOOST_TEST((stand.state == AttemptState::kBlocked));

  stand.says(output("newer"));

  BOOST_TEST(stand.failed_with("RT0012"));
}

BOOST_AUTO_TEST_CASE(an_output_that_start_has_told_is_the_result_at_the_end) {
  Stand stand;
  stand.entries.push_back({{}, journal::Output{Bytes("out")}});

  stand.start().head().says(restate::End());

  BOOST_TEST((stand.state == AttemptState::kEnded));
}

BOOST_AUTO_TEST_CASE(retry_after_is_the_next_delay) {
  const auto delay_for = [](int status, const char* said) {
    Stand stand;
    stand.start().head(status, {{"retry-after", said}});
    return stand.attempt->error().next_retry_delay_ms.value_or(-1);
  };

  BOOST_TEST(delay_for(429, "3") == 3000);
  BOOST_TEST(delay_for(503, "7") == 7000);
  BOOST_TEST(delay_for(503, "99999999") == 86'400'000);
  BOOST_TEST(delay_for(503, "99999999999999999999") == -1);
  BOOST_TEST(delay_for(503, "-1") == -1);
  BOOST_TEST(delay_for(503, "soon") == -1);
  BOOST_TEST(delay_for(500, "3") == -1);
  BOOST_TEST(delay_for(503, "Thu, 01 Jan 1970 00:00:09 GMT") == 9000);  // The stand's time is 0.
  BOOST_TEST(delay_for(429, "Thu Jan  1 00:00:09 1970") == 9000);
  BOOST_TEST(delay_for(503, "Fri, 06 Nov 2026 08:49:37 GMT") == 86'400'000);
  BOOST_TEST(delay_for(503, "Thu, 01 Jan 1970 00:00:00 GMT") == -1);
  // No delay would be no back-off: such a retry does not use up the attempts.
  BOOST_TEST(delay_for(503, "0") == -1);
}

BOOST_AUTO_TEST_CASE(an_answer_of_another_type_fails) {
  for (const char* type :
       {"text/html", "", "application/vnd.restate.invocation.v5", "application/json"}) {
    Stand stand;
    stand.start();

    stand.events().on_head(200, {{"content-type", type}});
    stand.events().on_body("<html><body>It works!</body></html>");
    stand.wake();

    BOOST_TEST(stand.failed_with("RT0012"));
    BOOST_TEST(stand.host.commands.empty());
  }
}

BOOST_AUTO_TEST_CASE(an_endpoint_that_cannot_be_reached_fails_the_attempt) {
  Stand stand;
  stand.start();

  stand.events().on_failed(
      {ExchangeFailure::Kind::kNotConnected, Error(ErrorCode::kUnavailable, "refused")});
  stand.wake();

  BOOST_TEST(stand.failed_with("RT0010"));
  BOOST_TEST((stand.attempt->error().then == AttemptError::Then::kRetry));
}

// --- Frames ---

BOOST_AUTO_TEST_CASE(output_and_end_end_the_attempt) {
  Stand stand;

  stand.start().head().says(output()).says(restate::End());

  BOOST_TEST((stand.state == AttemptState::kEnded));
  BOOST_REQUIRE(stand.host.commands.size() == 1u);
  BOOST_TEST(std::holds_alternative<journal::Output>(stand.host.commands[0].body));
  BOOST_TEST(stand.exchange().half_closed);
  BOOST_TEST(!stand.exchange().cancelled);
}

BOOST_AUTO_TEST_CASE(inv_11_what_no_handler_may_say_fails_the_attempt_and_reaches_nobody) {
  const auto frame = [](std::uint16_t type, Bytes payload) {
    Bytes bytes;
    restate::append_frame(bytes, {static_cast<restate::MessageType>(type), false, payload});
    return bytes;
  };
  const std::vector<std::pair<const char*, Bytes>> all = {
      {"Start", frame(0x0000, "")},
      {"CommandAck", frame(0x0004, Bytes("\x08\x01", 2))},
      {"ProposalAck", frame(0x0007, "")},
      {"unknown control", frame(0x0008, "")},
      {"Input", frame(0x0400, "")},
      {"a command of the future", frame(0x0415, "")},
      {"a notification", frame(0x8011, Bytes("\x08\x01\x22\x00", 4))},
      {"custom", frame(0xFC01, "")},
      {"Run without an id", frame(0x0411, "")},
      {"half a varint", frame(0x0411, "\x58")},
      {"Suspension for nothing", frame(0x0001, "")},
      {"End without Output", frame(0x0003, "")},
      {"a proposal for nothing", frame(0x0005, Bytes("\x08\x01\x72\x00", 4))},
      {"a proposal without a result", frame(0x0005, Bytes("\x08\x01", 2))}};
  for (const auto& [what, bytes] : all) {
    BOOST_TEST_CONTEXT(what) {
      Stand stand;

      stand.start().head().says(bytes);

      BOOST_TEST(stand.failed_with("RT0012"));
      BOOST_TEST(stand.attempt->error().failure.code == 571);
      BOOST_TEST(stand.host.commands.empty());
      BOOST_TEST(stand.host.proposals.empty());
      BOOST_TEST(stand.exchange().cancelled);
    }
  }
}

BOOST_AUTO_TEST_CASE(inv_11_a_command_after_the_output_is_refused) {
  Stand stand;

  stand.start().head().says(output()).says(run(1));

  BOOST_TEST(stand.failed_with("RT0012"));
  BOOST_TEST(stand.host.commands.size() == 1u);
}

BOOST_AUTO_TEST_CASE(inv_11_a_completion_id_names_one_command) {
  Stand stand;
  stand.entries.push_back({"a", journal::Run{1}});

  stand.start().head().says(sleep(1));

  BOOST_TEST(stand.failed_with("RT0012"));
  BOOST_TEST(stand.host.commands.empty());
}

BOOST_AUTO_TEST_CASE(inv_11_a_run_has_one_outcome) {
  Stand twice, known, of_sleep;
  known.entries.push_back({"a", journal::Run{1}});
  known.entries.push_back(completion(1, Bytes("x")));

  twice.start().head().says(run(1)).says(propose(1)).says(propose(1));
  known.start().head().says(propose(1));
  of_sleep.start().head().says(sleep(1)).says(propose(1));

  BOOST_TEST(twice.failed_with("RT0012"));
  BOOST_TEST(twice.host.proposals.size() == 1u);
  BOOST_TEST(known.failed_with("RT0012"));
  BOOST_TEST(of_sleep.failed_with("RT0012"));
}

BOOST_AUTO_TEST_CASE(a_replayed_run_without_outcome_may_be_proposed) {
  Stand stand;
  stand.entries.push_back({"a", journal::Run{1}});
  stand.entries.push_back({"b", journal::Sleep{1'000'000, 2}});

  stand.start().head();
  BOOST_TEST(!stand.attempt->can_be_asked());  // It executes a closure.
  stand.says(propose(1));

  BOOST_TEST((stand.state == AttemptState::kBlocked));
  BOOST_TEST(stand.host.proposals.size() == 1u);
  BOOST_TEST(stand.attempt->can_be_asked());
}

BOOST_AUTO_TEST_CASE(frames_may_come_byte_by_byte) {
  Stand stand;
  Bytes bytes = restate::encode(run(1), Version::k6) + restate::encode(propose(1), Version::k6) +
                restate::encode(output(), Version::k6) +
                restate::encode(restate::End(), Version::k6);

  stand.start().head();
  for (const char& byte : bytes) stand.says(BytesView(&byte, 1));

  BOOST_TEST((stand.state == AttemptState::kEnded));
  BOOST_TEST(stand.host.commands.size() == 2u);
  BOOST_TEST(stand.host.proposals.size() == 1u);
}

BOOST_AUTO_TEST_CASE(what_comes_after_the_last_word_is_dropped) {
  Stand stand;

  stand.start().head().says(restate::encode(output(), Version::k6) +
                            restate::encode(restate::End(), Version::k6) +
                            restate::encode(run(1), Version::k6) + "garbage");

  BOOST_TEST((stand.state == AttemptState::kEnded));
  BOOST_TEST(stand.host.commands.size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_answer_that_just_stops_fails) {
  Stand at_once, after_output, in_a_frame;

  at_once.start().head().ends();
  after_output.start().head().says(output()).ends();
  in_a_frame.start().head().says(restate::encode(run(1), Version::k6).substr(0, 9)).ends();

  BOOST_TEST(at_once.failed_with("RT0012"));
  BOOST_TEST(after_output.failed_with("RT0012"));
  BOOST_TEST(in_a_frame.failed_with("RT0012"));
  BOOST_TEST((in_a_frame.failure().find("middle of a frame") != std::string::npos));
}

BOOST_AUTO_TEST_CASE(a_last_word_that_comes_with_the_end_of_the_answer_counts) {
  for (const bool broken : {false, true}) {
    Stand stand;
    stand.start();

    stand.events().on_head(200, {{"content-type", restate::content_type(Version::k6)}});
    stand.events().on_body(restate::encode(output(), Version::k6) +
                           restate::encode(restate::End(), Version::k6));
    if (broken) {
      stand.events().on_failed(
          {ExchangeFailure::Kind::kReset, Error(ErrorCode::kUnavailable, "reset")});
    } else {
      stand.events().on_end();
    }
    stand.wake();

    BOOST_TEST((stand.state == AttemptState::kEnded));
  }
}

BOOST_AUTO_TEST_CASE(inv_11_a_frame_over_the_limit_fails_at_its_header) {
  Stand stand;
  Bytes header;
  restate::append_frame_header(
      header, {restate::MessageType::kOutput, false, restate::kFramePayloadMax + 1});

  stand.start().head().says(header);

  BOOST_TEST(stand.failed_with("RT0003"));
}

BOOST_AUTO_TEST_CASE(a_future_that_is_too_deep_pauses) {
  restate::Suspension message;
  for (std::size_t i = 0; i <= restate::kFutureDepthMax; ++i) {
    restate::Future outer;
    outer.combinator = protocol::WaitSet::Combinator::kAll;
    if (i == 0) outer.completions = {1};
    if (i > 0) outer.nested.push_back(std::move(message.awaiting));
    message.awaiting = std::move(outer);
  }
  Stand stand(Version::k7);

  stand.start().head().says(run(1)).says(message);

  BOOST_TEST(stand.failed_with("RT0025"));
  BOOST_TEST((stand.attempt->error().then == AttemptError::Then::kPause));
}

BOOST_AUTO_TEST_CASE(an_error_of_the_handler_is_the_error_of_the_attempt) {
  restate::HandlerError error;
  error.error.code = 570;
  error.error.message = "changed";
  error.error.next_retry_delay_ms = 1234;
  error.behavior = restate::ErrorBehavior::kPause;
  Stand stand;

  stand.start().head().says(error);

  BOOST_TEST((stand.state == AttemptState::kFailed));
  BOOST_TEST(stand.attempt->error().failure.code == 570);
  BOOST_TEST(stand.attempt->error().next_retry_delay_ms.value_or(0) == 1234);
  BOOST_TEST((stand.attempt->error().then == AttemptError::Then::kPause));
  BOOST_TEST(stand.exchange().half_closed);
}

BOOST_AUTO_TEST_CASE(an_error_is_kept_only_as_far_as_somebody_reads_it) {
  restate::HandlerError error;
  error.error.message = std::string(20u << 20, 'x');
  error.error.related_command_name = std::string(1u << 20, 'y');
  Stand stand;

  stand.start().head().says(error);

  // It is part of the row, which is rewritten with every change.
  BOOST_TEST(stand.attempt->error().failure.message.size() <= 10'000u);
  BOOST_TEST(stand.attempt->error().failure.related_command_name.size() <= 10'000u);
}

// --- Notifications ---

BOOST_AUTO_TEST_CASE(notifications_are_told_until_the_request_is_ended) {
  Stand stand;
  stand.start().head().says(sleep(1)).says(sleep(2));
  stand.received();

  stand.told(completion(1, Empty{})).told(signal(1));
  const auto before = stand.received();
  stand.attempt->ask_to_suspend();
  stand.told(completion(2, Empty{}));
  const auto after = stand.received();

  BOOST_TEST(before.size() == 2u);
  BOOST_TEST(after.empty());
  stand.says(suspension({2}));
  BOOST_TEST(stand.attempt->is_ready());
}

BOOST_AUTO_TEST_CASE(a_proposal_is_answered_with_its_outcome_or_an_ack_as_asked) {
  Stand echo(Version::k6), acked(Version::k7);

  echo.start().head().says(run(1)).says(propose(1));
  acked.start().head().says(run(1)).says(propose(1, true));
  echo.received();
  acked.received();
  echo.told(completion(1, Bytes("done")));
  acked.told(completion(1, Bytes("done")));

  const auto told = echo.received(), ack = acked.received();
  BOOST_REQUIRE(told.size() == 1u);
  BOOST_REQUIRE(ack.size() == 1u);
  BOOST_TEST(std::holds_alternative<protocol::Notification>(told[0]));
  BOOST_TEST(std::holds_alternative<restate::ProposalAck>(ack[0]));
}

BOOST_AUTO_TEST_CASE(inv_1_a_command_is_acknowledged_when_it_is_durable) {
  Stand stand;
  stand.start().head().says(command(protocol::RunCommand{1}, true));
  stand.received();

  BOOST_TEST(stand.host.acks_wanted == 1);
  stand.attempt->all_durable();
  stand.attempt->all_durable();

  const auto acks = stand.received();
  BOOST_REQUIRE(acks.size() == 1u);
  BOOST_TEST(std::get<restate::CommandAck>(acks[0]).index == 1u);
}

// --- Suspension ---

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::net
