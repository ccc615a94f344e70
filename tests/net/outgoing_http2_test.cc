#include <boost/test/unit_test.hpp>
#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/net/frame_peer.h"
#include "tests/net/http_fixture.h"
#include "tests/net/outgoing_fixture.h"

namespace holdfast::net {
namespace {

using Kind = ExchangeFailure::Kind;
using std::chrono::milliseconds;

// An exchange and its recorder.
struct Opened {
  std::shared_ptr<Recorder> events = std::make_shared<Recorder>();
  std::shared_ptr<Exchange> exchange;
};

Opened open(EndpointPool& pool, OpenOptions options = {}) {
  Opened opened;
  opened.exchange = pool.open("POST", "/invoke", {}, opened.events, std::move(options));
  return opened;
}

// `peer` is left: what comes goes over another connection, and stream 1 ends on this one.
void check_that_it_is_left(RawServer& server, EndpointPool& pool, FramePeer& peer,
                           const Opened& first) {
  const Opened later = open(pool, {.body = ""});
  FramePeer next(server.accept());
  next.receive(kHeaders);
  next.answer(1, "elsewhere");
  peer.answer(1, "last");

  BOOST_TEST(later.events->wait_end() == "200 elsewhere");
  BOOST_TEST(first.events->wait_end() == "200 last");
  BOOST_TEST(peer.closed_by_peer());
}

BOOST_AUTO_TEST_SUITE(outgoing_http2)

BOOST_AUTO_TEST_CASE(our_server_sees_the_request_and_its_answer_comes_back) {
  RunningServer server(echo);
  RunningTransport transport;
  const auto pool = transport.pool("http://127.0.0.1:" + std::to_string(server.port()) + "/base/");
  const auto events = std::make_shared<Recorder>();
  OpenOptions options;
  options.body = "hello";

  pool->open("PUT", "/a?b=c", {{"X-One", "1"}}, events, options);

  BOOST_TEST(events->wait_end() == "200 hello");
  BOOST_TEST(find_header(events->headers(), "x-target").value_or("") == "/base/a?b=c");
  BOOST_TEST(find_header(events->headers(), "x-method").value_or("") == "PUT");
  BOOST_TEST(!events->misuse());
}

BOOST_AUTO_TEST_CASE(a_body_in_pieces_arrives_as_one) {
  RunningServer server(echo);
  RunningTransport transport;
  const auto pool = transport.pool(server.port());
  const Opened opened = open(*pool);
  std::string sent;

  for (int i = 0; i < 300; ++i) {
    const std::string piece(static_cast<std::size_t>(i) * 13 % 7000,
                            static_cast<char>('a' + i % 26));
    sent += piece;
    opened.exchange->send(piece);
  }
  opened.exchange->half_close();
  // The answer is larger than the window, so it comes only as far as it is consumed.
  std::size_t consumed = 0;
  while (consumed < sent.size()) {
    const std::size_t got = opened.events->wait_body(consumed + 1).size();
    BOOST_REQUIRE(got > consumed);
    opened.exchange->consumed(got - consumed);
    consumed = got;
  }

  BOOST_TEST((opened.events->wait_end() == "200 " + sent));
  BOOST_TEST(opened.exchange->unsent_bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(request_and_answer_stream_at_the_same_time_in_order) {
  RawServer server;
  RunningTransport transport;
  const auto pool = transport.pool(server.port());
  const Opened opened = open(*pool);
  FramePeer peer(server.accept());
  const std::uint32_t stream = peer.receive(kHeaders).stream;
  peer.answer_head(stream);

  std::string answered;
  for (int i = 0; i < 200; ++i) {
    const std::string piece = "ping" + std::to_string(i) + ";";
    opened.exchange->send(piece);
    BOOST_REQUIRE(peer.receive_body(stream, piece.size()) == piece);
    answered += "pong" + std::to_string(i) + ";";
    peer.send(frame(kData, 0, stream, "pong" + std::to_string(i) + ";"));
    BOOST_REQUIRE(opened.events->wait_body(answered.size()) == answered);
  }
  opened.exchange->half_close();
  BOOST_TEST(peer.receive(kData).flags == kEndStream);
  peer.send(frame(kData, kEndStream, stream, "bye"));

  BOOST_TEST((opened.events->wait_end() == "200 " + answered + "bye"));
  BOOST_TEST(!opened.events->misuse());
}

BOOST_AUTO_TEST_CASE(an_answer_may_come_byte_by_byte) {
  RawServer server;
  RunningTransport transport;
  const auto pool = transport.pool(server.port());
  const Opened opened = open(*pool, {.body = "x"});
  FramePeer peer(server.accept());
  peer.receive(kHeaders);
  const std::string bytes =
      frame(kHeaders, kEndHeaders, 1, field(":status", "103") + field("link", "a")) +
      frame(kHeaders, kEndHeaders, 1, field(":status", "201") + field("x-a", "1")) +
      frame(kData, 0, 1, "one ") + frame(kData, 0, 1, "") + frame(kData, 0, 1, "two") +
      frame(kHeaders, kEndHeaders | kEndStream, 1, field("trailer", "t"));

  for (const char byte : bytes) {
    peer.send({&byte, 1});
  }

  BOOST_TEST(opened.events->wait_end() == "201 one two");
  BOOST_TEST(opened.events->headers().size() == 1u);
  BOOST_TEST(!opened.events->misuse());
}

BOOST_AUTO_TEST_CASE(a_reset_ends_one_exchange_and_no_other) {
  RawServer server;
  RunningTransport transport;
  const auto pool = transport.pool(server.port());
  const Opened first = open(*pool);
  const Opened second = open(*pool, {.body = ""});
  FramePeer peer(server.accept());
  peer.receive(kHeaders);
  peer.receive(kHeaders);
  peer.answer_head(1);
  peer.send(frame(kData, 0, 1, "some"));

  peer.send(frame(kReset, 0, 1, number(2, 4)));
  peer.answer(3, "well");

  BOOST_TEST((first.events->wait_kind() == Kind::kReset));
  BOOST_TEST(first.events->now().find("reset the stream (INTERNAL_ERROR)") != std::string::npos);
  BOOST_TEST(second.events->wait_end() == "200 well");
}

BOOST_AUTO_TEST_CASE(a_bad_answer_is_one_also_when_the_endpoint_then_resets_the_stream) {
  RawServer server;
  RunningTransport transport;
  const auto pool = transport.pool(server.port());
  const Opened opened = open(*pool, {.body = ""});
  FramePeer peer(server.accept());
  peer.receive(kHeaders);

  peer.send(frame(kHeaders, kEndHeaders, 1, field(":status", "10F")) +
            frame(kReset, 0, 1, number(7, 4)));  // REFUSED_STREAM

  BOOST_TEST((opened.events->wait_kind() == Kind::kBadAnswer));
}

BOOST_AUTO_TEST_CASE(a_status_below_100_is_a_bad_answer_and_not_an_interim_one) {
  RawServer server;
  RunningTransport transport;
  const auto pool = transport.pool(server.port());
  const Opened opened = open(*pool, {.body = ""});
  FramePeer peer(server.accept());
  peer.receive(kHeaders);

  peer.send(frame(kHeaders, kEndHeaders, 1, field(":status", "051")) + frame(kData, 0, 1, "some"));

  BOOST_TEST((opened.events->wait_kind() == Kind::kBadAnswer));
  BOOST_TEST(!opened.events->misuse());
}

BOOST_AUTO_TEST_CASE(a_refused_stream_is_known_to_be_unprocessed) {
  RawServer server;
  RunningTransport transport;
  const auto pool = transport.pool(server.port());
  const Opened opened = open(*pool);
  FramePeer peer(server.accept());
  peer.receive(kHeaders);

  peer.send(frame(kReset, 0, 1, number(7, 4)));

  BOOST_TEST((opened.events->wait_kind() == Kind::kRefused));
  BOOST_TEST(opened.events->wait_failure()->unprocessed());
}

BOOST_AUTO_TEST_CASE(goaway_fails_what_was_not_looked_at_and_moves_the_rest_to_a_new_connection) {
  RawServer server;
  RunningTransport transport;
  const auto pool = transport.pool(server.port());
  const Opened kept = open(*pool, {.body = ""});
  const Opened refused = open(*pool, {.body = ""});
  FramePeer peer(server.accept());
  peer.receive(kHeaders);
  peer.receive(kHeaders);

  peer.goaway(1, 0, "going down");
  BOOST_TEST((refused.events->wait_kind() == Kind::kRefused));
  BOOST_TEST(refused.events->now().find("going down") != std::string::npos);
  check_that_it_is_left(server, *pool, peer, kept);
}

BOOST_AUTO_TEST_CASE(a_connection_that_asks_for_calm_is_left_and_what_comes_goes_over_another) {
  RawServer server;
  RunningTransport transport;
  const auto pool = transport.pool(server.port());
  const Opened kept = open(*pool, {.body = ""});
  const Opened refused = open(*pool, {.body = ""});
  FramePeer peer(server.accept());
  peer.receive(kHeaders);
  peer.receive(kHeaders);

  peer.send(frame(kReset, 0, 3, number(11, 4)));
  BOOST_TEST((refused.events->wait_kind() == Kind::kReset));
  check_that_it_is_left(server, *pool, peer, kept);
}

BOOST_AUTO_TEST_CASE(a_lost_connection_fails_each_of_100_exchanges_once) {
  RawServer server;
  RunningTransport transport;
  const auto pool = transport.pool(server.port());
  std::vector<Opened> all;
  for (int i = 0; i < 100; ++i) {
    all.push_back(open(*pool));
  }
  FramePeer peer(server.accept());
  for (int i = 0; i < 100; ++i) {
    BOOST_REQUIRE(peer.receive(kHeaders).type == kHeaders);
  }

  peer.raw().reset();

  for (const Opened& one : all) {
    BOOST_TEST((one.events->wait_kind() == Kind::kReset));
    one.exchange->send("too late");
    BOOST_TEST(one.exchange->unsent_bytes() == 0u);
  }
  transport.stop();
  for (const Opened& one : all) {
    BOOST_TEST(one.events->events() == 1);
  }
}

BOOST_AUTO_TEST_CASE(an_endpoint_that_allows_one_stream_serves_ten_exchanges) {
  HttpServerOptions one_stream;
  one_stream.streams_max = 1;
  RunningServer server(echo, one_stream);
  OutgoingOptions options;
  options.http2_connections_max = 2;
  RunningTransport transport(options);
  const auto pool = transport.pool(server.port());

  std::vector<Opened> all;
  for (int i = 0; i < 10; ++i) {
    all.push_back(open(*pool, {.body = std::to_string(i)}));
  }

  for (int i = 0; i < 10; ++i) {
    BOOST_TEST(all[static_cast<std::size_t>(i)].events->wait_end() == "200 " + std::to_string(i));
  }
}

BOOST_AUTO_TEST_CASE(a_second_connection_is_made_only_when_the_first_is_full) {
  RawServer server;
  OutgoingOptions options;
  options.http2_streams_max = 2;
  options.http2_connections_max = 2;
  RunningTransport transport(options);
  const auto pool = transport.pool(server.port());
  std::vector<Opened> all;
  all.push_back(open(*pool, {.body = ""}));
  FramePeer first(server.accept());
  first.receive(kHeaders);
  all.push_back(open(*pool, {.body = ""}));
  BOOST_TEST(first.receive(kHeaders).stream == 3u);

  all.push_back(open(*pool, {.body = ""}));
  FramePeer second(server.accept());
  BOOST_TEST(second.receive(kHeaders).stream == 1u);
  all.push_back(open(*pool, {.body = ""}));
  second.receive(kHeaders);
  all.push_back(open(*pool, {.body = ""}));  // Waits: there may be two connections.
  first.answer(3, "b");
  BOOST_TEST(first.receive(kHeaders).stream == 5u);
  first.answer(1, "a");
  first.answer(5, "e");
  second.answer(1, "c");
  second.answer(3, "d");

  std::string answers;
  for (const Opened& one : all) {
    answers += one.events->wait_end() + " ";
  }
  BOOST_TEST(answers == "200 a 200 b 200 c 200 d 200 e ");
}

BOOST_AUTO_TEST_CASE(a_connection_that_has_carried_its_share_is_followed_by_another) {
  RawServer server;
  OutgoingOptions options;
  options.http2_requests_max = 2;
  options.http2_connections_max = 1;
  options.http2_leaving_max = 1;
  RunningTransport transport(options);
  const auto pool = transport.pool(server.port());
  const Opened slow = open(*pool, {.body = ""});
  FramePeer first(server.accept());
  first.receive(kHeaders);
  const Opened last = open(*pool, {.body = ""});
  BOOST_TEST(first.receive(kHeaders).stream == 3u);
  first.answer(3, "last");
  BOOST_TEST(last.events->wait_end() == "200 last");

  // One request is still under way there; it takes no place from those that come.
  const Opened next = open(*pool, {.body = ""});
  FramePeer second(server.accept());
  BOOST_TEST(second.receive(kHeaders).stream == 1u);
  const Opened stays = open(*pool, {.body = ""});
  BOOST_TEST(second.receive(kHeaders).stream == 3u);
  // No more may be left behind, so this one goes on beyond its share.
  const Opened beyond = open(*pool, {.body = ""});
  BOOST_TEST(second.receive(kHeaders).stream == 5u);

  first.answer(1, "slow");
  BOOST_TEST(slow.events->wait_end() == "200 slow");
  BOOST_TEST(first.closed_by_peer());
  second.answer(1, "next");
  second.answer(3, "stays");
  second.answer(5, "beyond");
  BOOST_TEST(next.events->wait_end() == "200 next");
  BOOST_TEST(stays.events->wait_end() == "200 stays");
  BOOST_TEST(beyond.events->wait_end() == "200 beyond");
}

BOOST_AUTO_TEST_CASE(an_endpoint_that_says_goodbye_is_asked_whether_it_still_answers) {
  RawServer server;
  OutgoingOptions options;
  options.ping_timeout = milliseconds(50);
  RunningTransport transport(options);
  const auto pool = transport.pool(server.port());
  const Opened forgotten = open(*pool, {.body = ""});
  FramePeer peer(server.accept());
  peer.receive(kHeaders);

  peer.goaway(1, 0);
  BOOST_TEST(peer.receive(kPing).type == kPing);

  BOOST_TEST((forgotten.events->wait_kind() == Kind::kReset));
}

BOOST_AUTO_TEST_CASE(the_queue_for_a_place_is_bounded_in_number_and_time) {
  RawServer server;
  OutgoingOptions options;
  options.http2_streams_max = 1;
  options.http2_connections_max = 1;
  options.waiting_max = 1;
  options.waiting_timeout = milliseconds(200);
  RunningTransport transport(options);
  const auto pool = transport.pool(server.port());
  const Opened running = open(*pool, {.body = ""});
  FramePeer peer(server.accept());
  peer.receive(kHeaders);

  const Opened waiting = open(*pool);
  const Opened too_many = open(*pool);

  BOOST_TEST((too_many.events->wait_kind() == Kind::kBusy));
  BOOST_TEST((too_many.events->wait_failure()->error.code() == ErrorCode::kUnavailable));
  BOOST_TEST((waiting.events->wait_kind() == Kind::kBusy));
  BOOST_TEST(waiting.events->now().find("no connection became free in time") != std::string::npos);
  peer.answer(1, "fine");
  BOOST_TEST(running.events->wait_end() == "200 fine");
}

BOOST_AUTO_TEST_CASE(an_endpoint_that_gives_no_window_makes_unsent_bytes_grow) {
  RawServer server;
  RunningTransport transport;
  const auto pool = transport.pool(server.port());
  const Opened opened = open(*pool);
  FramePeer peer(server.accept(), setting(kInitialWindowSize, 10));
  peer.receive(kHeaders);

  opened.exchange->send("0123456789");
  opened.exchange->send("abcde");
  BOOST_TEST(peer.receive_body(1, 10) == "0123456789");
  transport.on_io([] {});
  const std::size_t stalled = opened.exchange->unsent_bytes();
  opened.exchange->send(std::string(100000, 'x'));
  BOOST_TEST(opened.exchange->unsent_bytes() == 100005u);
  peer.send(frame(kWindowUpdate, 0, 1, number(200000, 4)));
  peer.send(frame(kWindowUpdate, 0, 0, number(200000, 4)));
  BOOST_TEST(peer.receive_body(1, 100005).substr(0, 6) == "abcdex");

  BOOST_TEST(stalled == 5u);
  transport.on_io([] {});
  BOOST_TEST(opened.exchange->unsent_bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(what_the_reader_has_not_consumed_is_bounded_by_the_window) {
  RawServer server;
  OutgoingOptions options;
  options.stream_window_bytes = 100000;
  RunningTransport transport(options);
  const auto pool = transport.pool(server.port());
  const Opened opened = open(*pool, {.body = ""});
  FramePeer peer(server.accept());
  peer.receive(kHeaders);
  peer.answer_head(1);

  for (int i = 0; i < 10; ++i) {
    peer.send(frame(kData, 0, 1, std::string(10000, 'x')));
  }
  BOOST_TEST(opened.events->wait_body(100000).size() == 100000u);
  peer.send(frame(kPing, 0, 0, "12345678"));
  // Up to the answer to the PING no window may have been given.
  Frame received = peer.receive();
  for (; received.type != kPing && received.type != -1; received = peer.receive()) {
    BOOST_TEST((received.type != kWindowUpdate || received.stream == 0));
  }
  opened.exchange->consumed(100000);
  while (received.type != -1 && !(received.type == kWindowUpdate && received.stream == 1)) {
    received = peer.receive();
  }

  BOOST_TEST(number(received.payload) == 100000u);
}

BOOST_AUTO_TEST_CASE(an_answer_that_ends_first_ends_the_request_without_a_reset) {
  RawServer server;
  RunningTransport transport;
  const auto pool = transport.pool(server.port());
  const Opened opened = open(*pool);
  FramePeer peer(server.accept());
  peer.receive(kHeaders);
  opened.exchange->send("never ended");
  BOOST_TEST(peer.receive_body(1, 11) == "never ended");

  peer.answer(1, "enough");

  BOOST_TEST(opened.events->wait_end() == "200 enough");
  Frame last = peer.receive();
  while (last.stream != 1) {
    last = peer.receive();
  }
  BOOST_TEST(last.type == kData);
  BOOST_TEST(last.flags == kEndStream);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::net
