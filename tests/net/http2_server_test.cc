#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdint>
#include <future>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "tests/net/http2_frames.h"
#include "tests/net/http_fixture.h"

namespace holdfast::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string head(std::string_view method, std::string_view path) {
  return field(":method", method) + field(":scheme", "http") + field(":authority", "here") +
         field(":path", path);
}

// An HTTP/2 client that knows frames and little else, so that it can also break the rules.
class FrameClient {
 public:
  explicit FrameClient(std::uint16_t port) : raw_(port) {
    send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(kSettings, 0, 0, ""));
    // A large connection window, so that tests need not count.
    send(frame(kWindowUpdate, 0, 0, number(64 << 20, 4)));
  }

  void send(std::string_view bytes) { raw_.send(bytes); }
  void close() { raw_.close(); }
  void get(std::uint32_t stream, std::string_view path) {
    send(frame(kHeaders, kEndStream | kEndHeaders, stream, head("GET", path)));
  }

  Frame receive() {
    while (unread_.size() < 9 || unread_.size() < 9 + number(unread_.substr(0, 3))) {
      const std::string more = raw_.receive();
      if (more.empty()) {
        return {};
      }
      unread_ += more;
    }
    const std::string_view bytes = unread_;
    const std::size_t size = number(bytes.substr(0, 3));
    Frame received{bytes[3], bytes[4], number(bytes.substr(5, 4)),
                   std::string(bytes.substr(9, size))};
    unread_.erase(0, 9 + size);
    return received;
  }

  // The next frame of that type, or the end of the connection.
  Frame receive(FrameType type) {
    for (;;) {
      Frame received = receive();
      if (received.type == type || received.type == -1) {
        return received;
      }
    }
  }

  // The body of the answer on `stream`; "reset" or "closed" when there is none.
  std::string body(std::uint32_t stream) {
    for (;;) {
      if (bodies_[stream].ended) {
        return bodies_[stream].bytes;
      }
      const Frame received = receive();
      if (received.type == -1) {
        return "closed";
      }
      if (received.type == kReset && received.stream == stream) {
        return "reset";
      }
      if (received.type == kData) {
        bodies_[received.stream].bytes += received.payload;
      }
      if (received.type == kData || received.type == kHeaders) {
        bodies_[received.stream].ended = (received.flags & kEndStream) != 0;
      }
    }
  }

 private:
  struct Body {
    std::string bytes;
    bool ended = false;
  };
  RawClient raw_;
  std::string unread_;
  std::map<std::uint32_t, Body> bodies_;
};

void describe(HttpRequest&& request, std::shared_ptr<HttpReply> reply) {
  HttpResponse response;
  response.body = request.method + " " + request.target + " " +
                  std::string(request.header("host").value_or("")) + " " + request.body;
  reply->send(std::move(response));
}

BOOST_AUTO_TEST_SUITE(http2_server)

BOOST_AUTO_TEST_CASE(the_handler_sees_the_same_request_as_with_http_1) {
  RunningServer running(describe);
  FrameClient client(running.port());

  client.send(frame(kHeaders, kEndHeaders, 1, head("POST", "/a?b")));
  client.send(frame(kData, 0, 1, "one "));
  client.send(frame(kData, kEndStream, 1, "two"));

  BOOST_TEST(client.body(1) == "POST /a?b here one two");
}

BOOST_AUTO_TEST_CASE(the_preface_may_arrive_byte_by_byte) {
  RunningServer running(describe);
  RawClient client(running.port());
  const std::string preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(kSettings, 0, 0, "") +
                              frame(kHeaders, kEndStream | kEndHeaders, 1, head("GET", "/"));

  for (const char byte : preface) {
    client.send({&byte, 1});
    std::this_thread::sleep_for(milliseconds(1));
  }

  BOOST_TEST(client.receive_until("GET / here ").find("GET / here ") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(streams_are_answered_in_any_order_from_any_thread) {
  std::promise<std::shared_ptr<HttpReply>> slow;
  RunningServer running([&](HttpRequest&& request, std::shared_ptr<HttpReply> reply) {
    if (request.target == "/slow") {
      slow.set_value(std::move(reply));
    } else {
      describe(std::move(request), std::move(reply));
    }
  });
  FrameClient client(running.port());

  client.get(1, "/slow");
  client.get(3, "/fast");

  BOOST_TEST(client.body(3) == "GET /fast here ");
  slow.get_future().get()->send({.status = 200, .headers = {}, .body = "at last"});
  BOOST_TEST(client.body(1) == "at last");
}

BOOST_AUTO_TEST_CASE(large_bodies_pass_both_ways) {
  RunningServer running(echo);
  FrameClient client(running.port());
  // The stream window of the client is 64 KiB - 1 until it is enlarged.
  client.send(frame(kSettings, 0, 0, number(4, 2) + number(16 << 20, 4)));

  client.send(frame(kHeaders, kEndHeaders, 1, head("POST", "/")));
  std::string sent;
  for (int i = 0; i < 60; ++i) {  // Below the window of 1 MiB.
    const std::string part(16384, static_cast<char>('a' + i % 26));
    sent += part;
    client.send(frame(kData, i == 59 ? kEndStream : 0, 1, part));
  }

  BOOST_TEST((client.body(1) == sent));
}

BOOST_AUTO_TEST_CASE(a_body_over_the_limit_is_answered_and_then_reset) {
  HttpServerOptions options;
  options.body_bytes_max = 1000;
  RunningServer running(describe, options);
  FrameClient client(running.port());

  client.send(frame(kHeaders, kEndHeaders, 1, head("POST", "/")));
  client.send(frame(kData, 0, 1, std::string(1001, 'x')));
  const std::string body = client.body(1);
  const Frame reset = client.receive(kReset);
  client.get(3, "/next");

  BOOST_TEST(body == "{\"code\":413,\"message\":\"the request body is too large\"}");
  BOOST_TEST(reset.stream == 1u);
  BOOST_TEST(number(reset.payload) == 0u);
  BOOST_TEST(client.body(3) == "GET /next here ");
}

BOOST_AUTO_TEST_CASE(limits_of_the_head_are_those_of_http_1) {
  HttpServerOptions options;
  options.target_bytes_max = 10;
  options.header_fields_max = 5;
  RunningServer running(describe, options);
  FrameClient client(running.port());
  std::string many = head("GET", "/");
  for (int i = 0; i < 6; ++i) {
    many += field("x-a", "1");
  }

  client.get(1, "/0123456789");
  client.send(frame(kHeaders, kEndStream | kEndHeaders, 3, many));

  BOOST_TEST(client.body(1).find("\"code\":414") != std::string::npos);
  BOOST_TEST(client.body(3).find("\"code\":431") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_reset_stream_abandons_its_reply_only) {
  std::promise<void> abandoned;
  std::vector<std::shared_ptr<HttpReply>> kept;
  RunningServer running([&](HttpRequest&& request, std::shared_ptr<HttpReply> reply) {
    if (request.target == "/left") {
      reply->on_abandoned([&] { abandoned.set_value(); });
      kept.push_back(std::move(reply));
    } else {
      describe(std::move(request), std::move(reply));
    }
  });
  FrameClient client(running.port());

  client.get(1, "/left");
  client.send(frame(kReset, 0, 1, number(8, 4)));

  BOOST_TEST((abandoned.get_future().wait_for(seconds(5)) == std::future_status::ready));
  client.get(3, "/on");
  BOOST_TEST(client.body(3) == "GET /on here ");
}

BOOST_AUTO_TEST_CASE(a_client_that_keeps_resetting_is_told_to_calm_down) {
  HttpServerOptions options;
  options.resets_max = 20;
  RunningServer running(
      [](HttpRequest&&, std::shared_ptr<HttpReply> reply) {
        reply->on_abandoned([reply] {});  // Keeps it until the client leaves.
      },
      options);
  FrameClient client(running.port());

  for (std::uint32_t stream = 1; stream < 50; stream += 2) {
    client.get(stream, "/");
    client.send(frame(kReset, 0, stream, number(8, 4)));
  }
  const Frame goaway = client.receive(kGoaway);

  BOOST_REQUIRE(goaway.payload.size() >= 8);
  BOOST_TEST(number(goaway.payload.substr(4, 4)) == 11u);  // ENHANCE_YOUR_CALM
  BOOST_TEST(client.receive(kGoaway).type == -1);
}

BOOST_AUTO_TEST_CASE(more_streams_than_allowed_are_refused_and_once_told_end_the_connection) {
  HttpServerOptions options;
  options.streams_max = 2;
  std::vector<std::shared_ptr<HttpReply>> kept;
  RunningServer running(
      [&](HttpRequest&&, std::shared_ptr<HttpReply> reply) { kept.push_back(std::move(reply)); },
      options);
  FrameClient client(running.port());

  client.get(1, "/");
  client.get(3, "/");
  client.get(5, "/");
  const std::string before_settings_are_acknowledged = client.body(5);
  client.send(frame(kSettings, 1, 0, ""));
  client.get(7, "/");

  BOOST_TEST(before_settings_are_acknowledged == "reset");
  BOOST_TEST(client.receive(kGoaway).type == kGoaway);
  BOOST_TEST(client.receive(kGoaway).type == -1);
}

BOOST_AUTO_TEST_CASE(a_broken_frame_ends_the_connection_and_nothing_else) {
  RunningServer running(describe);
  FrameClient broken(running.port());
  FrameClient other(running.port());

  broken.send(frame(kData, 0, 0, "data on stream zero"));

  BOOST_TEST(broken.receive(kGoaway).type == kGoaway);
  BOOST_TEST(broken.receive(kGoaway).type == -1);
  other.get(1, "/");
  BOOST_TEST(other.body(1) == "GET / here ");
}

BOOST_AUTO_TEST_CASE(draining_says_goaway_and_lets_streams_finish) {
  std::promise<std::shared_ptr<HttpReply>> taken;
  std::promise<void> drained;
  RunningServer running(
      [&](HttpRequest&&, std::shared_ptr<HttpReply> reply) { taken.set_value(std::move(reply)); });
  FrameClient client(running.port());
  client.get(1, "/");
  const auto reply = taken.get_future().get();

  running.server().drain(seconds(30), [&] { drained.set_value(); });

  BOOST_TEST(client.receive(kGoaway).type == kGoaway);
  reply->send({.status = 200, .headers = {}, .body = "last"});
  BOOST_TEST(client.body(1) == "last");
  BOOST_TEST(client.receive(kHeaders).type == -1);
  client.close();
  BOOST_TEST((drained.get_future().wait_for(seconds(5)) == std::future_status::ready));
}

BOOST_AUTO_TEST_CASE(a_request_that_stops_arriving_ends_the_connection) {
  HttpServerOptions options;
  options.body_idle_timeout = milliseconds(100);
  RunningServer running(describe, options);
  FrameClient client(running.port());

  client.send(frame(kHeaders, kEndHeaders, 1, head("POST", "/")));

  BOOST_TEST(client.receive(kGoaway).type == kGoaway);
  BOOST_TEST(client.receive(kGoaway).type == -1);
}

BOOST_AUTO_TEST_CASE(a_request_that_trickles_is_408_and_the_connection_goes_on) {
  HttpServerOptions options;
  options.body_idle_timeout = milliseconds(500);
  options.body_bytes_per_second_min = 1000;
  RunningServer running(describe, options);
  FrameClient client(running.port());

  client.send(frame(kHeaders, kEndHeaders, 1, head("POST", "/slow")));
  for (int i = 0; i < 60; ++i) {  // Never silent for long.
    std::this_thread::sleep_for(milliseconds(20));
    client.send(frame(kData, 0, 1, "x"));
  }

  BOOST_TEST(client.body(1).find("\"code\":408") != std::string::npos);
  client.get(3, "/next");
  BOOST_TEST(client.body(3) == "GET /next here ");
}

BOOST_AUTO_TEST_CASE(a_request_that_stalls_is_408_however_busy_the_others_are) {
  HttpServerOptions options;
  options.body_idle_timeout = milliseconds(1000);
  options.body_bytes_per_second_min = 1;
  RunningServer running(describe, options);
  FrameClient client(running.port());

  client.send(frame(kHeaders, kEndHeaders, 1, head("POST", "/stalls")));
  client.send(frame(kHeaders, kEndHeaders, 3, head("POST", "/moves")));
  for (int i = 0; i < 20; ++i) {
    std::this_thread::sleep_for(milliseconds(80));
    client.send(frame(kData, 0, 3, "x"));
  }
  client.send(frame(kData, kEndStream, 3, ""));

  BOOST_TEST(client.body(1).find("\"code\":408") != std::string::npos);
  BOOST_TEST(client.body(3) == "POST /moves here " + std::string(20, 'x'));
}

BOOST_AUTO_TEST_CASE(an_idle_connection_is_closed) {
  HttpServerOptions options;
  options.keep_alive_timeout = milliseconds(100);
  RunningServer running(describe, options);
  FrameClient client(running.port());

  BOOST_TEST(client.receive(kGoaway).type == kGoaway);
  BOOST_TEST(client.receive(kGoaway).type == -1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::net
