#include "net/http/client.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cerrno>
#include <cstring>
#include <memory>

namespace holdfast::net {
namespace {

namespace http = boost::beast::http;

Error broken(const std::string& what) { return Error(ErrorCode::kUnavailable, what); }

Bytes request_head(std::string_view method, std::string_view target, const HttpHeaders& headers,
                   const std::string& host, std::size_t body_size) {
  Bytes head;
  head.append(method).append(" ").append(target).append(" HTTP/1.1\r\n");
  if (!find_header(headers, "host")) {
    head.append("host: ").append(host).append("\r\n");
  }
  for (const auto& [name, value] : headers) {
    head.append(name).append(": ").append(value).append("\r\n");
  }
  head.append("content-length: ").append(std::to_string(body_size)).append("\r\n\r\n");
  return head;
}

HttpResponse to_response(http::response<http::string_body> message) {
  HttpResponse response;
  response.status = static_cast<int>(message.result_int());
  for (const auto& field : message) {
    std::string name(field.name_string());
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    response.headers.emplace_back(std::move(name), std::string(field.value()));
  }
  response.body = std::move(message.body());
  return response;
}

}  // namespace

void HttpClient::close() {
  if (socket_ >= 0) {
    ::close(socket_);
    socket_ = -1;
  }
}

Result<HttpResponse> HttpClient::request(std::string_view method, std::string_view target,
                                         const HttpHeaders& headers, BytesView body,
                                         std::chrono::milliseconds timeout) {
  const Time deadline = std::chrono::steady_clock::now() + timeout;
  if (!reusable()) {
    close();
    TRY(connect(deadline));
  }
  Bytes bytes =
      request_head(method, target, headers, host_ + ":" + std::to_string(port_), body.size());
  bytes.append(body);
  // A server may answer and close before it has read all: look for the answer even then.
  const Result<void> sent = send(bytes, deadline);
  Result<HttpResponse> response = receive(method == "HEAD", deadline);
  if (!sent.has_value() || !response.has_value()) {
    close();
  }
  return response;
}

// Nothing to read may be left on a kept connection, not even its end.
bool HttpClient::reusable() const {
  if (socket_ < 0) {
    return false;
  }
  pollfd waiting{socket_, POLLIN, 0};
  return ::poll(&waiting, 1, 0) == 0;
}

Result<void> HttpClient::wait(short events, Time deadline) {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd waiting{socket_, events, 0};
    const int ready =
        ::poll(&waiting, 1, static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 1 << 30)));
    if (ready > 0) {
      return {};
    }
    if (ready == 0) {
      return broken("timed out");
    }
    if (errno != EINTR) {
      return broken(std::strerror(errno));
    }
  }
}

Result<void> HttpClient::connect(Time deadline) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const std::string where = host_ + ":" + std::to_string(port_);
  if (::getaddrinfo(host_.c_str(), std::to_string(port_).c_str(), &hints, &list) != 0) {
    return broken("no such host: " + host_);
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(list, ::freeaddrinfo);
  std::string why = "no address";
  for (const addrinfo* address = list; address != nullptr; address = address->ai_next) {
    socket_ = ::socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error = errno;
    if (socket_ >= 0) {
      const int on = 1;
      ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      error = ::connect(socket_, address->ai_addr, address->ai_addrlen) == 0 ? 0 : errno;
      if (error == EINPROGRESS) {
        const Result<void> writable = wait(POLLOUT, deadline);
        socklen_t size = sizeof(error);
        ::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size);
        error = writable.has_value() ? error : ETIMEDOUT;
      }
    }
    if (error == 0) {
      return {};
    }
    why = std::strerror(error);
    close();
  }
  return broken("cannot connect to " + where + ": " + why);
}

Result<void> HttpClient::send(BytesView bytes, Time deadline) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      TRY(wait(POLLOUT, deadline));
    } else if (errno != EINTR) {
      return broken(std::strerror(errno));
    }
  }
  return {};
}

Result<HttpResponse> HttpClient::receive(bool head_only, Time deadline) {
  auto parser = std::make_unique<http::response_parser<http::string_body>>();
  const auto prepare = [head_only](auto& fresh) {
    fresh.eager(true);
    fresh.skip(head_only);
    fresh.body_limit(boost::none);
    fresh.header_limit(1 << 20);
  };
  prepare(*parser);
  Bytes unread;
  std::array<char, 16384> chunk;
  for (;;) {
    boost::beast::error_code error;
    const ssize_t received = ::recv(socket_, chunk.data(), chunk.size(), 0);
    if (received > 0) {
      unread.append(chunk.data(), static_cast<std::size_t>(received));
    } else if (received == 0) {
      if (!parser->got_some()) {
        return broken("the server closed the connection");
      }
      parser->put_eof(error);
      if (error) {
        return broken("the server closed the connection within its answer");
      }
    } else if (errno == EAGAIN) {
      TRY(wait(POLLIN, deadline));
      continue;
    } else if (errno != EINTR) {
      return broken(std::strerror(errno));
    }
    while (!unread.empty() && !parser->is_done() && !error) {
      unread.erase(0, parser->put(boost::asio::buffer(unread), error));
      if (parser->is_done() && parser->get().result_int() / 100 == 1) {
        parser = std::make_unique<http::response_parser<http::string_body>>();  // "100 Continue"
        prepare(*parser);
      }
    }
    if (error && error != http::error::need_more) {
      return Error(ErrorCode::kCorruption, "the answer is not HTTP: " + error.message());
    }
    if (parser->is_done()) {
      if (!parser->keep_alive()) {
        close();
      }
      return to_response(parser->release());
    }
  }
}

}  // namespace holdfast::net
