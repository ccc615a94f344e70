// Sends a fixed number of POST requests over HTTP/1.1 and says how long that took. Unlike wrk it
// sends a body, pipelines, ends after a count, and sends again what was refused with 429 or 503.
//
//   submit PORT PATH COUNT [--connections N] [--pipeline N] [--body JSON]
//
// Prints one line of JSON. One thread; the server is on 127.0.0.1.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Steady = std::chrono::steady_clock;

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "submit: %s\n", why.c_str());
  std::exit(1);
}

struct Options {
  std::uint16_t port = 0;
  std::string path;
  std::int64_t count = 0;
  int connections = 64;
  std::size_t pipeline = 1;
  std::string body;
};

// One answer at the front of `input`: its status, and its length in bytes; 0: not all there yet.
struct Answer {
  int status = 0;
  std::size_t size = 0;
};

Answer parse_answer(std::string_view input) {
  const std::size_t head = input.find("\r\n\r\n");
  if (head == std::string_view::npos) return {};
  if (head < 12 || input.substr(0, 7) != "HTTP/1.") fail("this is no HTTP/1.1 answer");
  const int status = std::atoi(std::string(input.substr(9, 3)).c_str());
  std::size_t length = 0;
  for (std::size_t line = input.find("\r\n"); line < head; line = input.find("\r\n", line + 2)) {
    const std::string_view field = input.substr(line + 2);
    if (::strncasecmp(field.data(), "content-length:", 15) == 0) {
      length = std::strtoull(std::string(field.substr(15, 20)).c_str(), nullptr, 10);
    } else if (::strncasecmp(field.data(), "transfer-encoding:", 18) == 0) {
      fail("a chunked answer, which this client does not read");
    }
  }
  const std::size_t size = head + 4 + length;
  return input.size() < size ? Answer{} : Answer{status, size};
}

class Load {
 public:
  explicit Load(const Options& options)
      : options_(options), left_(options.count), connections_(options.connections) {
    request_ = "POST " + options.path + " HTTP/1.1\r\nhost: 127.0.0.1\r\n";
    if (!options.body.empty()) request_ += "content-type: application/json\r\n";
    request_ +=
        "content-length: " + std::to_string(options.body.size()) + "\r\n\r\n" + options.body;
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
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_port = htons(options_.port);
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      connection.socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      const int on = 1;
      ::setsockopt(connection.socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      if (::connect(connection.socket, reinterpret_cast<sockaddr*>(&address), sizeof address) !=
          0) {
        fail(std::string("connect: ") + std::strerror(errno));
      }
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
    while (!connection.out.empty()) {
      const ssize_t sent = ::send(connection.socket, connection.out.data(), connection.out.size(),
                                  MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent < 0) {
        if (errno == EAGAIN) return;
        fail(std::string("send: ") + std::strerror(errno));
      }
      connection.out.erase(0, static_cast<std::size_t>(sent));
    }
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
    char buffer[65536];
    while (true) {
      const ssize_t got = ::recv(connection.socket, buffer, sizeof buffer, MSG_DONTWAIT);
      if (got == 0) fail("the server closed a connection; done " + std::to_string(done_));
      if (got < 0) {
        if (errno == EAGAIN || errno == EINTR) break;
        fail(std::string("recv: ") + std::strerror(errno));
      }
      connection.in.append(buffer, static_cast<std::size_t>(got));
    }
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
    std::sort(micros_.begin(), micros_.end());
    const auto quantile = [&](double q) {
      return micros_.empty() ? 0.0F
                             : micros_[static_cast<std::size_t>(q * double(micros_.size() - 1))];
    };
    std::int64_t failed = 0;
    for (const auto& [status, count] : statuses_) failed += status >= 300 ? count : 0;
    std::printf(
        "{\"count\": %lld, \"seconds\": %.3f, \"per_second\": %.1f, \"p50_us\": %.1f, "
        "\"p99_us\": %.1f, \"max_us\": %.1f, \"failed\": %lld, \"refused\": %lld}\n",
        static_cast<long long>(done_), seconds, static_cast<double>(done_) / seconds, quantile(0.5),
        quantile(0.99), quantile(1.0), static_cast<long long>(failed),
        static_cast<long long>(refused_));
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
  options.port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  options.path = argv[2];
  options.count = std::atoll(argv[3]);
  for (int i = 4; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    if (name == "--connections") {
      options.connections = std::max(1, std::atoi(argv[i + 1]));
    } else if (name == "--pipeline") {
      options.pipeline = static_cast<std::size_t>(std::max(1, std::atoi(argv[i + 1])));
    } else if (name == "--body") {
      options.body = argv[i + 1];
    } else {
      fail("unknown option " + std::string(name));
    }
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse_options(argc, argv);
  Load load(options);
  load.run();
}
