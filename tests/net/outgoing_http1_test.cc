#include <boost/test/unit_test.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

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

// A raw endpoint that has just been asked for the first time.
struct Called {
  explicit Called(OutgoingOptions options = {})
      : transport(std::move(options)),
        pool(transport.pool(server.port(), HttpVersion::kHttp11)),
        opened(open(*pool)),
        peer(server.accept()),
        request(peer.receive_until("\r\n\r\n")) {}

  RawServer server;
  RunningTransport transport;
  std::shared_ptr<EndpointPool> pool;
  Opened opened;
  RawPeer peer;
  std::string request;
};

BOOST_AUTO_TEST_SUITE(outgoing_http1)

BOOST_AUTO_TEST_CASE(our_server_sees_the_request_and_its_answer_comes_back) {
  RunningServer server(echo);
  RunningTransport transport;
  const auto pool = transport.pool(server.port(), HttpVersion::kHttp11);
  const std::string large(3 << 20, 'x');

  BOOST_TEST(call(*pool, "/a?b", "hello") == "200 hello");
  BOOST_TEST(call(*pool, "/a?b", "") == "200 ");
  const Opened opened = open(*pool, {.body = large});
  std::size_t consumed = 0;
  while (consumed < large.size()) {
    const std::size_t got = opened.events->wait_body(consumed + 1).size();
    BOOST_REQUIRE(got > consumed);
    opened.exchange->consumed(got - consumed);
    consumed = got;
  }

  BOOST_TEST((opened.events->wait_end() == "200 " + large));
}

BOOST_AUTO_TEST_CASE(a_request_is_what_it_says_and_no_header_forges_another) {
  RawServer server;
  RunningTransport transport;
  const auto pool = transport.pool(server.port(), HttpVersion::kHttp11);
  const auto events = std::make_shared<Recorder>();

  pool->open("POST", "/x", {{"X-A", "1\r\nx-evil: 2"}, {"content-length", "99"}, {"host", "other"}},
             events, {.body = "body"});
  RawPeer peer(server.accept());
  const std::string head = peer.receive_until("\r\n\r\n");

  BOOST_TEST(head == "POST /x HTTP/1.1\r\nhost: 127.0.0.1:" + std::to_string(server.port()) +
                         "\r\nx-a: 1  x-evil: 2\r\ncontent-length: 4\r\n\r\n");
  BOOST_TEST(peer.receive(4) == "body");
}

BOOST_AUTO_TEST_CASE(a_request_in_pieces_leaves_as_a_whole) {
  RawServer server;
  RunningTransport transport;
  const auto pool = transport.pool(server.port(), HttpVersion::kHttp11);
  const Opened opened = open(*pool, {});
  RawPeer peer(server.accept());

  opened.exchange->send("one ");
  opened.exchange->send("two");
  transport.on_io([] {});
  BOOST_TEST(opened.exchange->unsent_bytes() == 7u);
  opened.exchange->half_close();

  BOOST_TEST(peer.receive_until("\r\n\r\n").find("content-length: 7\r\n") != std::string::npos);
  BOOST_TEST(peer.receive(7) == "one two");
  BOOST_TEST(opened.exchange->unsent_bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(answers_of_each_framing_are_understood_byte_by_byte) {
  const std::vector<std::string> answers = {
      "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nX-A: 1\r\n\r\nhello",
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nx-a: 1\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n"
      "0\r\ntrailer: t\r\n\r\n",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nx-a: 1\r\ncontent-length: 5\r\n\r\nhello",
      "HTTP/1.1 200 OK\r\nx-a: 1\r\n\r\nhello",  // Until it closes.
      "HTTP/1.0 200 OK\r\nx-a: 1\r\n\r\nhello",
  };
  for (const std::string& answer : answers) {
    Called called;

    for (const char byte : answer) {
      called.peer.send({&byte, 1});
    }
    if (answer.find(": chunked") == std::string::npos &&
        answer.find("length") == std::string::npos) {
      called.peer.close();
    }

    BOOST_TEST(called.opened.events->wait_end() == "200 hello");
    BOOST_TEST(find_header(called.opened.events->headers(), "x-a").value_or("") == "1");
    BOOST_TEST(!called.opened.events->misuse());
  }
}

BOOST_AUTO_TEST_CASE(what_is_not_http_fails_as_a_bad_answer) {
  const std::vector<std::string> answers = {
      "SSH-2.0-OpenSSH_9.2\r\n",
      "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nnumber\r\n",
      "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n",
      "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
  };
  for (const std::string& answer : answers) {
    Called called;

    called.peer.send(answer);

    BOOST_TEST_CONTEXT(answer) {
      BOOST_TEST((called.opened.events->wait_kind() == Kind::kBadAnswer));
      BOOST_TEST(called.peer.closed_by_peer());
    }
  }
}

BOOST_AUTO_TEST_CASE(huge_headers_fail_as_too_large) {
  Called called;
  const std::string line = "x-a: " + std::string(1000, 'a') + "\r\n";

  called.peer.send("HTTP/1.1 200 OK\r\n");
  for (int i = 0; i < 200; ++i) {
    called.peer.send(line);
  }

  const auto failure = called.opened.events->wait_failure();
  BOOST_REQUIRE(failure.has_value());
  BOOST_TEST((failure->error.code() == ErrorCode::kTooLarge));
}

BOOST_AUTO_TEST_CASE(an_answer_that_breaks_off_fails_after_what_has_come) {
  Called called;

  called.peer.send("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello");
  BOOST_TEST(called.opened.events->wait_body(5) == "hello");
  called.peer.close();

  BOOST_TEST((called.opened.events->wait_kind() == Kind::kReset));
  BOOST_TEST(called.opened.events->now().find("broke off its answer") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_fresh_connection_closed_without_an_answer_is_not_tried_again) {
  Called called;

  called.peer.close();

  BOOST_TEST((called.opened.events->wait_kind() == Kind::kReset));
  BOOST_TEST(!called.server.somebody_waits());
}

BOOST_AUTO_TEST_CASE(an_idle_connection_found_dead_is_replaced_once) {
  Called called;
  called.peer.send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
  BOOST_TEST(called.opened.events->wait_end() == "200 ");

  const Opened again = open(*called.pool, {.body = "again"});
  BOOST_TEST(called.peer.receive_until("again").find("POST") != std::string::npos);
  called.peer.reset();
  RawPeer fresh(called.server.accept());
  BOOST_TEST(fresh.receive_until("again").find("POST") != std::string::npos);
  fresh.close();

  BOOST_TEST((again.events->wait_kind() == Kind::kReset));
}

BOOST_AUTO_TEST_CASE(once_a_byte_of_the_answer_has_come_nothing_is_tried_again) {
  Called called;
  called.peer.send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
  called.opened.events->wait_end();

  const Opened again = open(*called.pool);
  called.peer.receive_until("\r\n\r\n");
  called.peer.send("H");
  called.peer.close();

  BOOST_TEST((again.events->wait_kind() == Kind::kReset));
}

BOOST_AUTO_TEST_CASE(a_connection_is_used_again_and_closed_when_it_has_been_idle) {
  OutgoingOptions options;
  options.idle_timeout = milliseconds(150);
  Called called(options);
  called.peer.send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
  called.opened.events->wait_end();

  const Opened again = open(*called.pool);
  BOOST_TEST(!called.peer.receive_until("\r\n\r\n").empty());
  called.peer.send("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n2");

  BOOST_TEST(again.events->wait_end() == "200 2");
  BOOST_TEST(called.peer.closed_by_peer());
}

BOOST_AUTO_TEST_CASE(connections_are_bounded_and_the_rest_waits) {
  RawServer server;
  OutgoingOptions options;
  options.http1_connections_max = 2;
  RunningTransport transport(options);
  const auto pool = transport.pool(server.port(), HttpVersion::kHttp11);
  std::vector<Opened> all;
  for (int i = 0; i < 5; ++i) {
    all.push_back(open(*pool));
  }

  std::vector<std::thread> peers;
  for (int i = 0; i < 2; ++i) {
    peers.emplace_back([peer = server.accept()]() mutable {
      while (!peer.receive_until("\r\n\r\n").empty()) {
        peer.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
      }
    });
  }

  for (const Opened& one : all) {
    BOOST_TEST(one.events->wait_end() == "200 ok");
  }
  transport.stop();
  for (std::thread& peer : peers) {
    peer.join();
  }
}

BOOST_AUTO_TEST_CASE(a_reader_that_is_behind_stops_the_sender) {
  OutgoingOptions options;
  options.stream_window_bytes = 20000;
  Called called(options);
  const std::size_t size = 12 << 20;  // More than the buffers of the system hold.
  called.peer.send("HTTP/1.1 200 OK\r\ncontent-length: " + std::to_string(size) + "\r\n\r\n");
  std::thread sender([&] { called.peer.send(std::string(size, 'x')); });

  std::size_t consumed = 0;
  std::size_t most = 0;
  while (consumed < size) {
    const std::size_t got = called.opened.events->wait_body(consumed + 1).size();
    BOOST_REQUIRE(got > consumed);
    most = std::max(most, got - consumed);
    called.opened.exchange->consumed(got - consumed);
    consumed = got;
  }
  sender.join();

  BOOST_TEST(most <= 20000u + (64u << 10));  // The window, and a read that began before its end.
  BOOST_TEST(called.opened.events->wait_end().size() == 4 + size);
}

BOOST_AUTO_TEST_CASE(an_answer_before_the_end_of_the_request_costs_the_connection_only) {
  RawServer server;
  RunningTransport transport;
  const auto pool = transport.pool(server.port(), HttpVersion::kHttp11);
  const Opened opened = open(*pool, {.body = std::string(30 << 20, 'x')});
  RawPeer peer(server.accept());
  peer.receive_until("\r\n\r\n");

  peer.send("HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno");

  BOOST_TEST(opened.events->wait_end() == "413 no");
  const Opened next = open(*pool);
  RawPeer fresh(server.accept());
  BOOST_TEST(!fresh.receive_until("\r\n\r\n").empty());
}

BOOST_AUTO_TEST_CASE(cancelling_closes_the_connection_in_each_state) {
  RawServer server;
  RunningTransport transport;
  const auto pool = transport.pool(server.port(), HttpVersion::kHttp11);
  for (const std::string sent :
       {"", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\na"}) {
    const Opened opened = open(*pool);
    RawPeer peer(server.accept());
    peer.receive_until("\r\n\r\n");
    peer.send(sent);
    opened.events->wait_body(sent.ends_with('a') ? 1 : 0);

    opened.exchange->cancel();

    BOOST_TEST(peer.closed_by_peer());
    BOOST_TEST(opened.events->now() == "nothing");
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::net
