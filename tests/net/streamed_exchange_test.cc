#include "net/http/streamed_exchange.h"

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/test/unit_test.hpp>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "net/http/server.h"
#include "tests/net/stream_client.h"

namespace holdfast::net {
namespace {

// What happened to the exchanges, told in order.
struct Told {
  std::mutex mutex;
  std::string events;

  void add(std::string_view event) {
    const std::lock_guard lock(mutex);
    events.append(event).append(" ");
  }
  std::string get() {
    const std::lock_guard lock(mutex);
    return events;
  }
};

// Sends each piece of the body back, and a last word at its end.
class EchoSink final : public HttpBodySink {
 public:
  EchoSink(std::shared_ptr<HttpAnswerStream> answer, Told& told)
      : answer_(std::move(answer)), told_(told) {}
  ~EchoSink() override { told_.add("dropped"); }

  void on_body(BytesView bytes) override {
    if (bytes == "stop") {
      answer_->finish();
    } else if (bytes == "break") {
      answer_->reset();
    } else if (bytes == "flood") {
      answer_->write(std::string(1'000'000, 'f'));
      told_.add("unsent " + std::to_string(answer_->unsent()));
    } else {
      answer_->write(bytes);
    }
  }
  void on_body_end() override {
    told_.add("end");
    answer_->write("!");
    answer_->finish();
    answer_->write("nobody hears this");
  }
  void on_gone() override {
    told_.add("gone");
    answer_->write("nobody hears this");
    answer_->finish();
  }

 private:
  const std::shared_ptr<HttpAnswerStream> answer_;
  Told& told_;
};

// Streams /stream/..., answers the rest by a plain handler.
class StreamingServer {
 public:
  StreamingServer() {
    const auto collect = [](HttpRequest&& request, std::shared_ptr<HttpReply> reply) {
      const char* const version = request.version == HttpVersion::kHttp2 ? "2:" : "1:";
      reply->send({200, {}, version + request.body});
    };
    const auto stream =
        [this](const HttpRequest& head,
               std::shared_ptr<HttpAnswerStream> answer) -> std::shared_ptr<HttpBodySink> {
      if (!head.target.starts_with("/stream")) return nullptr;
      answer->start({200, {{"content-type", "text/plain"}}, "first "});
      return std::make_shared<EchoSink>(std::move(answer), told);
    };
    HttpServerOptions options;
    options.body_bytes_max = 1000;
    server_ = HttpServer::listen(io_, options, collect, stream).value();
    port = server_->port();
    thread_ = std::thread([this] { io_.run(); });
  }
  ~StreamingServer() {
    boost::asio::post(io_, [this] {
      server_.reset();
      work_.reset();
    });
    thread_.join();
  }
  // Waits until the io thread has done all that came before.
  void settle() {
    std::promise<void> done;
    boost::asio::post(io_, [&done] { done.set_value(); });
    done.get_future().wait();
  }
  void drain(std::chrono::milliseconds patience) {
    auto done = std::make_shared<std::promise<void>>();
    server_->drain(patience, [done] { done->set_value(); });
    done->get_future().wait();
  }

  Told told;
  std::uint16_t port = 0;

 private:
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      io_.get_executor()};
  std::unique_ptr<HttpServer> server_;
  std::thread thread_;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(streamed_exchange, StreamingServer)

BOOST_AUTO_TEST_CASE(pieces_go_out_before_the_request_has_ended) {
  StreamClient client(port);
  const std::uint32_t stream = client.open("POST", "/stream", {});

  BOOST_TEST(client.receive_bytes(stream, 6) == "first ");
  client.write(stream, "one");
  BOOST_TEST(client.receive_bytes(stream, 9) == "first one");
  client.write(stream, "two", true);

  const StreamClient::Answer& answer = client.finish(stream);
  BOOST_TEST(answer.is_200);
  BOOST_TEST(answer.body == "first onetwo!");
  BOOST_TEST(!answer.was_reset);
}

BOOST_AUTO_TEST_CASE(much_goes_through_both_ways_at_once) {
  constexpr std::size_t kBytes = 20'000'000;
  StreamClient client(port);
  const std::uint32_t stream = client.open("POST", "/stream", {});
  std::string piece(100'000, '.');

  for (std::size_t sent = 0; sent < kBytes; sent += piece.size()) {
    client.write(stream, piece);
    client.receive_bytes(stream, sent);
  }
  client.write(stream, "", true);

  BOOST_TEST(client.finish(stream).body.size() == kBytes + 7);
}

BOOST_AUTO_TEST_CASE(what_the_client_does_not_take_waits_and_can_be_seen) {
  StreamClient client(port, StreamClient::Windows::kSmall);
  const std::uint32_t stream = client.open("POST", "/stream", {});
  client.write(stream, "flood");
  client.receive_bytes(stream, 60'000);
  client.write(stream, "flood", true);
  const std::uint32_t behind = client.open("GET", "/whole", {}, true);
  while (!client.answers[behind].has_head && client.receive()) {
  }

  BOOST_TEST(told.get().find("unsent 19") != std::string::npos, told.get());
  client.grant(0, 10'000'000);
  client.grant(stream, 10'000'000);
  BOOST_TEST(client.finish(stream).body.size() == 2'000'007);
}

BOOST_AUTO_TEST_CASE(an_answer_may_end_before_its_request) {
  StreamClient client(port);
  const std::uint32_t stream = client.open("POST", "/stream", {});
  client.write(stream, "stop");

  BOOST_TEST(client.finish(stream).body == "first ");
  client.write(stream, "late");
  client.write(stream, "", true);
  const std::uint32_t next = client.open("POST", "/stream", {});
  client.write(next, "x", true);
  BOOST_TEST(client.finish(next).body == "first x!");

  BOOST_TEST(!client.answers[stream].was_reset);
  settle();
  BOOST_TEST(told.get().find("gone") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_client_that_leaves_is_told_once) {
  StreamClient client(port);
  const std::uint32_t reset = client.open("POST", "/stream", {});
  const std::uint32_t cut = client.open("POST", "/stream", {});
  client.receive_bytes(reset, 6);
  client.receive_bytes(cut, 6);

  client.reset(reset);
  const std::uint32_t other = client.open("POST", "/stream", {}, true);
  client.finish(other);
  BOOST_TEST(told.get() == "gone dropped end dropped ");
  client.close();
  drain(std::chrono::seconds(5));

  BOOST_TEST(told.get() == "gone dropped end dropped gone dropped ");
}

BOOST_AUTO_TEST_CASE(a_broken_answer_is_no_end) {
  StreamClient client(port);
  const std::uint32_t stream = client.open("POST", "/stream", {});
  client.write(stream, "break");

  const StreamClient::Answer& answer = client.finish(stream);
  BOOST_TEST(answer.was_reset);
  BOOST_TEST(!answer.ended);
}

BOOST_AUTO_TEST_CASE(what_is_declined_is_collected_as_ever) {
  StreamClient client(port);
  const std::uint32_t stream = client.open("POST", "/whole", {});
  client.write(stream, "a");
  client.write(stream, "b", true);
  BOOST_TEST(client.finish(stream).body == "2:ab");

  const std::uint32_t large = client.open("POST", "/whole", {});
  client.write(large, std::string(2000, 'x'));
  BOOST_TEST(!client.finish(large).is_200);
  const std::string old = exchange(
      port, "POST /stream HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi");
  BOOST_TEST(old.ends_with("1:hi"), old);
}

BOOST_AUTO_TEST_CASE(a_drain_waits_for_streams_and_then_cuts_them) {
  StreamClient client(port);
  const std::uint32_t stream = client.open("POST", "/stream", {});
  client.receive_bytes(stream, 6);

  drain(std::chrono::milliseconds(50));

  BOOST_TEST(told.get() == "gone dropped ");
  while (client.receive()) {
  }
  BOOST_TEST(client.goaway);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::net
