#include <boost/test/unit_test.hpp>
#include <chrono>
#include <future>
#include <thread>
#include <vector>

#include "net/http/client.h"
#include "net/http/server.h"
#include "tests/net/http_fixture.h"

namespace holdfast::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

BOOST_AUTO_TEST_SUITE(http_server)

BOOST_AUTO_TEST_CASE(a_request_reaches_the_handler_whole_and_its_answer_the_client) {
  RunningServer running([](HttpRequest&& request, std::shared_ptr<HttpReply> reply) {
    HttpResponse response;
    response.status = 202;
    response.headers.emplace_back("x-seen", request.method + " " + request.target + " " +
                                                std::string(request.header("x-id").value_or("")));
    response.body = "got " + request.body;
    reply->send(std::move(response));
  });
  HttpClient client("127.0.0.1", running.port());

  const auto response = client.request("PUT", "/a%20b?c=d", {{"X-Id", "7"}}, "body");

  BOOST_REQUIRE(response.has_value());
  BOOST_TEST(response->status == 202);
  BOOST_TEST(response->header("x-seen").value_or("") == "PUT /a%20b?c=d 7");
  BOOST_TEST(response->body == "got body");
}

BOOST_AUTO_TEST_CASE(a_connection_serves_many_requests) {
  RunningServer running(echo);
  HttpClient client("127.0.0.1", running.port());

  for (int i = 0; i < 100; ++i) {
    const auto response = client.request("POST", "/", {}, std::to_string(i));
    BOOST_REQUIRE(response.has_value());
    BOOST_TEST(response->body == std::to_string(i));
  }
}

BOOST_AUTO_TEST_CASE(large_bodies_pass_both_ways) {
  RunningServer running(echo);
  HttpClient client("127.0.0.1", running.port());
  const Bytes body(7 << 20, 'x');

  const auto response = client.request("POST", "/", {}, body);

  BOOST_REQUIRE(response.has_value());
  BOOST_TEST((response->body == body));
}

BOOST_AUTO_TEST_CASE(chunked_bodies_are_joined_and_trailers_dropped) {
  RunningServer running([](HttpRequest&& request, std::shared_ptr<HttpReply> reply) {
    HttpResponse response;
    response.body = request.body + (request.header("x-late") ? " late" : " no trailer");
    reply->send(std::move(response));
  });

  const std::string answer = exchange(running.port(),
                                      "POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n"
                                      "transfer-encoding: chunked\r\n\r\n"
                                      "3\r\nabc\r\n4;ext=1\r\ndefg\r\n0\r\nx-late: 1\r\n\r\n");

  BOOST_TEST(answer.ends_with("\r\n\r\nabcdefg no trailer"));
}

BOOST_AUTO_TEST_CASE(requests_that_arrive_byte_by_byte_are_understood) {
  RunningServer running(echo);
  RawClient client(running.port());

  for (const char byte : std::string("POST /x HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n"
                                     "connection: close\r\n\r\n2\r\nhi\r\n0\r\n\r\n")) {
    client.send({&byte, 1});
    std::this_thread::sleep_for(milliseconds(1));
  }

  BOOST_TEST(client.receive_all().ends_with("\r\n\r\nhi"));
}

BOOST_AUTO_TEST_CASE(pipelined_requests_are_answered_in_order) {
  // The first answers are late, large or both, so that each meets the next in every way.
  std::vector<std::thread> threads;
  RunningServer running([&](HttpRequest&& request, std::shared_ptr<HttpReply> reply) {
    HttpResponse response;
    response.body = request.target + Bytes(request.target.starts_with("/large") ? 3 << 20 : 0, '.');
    if (!request.target.ends_with("late")) {
      reply->send(std::move(response));
      return;
    }
    threads.emplace_back([reply, response = std::move(response)]() mutable {
      std::this_thread::sleep_for(milliseconds(20));
      reply->send(std::move(response));
    });
  });
  const std::vector<std::string> targets = {"/large-late", "/1", "/large-a", "/large-b",
                                            "/2-late",     "/3", "/large-c", "/4-late"};
  std::string requests;
  for (const std::string& target : targets) {
    requests += "GET " + target + " HTTP/1.1\r\nhost: a\r\n\r\n";
  }

  const std::string answer = exchange(
      running.port(), requests + "GET /end HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");

  std::size_t at = 0;
  for (const std::string& target : targets) {
    at = answer.find("\r\n\r\n" + target, at);
    BOOST_REQUIRE(at != std::string::npos);
  }
  BOOST_TEST(answer.ends_with("/end"));
  for (std::thread& thread : threads) {
    thread.join();
  }
}

BOOST_AUTO_TEST_CASE(a_connection_lives_on_when_more_is_sent_ahead_than_it_reads) {
  std::promise<std::shared_ptr<HttpReply>> taken;
  RunningServer running([&](HttpRequest&& request, std::shared_ptr<HttpReply> reply) {
    if (request.target == "/first") {
      taken.set_value(std::move(reply));
    } else {
      echo(std::move(request), std::move(reply));
    }
  });
  RawClient client(running.port());
  client.send("GET /first HTTP/1.1\r\nhost: a\r\n\r\n");
  const auto reply = taken.get_future().get();
  std::thread sending([&] {
    client.send(
        "POST /second HTTP/1.1\r\nhost: a\r\nconnection: close\r\n"
        "content-length: 5000000\r\n\r\n" +
        std::string(5'000'000, 'x'));
  });
  std::this_thread::sleep_for(milliseconds(100));

  reply->send({.status = 200, .headers = {}, .body = "first"});
  const std::string answer = client.receive_all();

  sending.join();
  BOOST_TEST(answer.find("\r\n\r\nfirst") != std::string::npos);
  BOOST_TEST(answer.size() > 5'000'000u);
}

BOOST_AUTO_TEST_CASE(head_is_answered_without_a_body) {
  RunningServer running([](HttpRequest&&, std::shared_ptr<HttpReply> reply) {
    reply->send({.status = 200, .headers = {}, .body = "twelve bytes"});
  });

  const std::string answer =
      exchange(running.port(), "HEAD / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");

  BOOST_TEST(answer.find("content-length: 12\r\n") != std::string::npos);
  BOOST_TEST(answer.ends_with("\r\n\r\n"));
}

BOOST_AUTO_TEST_CASE(http_1_0_closes_unless_asked_to_stay) {
  RunningServer running(echo);

  const std::string once = exchange(running.port(), "GET /a HTTP/1.0\r\n\r\n");
  const std::string twice = exchange(running.port(),
                                     "GET /a HTTP/1.0\r\nconnection: keep-alive\r\n\r\n"
                                     "GET /b HTTP/1.0\r\n\r\n");

  BOOST_TEST(once.find("connection: close\r\n") != std::string::npos);
  BOOST_TEST(twice.find("connection: keep-alive\r\n") != std::string::npos);
  BOOST_TEST(twice.find("x-target: /b\r\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(expect_100_continue_is_answered_before_the_body) {
  RunningServer running(echo);
  RawClient client(running.port());

  client.send(
      "POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n"
      "connection: close\r\n\r\n");
  const std::string interim = client.receive_until("\r\n\r\n");
  client.send("hi");

  BOOST_TEST(interim == "HTTP/1.1 100 Continue\r\n\r\n");
  BOOST_TEST(client.receive_all().ends_with("\r\n\r\nhi"));
}

BOOST_AUTO_TEST_CASE(upgrade_to_h2c_is_ignored) {
  RunningServer running(echo);

  const std::string answer = exchange(
      running.port(),
      "GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade, http2-settings, close\r\nupgrade: h2c\r\n"
      "http2-settings: AAMAAABk\r\n\r\n");

  BOOST_TEST(answer.starts_with("HTTP/1.1 200 OK\r\n"));
}

BOOST_AUTO_TEST_CASE(a_header_value_cannot_forge_another_header) {
  RunningServer running([](HttpRequest&&, std::shared_ptr<HttpReply> reply) {
    reply->send(
        {.status = 200,
         .headers = {{"x-a", "1\r\nx-forged: 1"}, {"x b", "no name"}, {"content-length", "9"}},
         .body = "ok"});
  });

  const std::string answer =
      exchange(running.port(), "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");

  BOOST_TEST(answer ==
             "HTTP/1.1 200 OK\r\nx-a: 1  x-forged: 1\r\ncontent-length: 2\r\n"
             "connection: close\r\n\r\nok");
}

BOOST_AUTO_TEST_CASE(an_answer_may_come_from_another_thread_after_the_handler_returned) {
  std::promise<std::shared_ptr<HttpReply>> taken;
  RunningServer running(
      [&](HttpRequest&&, std::shared_ptr<HttpReply> reply) { taken.set_value(std::move(reply)); });
  std::thread answering([&] {
    const auto reply = taken.get_future().get();
    std::this_thread::sleep_for(milliseconds(50));
    reply->send({.status = 201, .headers = {}, .body = "late"});
    reply->send({.status = 500, .headers = {}, .body = "too late"});
  });
  HttpClient client("127.0.0.1", running.port());

  const auto response = client.request("GET", "/");

  answering.join();
  BOOST_REQUIRE(response.has_value());
  BOOST_TEST(response->status == 201);
  BOOST_TEST(response->body == "late");
}

BOOST_AUTO_TEST_CASE(a_dropped_reply_is_answered_with_500) {
  RunningServer running([](HttpRequest&&, std::shared_ptr<HttpReply>) {});
  HttpClient client("127.0.0.1", running.port());

  const auto response = client.request("GET", "/");

  BOOST_REQUIRE(response.has_value());
  BOOST_TEST(response->status == 500);
}

BOOST_AUTO_TEST_CASE(a_client_that_leaves_abandons_its_reply) {
  std::promise<std::shared_ptr<HttpReply>> taken;
  std::promise<void> abandoned;
  std::promise<void> told_late;
  RunningServer running([&](HttpRequest&&, std::shared_ptr<HttpReply> reply) {
    reply->on_abandoned([&] { abandoned.set_value(); });
    taken.set_value(std::move(reply));
  });
  RawClient client(running.port());
  client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  const auto reply = taken.get_future().get();

  client.close();

  BOOST_TEST((abandoned.get_future().wait_for(seconds(5)) == std::future_status::ready));
  reply->on_abandoned([&] { told_late.set_value(); });
  BOOST_TEST((told_late.get_future().wait_for(seconds(5)) == std::future_status::ready));
  reply->send({});  // Does nothing.
}

BOOST_AUTO_TEST_CASE(a_reply_may_outlive_its_server) {
  std::promise<std::shared_ptr<HttpReply>> taken;
  std::shared_ptr<HttpReply> reply;
  {
    RunningServer running([&](HttpRequest&&, std::shared_ptr<HttpReply> given) {
      taken.set_value(std::move(given));
    });
    RawClient client(running.port());
    client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    reply = taken.get_future().get();
  }

  reply->send({});
  reply.reset();
}

BOOST_AUTO_TEST_CASE(draining_lets_requests_finish_and_closes_idle_connections) {
  std::promise<std::shared_ptr<HttpReply>> taken;
  std::promise<void> drained;
  RunningServer running(
      [&](HttpRequest&&, std::shared_ptr<HttpReply> reply) { taken.set_value(std::move(reply)); });
  RawClient idle(running.port());
  RawClient busy(running.port());
  busy.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  const auto reply = taken.get_future().get();

  running.server().drain(seconds(30), [&] { drained.set_value(); });
  auto done = drained.get_future();

  BOOST_TEST(idle.receive_all() == "");
  BOOST_TEST((done.wait_for(milliseconds(50)) == std::future_status::timeout));
  reply->send({.status = 200, .headers = {}, .body = "last"});
  const std::string answer = busy.receive_all();
  busy.close();
  BOOST_TEST(answer.find("connection: close\r\n") != std::string::npos);
  BOOST_TEST(answer.ends_with("last"));
  BOOST_TEST((done.wait_for(seconds(5)) == std::future_status::ready));
}

BOOST_AUTO_TEST_CASE(draining_ends_when_patience_does) {
  std::promise<void> abandoned;
  std::promise<std::shared_ptr<HttpReply>> taken;
  std::promise<void> drained;
  RunningServer running([&](HttpRequest&&, std::shared_ptr<HttpReply> reply) {
    reply->on_abandoned([&] { abandoned.set_value(); });
    taken.set_value(std::move(reply));
  });
  RawClient busy(running.port());
  busy.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  const auto reply = taken.get_future().get();

  running.server().drain(milliseconds(50), [&] { drained.set_value(); });

  BOOST_TEST((drained.get_future().wait_for(seconds(5)) == std::future_status::ready));
  BOOST_TEST((abandoned.get_future().wait_for(seconds(5)) == std::future_status::ready));
}

BOOST_AUTO_TEST_CASE(answers_from_many_threads_reach_their_own_clients) {
  constexpr int kClients = 8;
  constexpr int kRequests = 200;
  RunningServer running([](HttpRequest&& request, std::shared_ptr<HttpReply> reply) {
    std::thread([reply = std::move(reply), body = std::move(request.body)]() mutable {
      reply->send({.status = 200, .headers = {}, .body = std::move(body)});
    }).detach();
  });
  std::atomic<int> right = 0;
  std::vector<std::thread> clients;
  clients.reserve(kClients);

  for (int i = 0; i < kClients; ++i) {
    clients.emplace_back([&, i] {
      HttpClient client("127.0.0.1", running.port());
      for (int j = 0; j < kRequests; ++j) {
        const Bytes body = std::to_string(i) + ":" + std::to_string(j);
        const auto response = client.request("POST", "/", {}, body);
        right += response.has_value() && response->body == body ? 1 : 0;
      }
    });
  }
  for (std::thread& client : clients) {
    client.join();
  }

  BOOST_TEST(right == kClients * kRequests);
}

BOOST_AUTO_TEST_CASE(a_port_in_use_is_an_error_that_names_it) {
  RunningServer running(echo);
  boost::asio::io_context io;
  HttpServerOptions options;
  options.port = running.port();

  const auto second = HttpServer::listen(io, options, echo);

  BOOST_REQUIRE(!second.has_value());
  BOOST_TEST((second.error().code() == ErrorCode::kUnavailable));
  BOOST_TEST(second.error().message().find(std::to_string(running.port())) != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::net
