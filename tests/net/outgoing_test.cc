#include <boost/test/unit_test.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/net/frame_peer.h"
#include "tests/net/http_fixture.h"
#include "tests/net/outgoing_fixture.h"

namespace holdfast::net {
namespace {

using Kind = ExchangeFailure::Kind;
using std::chrono::milliseconds;

struct Opened {
  std::shared_ptr<Recorder> events = std::make_shared<Recorder>();
  std::shared_ptr<Exchange> exchange;
};

Opened open(EndpointPool& pool, OpenOptions options = {.body = ""}) {
  Opened opened;
  opened.exchange = pool.open("POST", "/invoke", {}, opened.events, std::move(options));
  return opened;
}

constexpr HttpVersion kBoth[] = {HttpVersion::kHttp2, HttpVersion::kHttp11};

BOOST_AUTO_TEST_SUITE(outgoing)

BOOST_AUTO_TEST_CASE(addresses_are_taken_apart) {
  const auto plain = parse_endpoint_address("http://Example.org:9080/a/b/").value();
  const auto secure = parse_endpoint_address("HTTPS://[2001:DB8::1]").value();
  const auto usual = parse_endpoint_address("http://host:80").value();

  BOOST_TEST(plain.host == "example.org");
  BOOST_TEST(plain.port == 9080);
  BOOST_TEST(plain.base_path == "/a/b");
  BOOST_TEST(plain.authority() == "example.org:9080");
  BOOST_TEST(plain.uri() == "http://example.org:9080/a/b");
  BOOST_TEST(secure.secure);
  BOOST_TEST(secure.port == 443);
  BOOST_TEST(secure.authority() == "[2001:db8::1]");
  BOOST_TEST(usual.authority() == "host");
  BOOST_TEST((usual == parse_endpoint_address("http://host/").value()));
}

BOOST_AUTO_TEST_CASE(addresses_that_cannot_be_used_say_why) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"localhost:9080", "http:// or https://"},
      {"ftp://a", "http:// or https://"},
      {"", "http:// or https://"},
      {"http://", "no host"},
      {"http://:80", "no host"},
      {"http://a:0", "port"},
      {"http://a:65536", "port"},
      {"http://a:8x", "port"},
      {"http://a:-1", "port"},
      {"http://[::1", "]"},
      {"http://[x]", "IPv6"},
      {"http://[::1]8", "port"},
      {"http://a b", "space"},
      {"http://a\r\nb", "space"},
      {"http://user:secret@a", "user name"},
      {"http://a/b?c", "query"},
      {"http://a/#c", "fragment"},
      {"http://a/%zz", "%"},
      {"http://a<b", "host"},
  };
  for (const auto& [uri, why] : wrong) {
    const auto parsed = parse_endpoint_address(uri);

    BOOST_TEST_CONTEXT(uri) {
      BOOST_REQUIRE(!parsed.has_value());
      BOOST_TEST((parsed.error().code() == ErrorCode::kInvalidArgument));
      BOOST_TEST(parsed.error().message().find(why) != std::string::npos);
      BOOST_TEST(parsed.error().message().find("secret") == std::string::npos);
    }
  }
}

BOOST_AUTO_TEST_CASE(names_are_looked_up_and_equal_addresses_share_a_pool) {
  RunningServer server(echo);
  RunningTransport transport;
  const std::string uri = "http://localhost:" + std::to_string(server.port());

  BOOST_TEST(call(*transport.pool(uri), "/", "hi") == "200 hi");
  const auto pool = transport.pool(uri);
  BOOST_TEST((pool == transport.pool(uri + "/")));
  BOOST_TEST((pool != transport.pool(uri + "/x")));
}

BOOST_AUTO_TEST_CASE(a_refused_connection_fails_each_exchange_that_waits_for_it) {
  std::uint16_t port = 0;
  {
    RawServer server;
    port = server.port();
  }
  RunningTransport transport;
  for (const HttpVersion version : kBoth) {
    const auto pool = transport.pool(port, version);
    const Opened first = open(*pool);
    const Opened second = open(*pool);

    BOOST_TEST((first.events->wait_kind() == Kind::kNotConnected));
    BOOST_TEST((second.events->wait_kind() == Kind::kNotConnected));
    BOOST_TEST(first.events->wait_failure()->unprocessed());
    BOOST_TEST(first.events->now().find("cannot be connected to: Connection refused") !=
               std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(an_unknown_name_fails_as_not_connected) {
  RunningTransport transport;
  const Opened opened = open(*transport.pool("http://no-such-host.invalid"));

  BOOST_TEST((opened.events->wait_kind() == Kind::kNotConnected));
}

BOOST_AUTO_TEST_CASE(an_endpoint_that_says_nothing_is_not_connected_in_time) {
  RawServer server;  // The system accepts; nobody speaks.
  OutgoingOptions options;
  options.connect_timeout = milliseconds(100);
  RunningTransport transport(options);

  const Opened opened = open(*transport.pool(server.port()));

  BOOST_TEST((opened.events->wait_kind() == Kind::kNotConnected));
  BOOST_TEST(opened.events->now().find("took more than 100 ms") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_endpoint_without_http_2_is_named_as_such) {
  RawServer server;
  RunningTransport transport;
  const Opened opened = open(*transport.pool(server.port()));
  RawPeer peer(server.accept());

  peer.send("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");

  BOOST_TEST((opened.events->wait_kind() == Kind::kNotConnected));
  BOOST_TEST(opened.events->now().find("does it need HTTP/1.1?") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_late_head_fails_as_timed_out_and_costs_nobody_else) {
  RawServer server;
  RunningTransport transport;
  const auto pool = transport.pool(server.port());
  const Opened late = open(*pool, {.body = "", .head_timeout = milliseconds(100)});
  const Opened patient = open(*pool);
  FramePeer peer(server.accept());

  BOOST_TEST((late.events->wait_kind() == Kind::kTimedOut));
  BOOST_TEST(late.events->now().find("did not answer within 100 ms") != std::string::npos);
  BOOST_TEST(peer.receive(kReset).stream == 1u);
  peer.answer(3, "here");
  BOOST_TEST(patient.events->wait_end() == "200 here");
}

BOOST_AUTO_TEST_CASE(a_late_head_closes_an_http_1_connection) {
  RawServer server;
  RunningTransport transport;
  const auto pool = transport.pool(server.port(), HttpVersion::kHttp11);
  const Opened late = open(*pool, {.body = "", .head_timeout = milliseconds(100)});
  RawPeer peer(server.accept());
  peer.receive_until("\r\n\r\n");

  BOOST_TEST((late.events->wait_kind() == Kind::kTimedOut));
  BOOST_TEST(peer.closed_by_peer());
}

BOOST_AUTO_TEST_CASE(a_request_that_cannot_be_said_is_not_sent) {
  RawServer server;
  RunningTransport transport;
  for (const HttpVersion version : kBoth) {
    const auto pool = transport.pool(server.port(), version);
    const auto events = [&](std::string method, std::string path, HttpHeaders headers) {
      auto recorder = std::make_shared<Recorder>();
      pool->open(std::move(method), std::move(path), std::move(headers), recorder, {.body = ""});
      return recorder;
    };

    BOOST_TEST((events("PO ST", "/", {})->wait_kind() == Kind::kBadRequest));
    BOOST_TEST((events("POST", "x", {})->wait_kind() == Kind::kBadRequest));
    BOOST_TEST((events("POST", "/a b", {})->wait_kind() == Kind::kBadRequest));
    BOOST_TEST((events("POST", "/", {{"a\r\nb", "c"}})->wait_kind() == Kind::kBadRequest));
  }
  BOOST_TEST(!server.somebody_waits());
}

BOOST_AUTO_TEST_CASE(a_cancelled_exchange_is_silent_while_it_connects_waits_or_runs) {
  RawServer server;
  OutgoingOptions options;
  options.http2_streams_max = 1;
  options.http2_connections_max = 1;
  RunningTransport transport(options);
  const auto pool = transport.pool(server.port());
  const Opened connecting = open(*pool);
  transport.on_io([] {});
  connecting.exchange->cancel();
  const Opened running = open(*pool, {});
  const Opened waiting = open(*pool);
  FramePeer peer(server.accept());
  peer.receive(kHeaders);

  waiting.exchange->cancel();
  running.exchange->send("some");
  BOOST_TEST(peer.receive_body(1, 4) == "some");
  peer.answer_head(1);
  BOOST_TEST(running.events->wait_head() == 200);
  peer.send(frame(kData, 0, 1, "a"));
  BOOST_TEST(running.events->wait_body(1) == "a");
  running.exchange->cancel();
  BOOST_TEST(number(peer.receive(kReset).payload) == 8u);  // CANCEL
  peer.send(frame(kData, kEndStream, 1, "never seen"));
  const Opened last = open(*pool);
  peer.receive(kHeaders);
  peer.answer(3, "last");

  BOOST_TEST(last.events->wait_end() == "200 last");
  BOOST_TEST(connecting.events->events() == 0);
  BOOST_TEST(waiting.events->events() == 0);
  BOOST_TEST(running.events->events() == 2);
}

BOOST_AUTO_TEST_CASE(cancelling_inside_an_event_is_the_last_that_is_heard) {
  RawServer server;
  RunningTransport transport;
  const auto pool = transport.pool(server.port());
  const auto events = std::make_shared<Recorder>();
  std::promise<std::shared_ptr<Exchange>> opened;
  auto exchange = opened.get_future().share();
  events->when_body([&](BytesView) { exchange.get()->cancel(); });
  opened.set_value(pool->open("POST", "/", {}, events, {.body = ""}));
  FramePeer peer(server.accept());
  peer.receive(kHeaders);

  peer.send(frame(kHeaders, kEndHeaders, 1, field(":status", "200")) + frame(kData, 0, 1, "a") +
            frame(kData, kEndStream, 1, "b"));
  const Opened next = open(*pool);
  peer.receive(kHeaders);
  peer.answer(3, "next");

  BOOST_TEST(next.events->wait_end() == "200 next");
  BOOST_TEST(events->events() == 2);
}

BOOST_AUTO_TEST_CASE(idle_connections_close) {
  RawServer server;
  OutgoingOptions options;
  options.idle_timeout = milliseconds(100);
  RunningTransport transport(options);
  const auto pool = transport.pool(server.port());
  const Opened opened = open(*pool);
  FramePeer peer(server.accept());
  peer.receive(kHeaders);
  peer.answer(1, "x");

  BOOST_TEST(peer.receive(kGoaway).type == kGoaway);
  BOOST_TEST(peer.closed_by_peer());
  const Opened next = open(*pool);
  FramePeer second(server.accept());
  BOOST_TEST(second.receive(kHeaders).stream == 1u);
}

BOOST_AUTO_TEST_CASE(a_dropped_pool_serves_its_exchanges_and_closes) {
  RawServer server;
  RunningTransport transport;
  auto pool = transport.pool(server.port());
  const Opened opened = open(*pool);
  FramePeer peer(server.accept());
  peer.receive(kHeaders);

  pool.reset();
  transport.on_io([] {});
  peer.answer(1, "done");

  BOOST_TEST(opened.events->wait_end() == "200 done");
  BOOST_TEST(peer.closed_by_peer());
}

BOOST_AUTO_TEST_CASE(a_silent_endpoint_is_asked_and_then_given_up) {
  RawServer server;
  OutgoingOptions options;
  options.ping_after = milliseconds(50);
  options.ping_timeout = milliseconds(100);
  RunningTransport transport(options);
  const auto pool = transport.pool(server.port());
  const Opened opened = open(*pool);
  FramePeer peer(server.accept());

  const Frame ping = peer.receive(kPing);
  peer.send(frame(kPing, kAck, 0, ping.payload));
  BOOST_TEST(peer.receive(kPing).type == kPing);  // Answered, so it is asked again...

  BOOST_TEST((opened.events->wait_kind() == Kind::kReset));  // ...and not answered.
  BOOST_TEST(opened.events->now().find("no sign of life") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_endpoint_that_leaves_each_connection_at_once_is_not_called_for_ever) {
  RawServer server;
  RunningTransport transport;
  const auto pool = transport.pool(server.port());
  const std::string settings = frame(kSettings, 0, 0, "");
  const std::string goodbye = frame(kGoaway, 0, 0, number(0, 4) + number(0, 4));
  const std::string no_streams = frame(kSettings, 0, 0, setting(kMaxConcurrentStreams, 0));

  const Opened moved = open(*pool);
  for (int i = 0; i < 4; ++i) {
    RawPeer peer(server.accept());
    peer.receive(24);
    peer.send(settings + goodbye);
    peer.receive_until("never");
  }
  const Opened unserved = open(*pool);
  {
    RawPeer peer(server.accept());
    peer.receive(24);
    peer.send(no_streams);
  }

  BOOST_TEST_CONTEXT(moved.events->wait_end()) {
    BOOST_TEST((moved.events->wait_kind() == Kind::kRefused));
  }
  BOOST_TEST((unserved.events->wait_kind() == Kind::kNotConnected));
}

BOOST_AUTO_TEST_CASE(stopping_fails_what_runs_and_later_calls_do_nothing) {
  RawServer server;
  RunningTransport transport;
  const auto pool = transport.pool(server.port());
  const Opened running = open(*pool, {});
  FramePeer peer(server.accept());
  peer.receive(kHeaders);

  transport.stop();
  running.exchange->send("late");
  const Opened late = open(*pool);
  late.exchange->cancel();

  BOOST_TEST((running.events->wait_kind() == Kind::kStopped));
  BOOST_TEST((running.events->wait_failure()->error.code() == ErrorCode::kShuttingDown));
  BOOST_TEST(late.events->events() == 0);
  BOOST_TEST(running.events->events() == 1);
}

BOOST_AUTO_TEST_CASE(stopping_inside_an_event_is_allowed) {
  RawServer server;
  RunningTransport transport;
  const auto pool = transport.pool(server.port());
  const auto events = std::make_shared<Recorder>();
  events->when_body([&](BytesView) { transport.http().stop(); });
  const Opened other = open(*pool);
  const auto exchange = pool->open("POST", "/", {}, events, {.body = ""});
  FramePeer peer(server.accept());
  peer.receive(kHeaders);
  peer.receive(kHeaders);

  peer.send(frame(kHeaders, kEndHeaders, 3, field(":status", "200")) + frame(kData, 0, 3, "a") +
            frame(kData, kEndStream, 3, "b"));

  BOOST_TEST((events->wait_kind() == Kind::kStopped));
  BOOST_TEST((other.events->wait_kind() == Kind::kStopped));
}

BOOST_AUTO_TEST_CASE(inv_11_bytes_that_are_no_frames_fail_the_exchange_only) {
  RunningServer good(echo);
  RunningTransport transport;
  const std::vector<std::string> broken = {
      frame(kData, 0, 0, "data on stream zero"),
      frame(kData, 0, 1, "data before the head"),
      frame(kHeaders, kEndHeaders, 2, field(":status", "200")),         // A push.
      frame(kHeaders, kEndHeaders, 1, "\xff\xff\xff\xff\xff\xff\xff"),  // No HPACK.
      frame(kHeaders, kEndHeaders, 1, field("x", "no status")),
      frame(kHeaders, kEndHeaders, 1, field(":status", "2000")),
      frame(kHeaders, kEndHeaders, 1, field(":status", "200") + field("Upper", "x")),
      frame(kHeaders, kEndHeaders | kEndStream, 1,
            field(":status", "200") + field("content-length", "5")),
      frame(kWindowUpdate, 0, 1, number(0, 4)),
      frame(kSettings, 0, 0, "odd"),
      std::string("\xff\xff\xff\x00\x00\x00\x00\x00\x01", 9) + std::string(1000, 'x'),
      frame(kPing, 0, 0, "short"),
      frame(kHeaders, 0, 1, field(":status", "200")) + frame(kData, 0, 1, "in between"),
  };
  for (const std::string& bytes : broken) {
    RawServer server;
    const auto pool = transport.pool(server.port());
    const Opened opened = open(*pool, {});
    FramePeer peer(server.accept());
    peer.receive(kHeaders);

    peer.send(bytes);

    BOOST_TEST_CONTEXT(opened.events->wait_end()) {
      BOOST_TEST((opened.events->wait_kind() == Kind::kBadAnswer));
      BOOST_TEST(!opened.events->misuse());
    }
  }
  BOOST_TEST(call(*transport.pool(good.port()), "/", "alive") == "200 alive");
}

BOOST_AUTO_TEST_CASE(huge_headers_fail_the_exchange_only) {
  RawServer server;
  RunningTransport transport;
  const auto pool = transport.pool(server.port());
  const Opened huge = open(*pool, {});
  const Opened other = open(*pool);
  FramePeer peer(server.accept());
  peer.receive(kHeaders);
  std::string fields = field(":status", "200");
  while (fields.size() < (15u << 10)) {
    fields += field("x-a", std::string(100, 'a'));
  }

  peer.send(frame(kHeaders, 0, 1, fields));
  constexpr std::uint8_t kContinuation = 9;
  fields.erase(0, field(":status", "200").size());
  for (int i = 0; i < 6; ++i) {
    peer.send(frame(kContinuation, i == 5 ? kEndHeaders : 0, 1, fields));
  }
  peer.answer(3, "fine");

  const auto failure = huge.events->wait_failure();
  BOOST_REQUIRE(failure.has_value());
  BOOST_TEST((failure->error.code() == ErrorCode::kTooLarge));
  BOOST_TEST(other.events->wait_end() == "200 fine");
}

BOOST_AUTO_TEST_CASE(many_threads_may_use_many_exchanges) {
  RunningServer server(echo);
  RunningTransport transport;
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const auto pool =
          transport.pool(server.port(), t % 2 == 0 ? HttpVersion::kHttp2 : HttpVersion::kHttp11);
      for (int i = 0; i < 100; ++i) {
        const Opened opened = open(*pool, {});
        const std::string text = std::to_string(t) + "/" + std::to_string(i);
        for (const char c : text) {
          opened.exchange->send(std::string(1, c));
        }
        opened.exchange->half_close();
        if (i % 7 == 0) {
          opened.exchange->cancel();
        } else {
          good += opened.events->wait_end() == "200 " + text ? 1 : 0;
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }

  BOOST_TEST(good == 4 * 85);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::net
