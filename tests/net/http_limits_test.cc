#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <future>
#include <string>

#include "net/http/client.h"
#include "tests/net/http_fixture.h"

namespace holdfast::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string status_line(const std::string& answer) { return answer.substr(0, answer.find('\r')); }

BOOST_AUTO_TEST_SUITE(http_limits)

BOOST_AUTO_TEST_CASE(a_body_over_the_limit_is_413_before_it_is_sent) {
  HttpServerOptions options;
  options.body_bytes_max = 1000;
  RunningServer running(echo, options);

  const std::string announced = exchange(running.port(),
                                         "POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\n"
                                         "content-length: 1001\r\n\r\n");
  const std::string chunked = exchange(
      running.port(), "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3e9\r\n" +
                          std::string(1001, 'x'));

  BOOST_TEST(status_line(announced) == "HTTP/1.1 413 Payload Too Large");
  BOOST_TEST(announced.ends_with("{\"code\":413,\"message\":\"the request body is too large\"}"));
  BOOST_TEST(status_line(chunked) == "HTTP/1.1 413 Payload Too Large");
}

BOOST_AUTO_TEST_CASE(a_client_that_sends_on_still_gets_its_413) {
  HttpServerOptions options;
  options.body_bytes_max = 1000;
  RunningServer running(echo, options);
  HttpClient client("127.0.0.1", running.port());

  const auto response = client.request("POST", "/", {}, Bytes(1 << 20, 'x'));

  BOOST_REQUIRE(response.has_value());
  BOOST_TEST(response->status == 413);
}

BOOST_AUTO_TEST_CASE(bodies_that_arrive_together_share_one_limit) {
  HttpServerOptions options;
  options.arriving_bytes_max = 1000;
  RunningServer running(echo, options);
  RawClient first(running.port());
  first.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 900\r\n\r\n" + std::string(800, 'x'));
  const std::string other =
      "POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 300\r\n\r\n" +
      std::string(300, 'x');

  std::string second;
  const auto deadline = std::chrono::steady_clock::now() + seconds(20);
  do {  // Until the first one has arrived so far.
    second = exchange(running.port(), other);
  } while (status_line(second) == "HTTP/1.1 200 OK" && std::chrono::steady_clock::now() < deadline);
  first.send(std::string(100, 'x'));
  const std::string first_answer = first.receive_until("xxx");
  const std::string third = exchange(running.port(), other);

  BOOST_TEST(status_line(second) == "HTTP/1.1 503 Service Unavailable");
  BOOST_TEST(second.find("\r\nretry-after: 1\r\n") != std::string::npos);
  BOOST_TEST(status_line(first_answer) == "HTTP/1.1 200 OK");
  BOOST_TEST(status_line(third) == "HTTP/1.1 200 OK");
}

BOOST_AUTO_TEST_CASE(headers_over_the_limit_are_431) {
  RunningServer running(echo);
  const std::string start = "GET / HTTP/1.1\r\nhost: a\r\n";
  std::string many = start;
  for (int i = 0; i < 100; ++i) {
    many += "x: 1\r\n";
  }
  std::string large = start;
  for (int i = 0; i < 9; ++i) {
    large += "x: " + std::string(4000, 'x') + "\r\n";
  }

  BOOST_TEST(status_line(exchange(running.port(), many + "\r\n")) ==
             "HTTP/1.1 431 Request Header Fields Too Large");
  BOOST_TEST(status_line(exchange(running.port(), large + "\r\n")) ==
             "HTTP/1.1 431 Request Header Fields Too Large");
  BOOST_TEST(status_line(exchange(running.port(), start + "x: " + std::string(100'000, 'x'))) ==
             "HTTP/1.1 431 Request Header Fields Too Large");
}

BOOST_AUTO_TEST_CASE(a_target_over_the_limit_is_414) {
  RunningServer running(echo);

  for (const std::size_t size : {8193, 30'000, 100'000}) {
    const std::string answer =
        exchange(running.port(), "GET /" + std::string(size, 'x') + " HTTP/1.1\r\nhost: a\r\n\r\n");
    BOOST_TEST(status_line(answer) == "HTTP/1.1 414 URI Too Long");
  }
}

const std::string kHost = "host: a\r\n";
const std::string kMalformed[] = {
    "nonsense\r\n\r\n",
    "GET / HTTP/1.1\r\n\r\n",                        // No host.
    "GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",  // Two.
    "GET / HTTP/3.0\r\n" + kHost + "\r\n",
    "GET / HTTP/1.1\r\n" + kHost + "bad header\r\n\r\n",
    "GET / HTTP/1.1\r\n" + kHost + "x : 1\r\n\r\n",  // A space before the colon.
    "G(T / HTTP/1.1\r\n" + kHost + "\r\n",
    "GET / HTTP/1.1\r\n" + kHost + "content-length: -1\r\n\r\n",
    "GET / HTTP/1.1\r\n" + kHost + "content-length: 1\r\ncontent-length: 2\r\n\r\n",
    "POST / HTTP/1.1\r\n" + kHost + "content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
    "POST / HTTP/1.1\r\n" + kHost + "transfer-encoding: chunked\r\ncontent-length: 1\r\n\r\n",
    "POST / HTTP/1.0\r\n" + kHost + "transfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\n" + kHost + "transfer-encoding: chunked\r\n\r\nxyz\r\n",
    "POST / HTTP/1.1\r\n" + kHost + "transfer-encoding: chunked\r\n\r\n1;" +
        std::string(200'000, 'x'),  // An endless chunk extension.
    std::string("\0\0\0\0\r\n\r\n", 8),
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",  // TLS on a plain port.
};

BOOST_DATA_TEST_CASE(what_is_not_http_is_400_and_the_connection_closes,
                     boost::unit_test::data::make(kMalformed), request) {
  RunningServer running(echo);

  BOOST_TEST(status_line(exchange(running.port(), request)) == "HTTP/1.1 400 Bad Request");
}

BOOST_AUTO_TEST_CASE(a_transfer_encoding_other_than_chunked_is_501) {
  RunningServer running(echo);

  for (const std::string encoding : {"gzip", "gzip, chunked", "chunked, gzip", "xchunked"}) {
    const std::string answer =
        exchange(running.port(), "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: " + encoding +
                                     "\r\n\r\n0\r\n\r\n");
    BOOST_TEST(status_line(answer) == "HTTP/1.1 501 Not Implemented");
  }
}

BOOST_AUTO_TEST_CASE(the_error_answer_can_be_overridden) {
  HttpServerOptions options;
  options.error_response = [](int status, std::string_view) {
    return HttpResponse{.status = status, .headers = {}, .body = "mine"};
  };
  RunningServer running(echo, options);

  BOOST_TEST(exchange(running.port(), "nonsense\r\n\r\n").ends_with("\r\n\r\nmine"));
}

BOOST_AUTO_TEST_CASE(a_slow_head_is_408) {
  HttpServerOptions options;
  options.header_timeout = milliseconds(100);
  RunningServer running(echo, options);
  RawClient client(running.port());

  // Progress does not help: the time is for the whole head.
  for (const char byte : std::string("GET / HTTP/1.1")) {
    client.send({&byte, 1});
    std::this_thread::sleep_for(milliseconds(20));
  }

  BOOST_TEST(status_line(client.receive_all()) == "HTTP/1.1 408 Request Timeout");
}

BOOST_AUTO_TEST_CASE(a_silent_connection_is_closed) {
  HttpServerOptions options;
  options.header_timeout = milliseconds(100);
  options.keep_alive_timeout = milliseconds(200);
  RunningServer running(echo, options);

  BOOST_TEST(exchange(running.port(), "") == "");
  BOOST_TEST(status_line(exchange(running.port(), "GET / HTTP/1.1\r\nhost: a\r\n\r\n")) ==
             "HTTP/1.1 200 OK");
}

BOOST_AUTO_TEST_CASE(a_body_that_stops_is_408_and_one_that_moves_is_not) {
  HttpServerOptions options;
  options.body_idle_timeout = milliseconds(1000);
  options.body_bytes_per_second_min = 1;
  RunningServer running(echo, options);
  const std::string head =
      "POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 6\r\n\r\n";
  RawClient slow(running.port());

  slow.send(head);
  for (int i = 0; i < 6; ++i) {
    std::this_thread::sleep_for(milliseconds(200));
    slow.send("x");
  }

  BOOST_TEST(slow.receive_all().ends_with("xxxxxx"));
  BOOST_TEST(status_line(exchange(running.port(), head + "x")) == "HTTP/1.1 408 Request Timeout");
}

BOOST_AUTO_TEST_CASE(a_body_that_trickles_is_408) {
  HttpServerOptions options;
  options.body_idle_timeout = milliseconds(150);
  options.body_bytes_per_second_min = 1000;
  RunningServer running(echo, options);
  RawClient slow(running.port());

  slow.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n");
  for (int i = 0; i < 20; ++i) {  // Never silent for long.
    std::this_thread::sleep_for(milliseconds(20));
    slow.send("x");
  }

  BOOST_TEST(status_line(slow.receive_all()) == "HTTP/1.1 408 Request Timeout");
}

BOOST_AUTO_TEST_CASE(a_client_that_does_not_read_its_answer_is_cut) {
  HttpServerOptions options;
  options.body_idle_timeout = milliseconds(150);
  std::promise<void> answered, drained;
  RunningServer running(
      [&](HttpRequest&&, std::shared_ptr<HttpReply> reply) {
        reply->send({.status = 200, .headers = {}, .body = Bytes(32 << 20, 'x')});
        answered.set_value();
      },
      options);
  RawClient client(running.port());

  client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  BOOST_REQUIRE((answered.get_future().wait_for(seconds(20)) == std::future_status::ready));
  running.server().drain(seconds(60), [&] { drained.set_value(); });

  BOOST_TEST((drained.get_future().wait_for(seconds(5)) == std::future_status::ready));
}

BOOST_AUTO_TEST_CASE(over_the_connection_limit_the_next_waits_for_one_to_close) {
  HttpServerOptions options;
  options.connections_max = 1;
  RunningServer running(echo, options);
  RawClient first(running.port());
  first.send("GET /1 HTTP/1.1\r\nhost: a\r\n\r\n");
  first.receive_until("\r\n\r\n");
  RawClient second(running.port());
  second.send("GET /2 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
  auto answer = std::async(std::launch::async, [&] { return second.receive_all(); });

  const auto before = answer.wait_for(milliseconds(100));
  first.close();

  BOOST_TEST((before == std::future_status::timeout));
  BOOST_TEST(status_line(answer.get()) == "HTTP/1.1 200 OK");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::net
