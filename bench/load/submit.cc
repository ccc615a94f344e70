// Sends a fixed number of POST requests over HTTP/1.1 and says how long that took. Unlike wrk it
// sends a body, pipelines, ends after a count, and sends again what was refused with 429 or 503.
//
//   submit PORT PATH COUNT [--connections N] [--pipeline N] [--body JSON]
//
// Prints one line of JSON. One thread; the server is on 127.0.0.1.

#include <sys/epoll.h>

#include <deque>
#include <map>

#include "bench/load/http_client.h"

namespace holdfast::bench {
namespace {

struct Options : Target {
  std::int64_t count = 0;
  std::size_t pipeline = 1;
};

class Load {
 public:
  explicit Load(const Options& options)
      : options_(options), left_(options.count), connections_(options.connections) {
    request_ = post_request(options.path, options.body);
    micros_.reserve(static_cast<std::size_t>(options.count));
  }

  void run() {
    open_all();
    const auto start = Steady::now();
    for (Connection& connection : connections_) send_more(connection);
    while (done_ < options_.count) wait();
    report(std::chrono::duration<double>(Steady::now() - start).count());
  }

 private:
  struct Connection {
    int socket = -1;
    std::string out;
    std::string in;
    std::deque<Steady::time_point> open;  // When each request without an answer was sent.
  };

  void open_all() {
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    for (Connection& connection : connections_) {
      connection.socket = connect_to(options_.port);
      epoll_event event{};
      event.events = EPOLLIN | EPOLLOUT | EPOLLET;
      event.data.ptr = &connection;
      ::epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.socket, &event);
    }
  }

  void send_more(Connection& connection) {
    while (left_ > 0 && connection.open.size() < options_.pipeline) {
      --left_;
      connection.out += request_;
      connection.open.push_back(Steady::now());
    }
    push(connection.socket, connection.out);
  }

  void wait() {
    epoll_event events[256];
    const int ready = ::epoll_wait(epoll_, events, 256, 60'000);
    if (ready == 0) {
      fail("no answer for 60 s; done " + std::to_string(done_) + " of " +
           std::to_string(options_.count));
    }
    for (int i = 0; i < ready; ++i) {
      auto& connection = *static_cast<Connection*>(events[i].data.ptr);
      receive(connection);
      send_more(connection);
    }
  }

  void receive(Connection& connection) {
    if (!pull(connection.socket, connection.in)) fail("the server closed a connection");
    std::size_t at = 0;
    while (at < connection.in.size()) {
      const auto rest = std::string_view(connection.in).substr(at);
      const Answer answer = parse_answer(rest);
      if (answer.size == 0) break;
      take(connection, answer.status, rest.substr(0, answer.size));
      at += answer.size;
    }
    connection.in.erase(0, at);
  }

  void take(Connection& connection, int status, std::string_view text) {
    if (connection.open.empty()) fail("an answer to no request");
    const auto sent = connection.open.front();
    connection.open.pop_front();
    if (status == 429 || status == 503) {
      ++refused_;
      ++left_;
      return;
    }
    micros_.push_back(std::chrono::duration<float, std::micro>(Steady::now() - sent).count());
    ++done_;
    ++statuses_[status];
    if (status >= 300 && statuses_[status] == 1) {
      std::fprintf(stderr, "submit: the first %d was:\n%.*s\n", status,
                   static_cast<int>(text.size()), text.data());
    }
  }

  void report(double seconds) {
    std::int64_t failed = 0;
    for (const auto& [status, count] : statuses_) failed += status >= 300 ? count : 0;
    std::printf(
        "{\"count\": %lld, \"seconds\": %.3f, \"per_second\": %.1f, \"p50_us\": %.1f, "
        "\"p99_us\": %.1f, \"max_us\": %.1f, \"failed\": %lld, \"refused\": %lld}\n",
        static_cast<long long>(done_), seconds, static_cast<double>(done_) / seconds,
        quantile(micros_, 0.5), quantile(micros_, 0.99), quantile(micros_, 1.0),
        static_cast<long long>(failed), static_cast<long long>(refused_));
  }

  const Options& options_;
  std::string request_;
  std::int64_t left_;  // Not sent yet.
  std::int64_t done_ = 0;
  std::int64_t refused_ = 0;
  std::map<int, std::int64_t> statuses_;
  std::vector<float> micros_;
  std::vector<Connection> connections_;
  int epoll_ = -1;
};

Options parse_options(int argc, char** argv) {
  if (argc < 4)
    fail("usage: submit PORT PATH COUNT [--connections N] [--pipeline N] [--body JSON]");
  Options options;
  options.connections = 64;
  options.port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  options.path = argv[2];
  options.count = std::atoll(argv[3]);
  read_options(argc, argv, 4, [&](std::string_view name, const char* value) {
    if (name != "--pipeline") return options.take(name, value);
    options.pipeline = static_cast<std::size_t>(std::max(1, std::atoi(value)));
    return true;
  });
  return options;
}

}  // namespace
}  // namespace holdfast::bench

int main(int argc, char** argv) {
  const auto options = holdfast::bench::parse_options(argc, argv);
  holdfast::bench::Load(options).run();
}
