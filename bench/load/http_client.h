#pragma once
// What the load programs share: connections to 127.0.0.1, the answers of HTTP/1.1, and quantiles.
// A load program ends with a line on stderr when something is not as it must be.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::bench {

using Steady = std::chrono::steady_clock;

[[noreturn]] inline void fail(const std::string& why) {
  std::fprintf(stderr, "%s: %s\n", program_invocation_short_name, why.c_str());
  std::exit(1);
}

// The options behind the fixed arguments, in pairs: `take(name, value)` says whether it knows the
// name.
template <class Take>
void read_options(int argc, char** argv, int first, const Take& take) {
  for (int i = first; i + 1 < argc; i += 2) {
    if (!take(std::string_view(argv[i]), argv[i + 1]))
      fail("unknown option " + std::string(argv[i]));
  }
}

// What every load has.
struct Target {
  std::uint16_t port = 0;
  std::string path;
  std::string body;
  int connections = 0;

  bool take(std::string_view name, const char* value) {
    if (name == "--connections") {
      connections = std::max(1, std::atoi(value));
    } else if (name == "--body") {
      body = value;
    } else {
      return false;
    }
    return true;
  }
};

inline std::string post_request(const std::string& path, const std::string& body) {
  std::string request = "POST " + path + " HTTP/1.1\r\nhost: 127.0.0.1\r\n";
  if (!body.empty()) request += "content-type: application/json\r\n";
  return request + "content-length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

inline int connect_to(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    fail(std::string("connect: ") + std::strerror(errno));
  }
  return socket;
}

// One answer at the front of `input`: its status, and its length in bytes; 0: not all there yet.
struct Answer {
  int status = 0;
  std::size_t size = 0;
};

inline Answer parse_answer(std::string_view input) {
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

// Sends what the socket takes of `out`, and erases that.
inline void push(int socket, std::string& out) {
  while (!out.empty()) {
    const ssize_t sent = ::send(socket, out.data(), out.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EAGAIN) return;
      fail(std::string("send: ") + std::strerror(errno));
    }
    out.erase(0, static_cast<std::size_t>(sent));
  }
}

// Appends what the socket has to `in`; false at its end, or when it was reset.
inline bool pull(int socket, std::string& in) {
  char buffer[65536];
  while (true) {
    const ssize_t got = ::recv(socket, buffer, sizeof buffer, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno == ECONNRESET)) return false;
    if (got < 0) {
      if (errno == EAGAIN || errno == EINTR) return true;
      fail(std::string("recv: ") + std::strerror(errno));
    }
    in.append(buffer, static_cast<std::size_t>(got));
    if (static_cast<std::size_t>(got) < sizeof buffer) return true;
  }
}

// Sorts; 0 of nothing.
inline float quantile(std::vector<float>& values, double q) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(q * double(values.size() - 1))];
}

}  // namespace holdfast::bench
