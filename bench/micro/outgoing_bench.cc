// What an exchange with a handler endpoint costs: small requests, many at a time, against our own
// server in the same process on a thread of its own. Prints exchanges per second and the time of
// the client's thread per exchange.
//
//   outgoing_bench [exchanges]

#include <ctime>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "net/http/outgoing/outgoing_http.h"
#include "net/http/server.h"

namespace {

using namespace holdfast;
using namespace holdfast::net;

double cpu_seconds(clockid_t of) {
  timespec time{};
  ::clock_gettime(of, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// An io_context on a thread of its own.
class IoThread {
 public:
  IoThread() : thread_([this] { io_.run(); }) {}
  ~IoThread() {
    work_.reset();
    thread_.join();
  }
  boost::asio::io_context& io() { return io_; }
  template <class Act>
  void run(Act act) {
    std::promise<void> done;
    boost::asio::post(io_, [&] {
      act();
      done.set_value();
    });
    done.get_future().get();
  }

 private:
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      io_.get_executor()};
  std::thread thread_;
};

constexpr std::string_view kBody = "{\"name\":\"world\"}";

// Requests that the server's handler has seen.
std::atomic<long> served = 0;

struct Run {
  std::shared_ptr<EndpointPool> pool;
  int to_open = 0;
  int to_end = 0;
  int failed = 0;
  bool whole = true;
  std::promise<void> done;
};

// Opens the next exchange when its own has ended.
class Chain : public ExchangeEvents, public std::enable_shared_from_this<Chain> {
 public:
  explicit Chain(Run& run) : run_(run) {}

  void next() {
    status_ = 0;
    body_.clear();
    if (run_.to_open-- > 0) {
      OpenOptions options;
      if (run_.whole) {
        options.body = Bytes(kBody);
      }
      const auto exchange =
          run_.pool->open("POST", "/invoke/greeter/greet",
                          {{"content-type", "application/vnd.restate.invocation.v5"},
                           {"accept", "application/json"},
                           {"x-restate-id", "inv_1234567890"}},
                          shared_from_this(), std::move(options));
      if (!run_.whole) {
        for (int i = 0; i < 3; ++i) {
          exchange->send(Bytes(kBody));
        }
        exchange->half_close();
      }
    }
  }

  void on_head(int status, HttpHeaders) override { status_ = status; }
  void on_body(BytesView bytes) override { body_.append(bytes); }
  void on_end() override {
    const std::size_t expected = run_.whole ? kBody.size() : 3 * kBody.size();
    const bool right = status_ == 200 && body_.size() == expected && body_.starts_with(kBody);
    run_.failed += right ? 0 : 1;
    ended();
  }
  void on_failed(const ExchangeFailure& failure) override {
    if (run_.failed++ == 0) {
      std::fprintf(stderr, "%s\n", failure.error.message().c_str());
    }
    ended();
  }

 private:
  void ended() {
    next();
    if (--run_.to_end == 0) {
      run_.done.set_value();
    }
  }

  Run& run_;
  int status_ = 0;
  std::string body_;
};

void measure(IoThread& thread, OutgoingHttp& http, std::uint16_t port, HttpVersion version,
             int exchanges, int at_a_time, bool whole) {
  const std::string uri = "http://127.0.0.1:" + std::to_string(port);
  Run run;
  run.pool = http.pool_for(parse_endpoint_address(uri, version).value());
  run.to_open = run.to_end = exchanges;
  run.whole = whole;
  double used = 0;
  const long served_before = served;
  double process = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
  const auto began = std::chrono::steady_clock::now();
  thread.run([&] {
    used = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
    for (int i = 0; i < at_a_time; ++i) {
      std::make_shared<Chain>(run)->next();
    }
  });
  run.done.get_future().get();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  process = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - process;
  thread.run([&] { used = cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - used; });
  std::printf(
      "%s %s, %d at a time: %.0f exchanges/s in %.2f s; client thread %.2f us each (%.0f/s of "
      "one core), client and server %.2f us; served %ld of %d, failed %d\n",
      version == HttpVersion::kHttp2 ? "HTTP/2" : "HTTP/1.1",
      whole ? "whole bodies" : "three pieces", at_a_time, exchanges / took.count(), took.count(),
      used / exchanges * 1e6, exchanges / used, process / exchanges * 1e6, served - served_before,
      exchanges, run.failed);
}

}  // namespace

int main(int argc, char** argv) {
  const int exchanges = argc > 1 ? std::atoi(argv[1]) : 200'000;
  IoThread server_thread;
  IoThread client_thread;
  auto server = HttpServer::listen(server_thread.io(), {},
                                   [](HttpRequest&& request, std::shared_ptr<HttpReply> reply) {
                                     ++served;
                                     HttpResponse response;
                                     response.body = std::move(request.body);
                                     reply->send(std::move(response));
                                   })
                    .value();
  auto http = OutgoingHttp::create(client_thread.io()).value();
  for (const int at_a_time : {1, 16, 128, 512}) {
    measure(client_thread, *http, server->port(), HttpVersion::kHttp2,
            at_a_time == 1 ? exchanges / 10 : exchanges, at_a_time, true);
  }
  measure(client_thread, *http, server->port(), HttpVersion::kHttp2, exchanges, 128, false);
  measure(client_thread, *http, server->port(), HttpVersion::kHttp11, exchanges, 32, true);
  client_thread.run([&] { http->stop(); });
  server_thread.run([&] { server.reset(); });
  return 0;
}
