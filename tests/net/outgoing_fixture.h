#pragma once
// What the tests of net/http/outgoing share: the transport on its own io thread, a recorder of
// events, and a server whose test says byte by byte what it sends.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "net/http/outgoing/outgoing_http.h"
#include "storage/base/check.h"

namespace holdfast::net {

// Remembers what came, and lets a test wait for it, five seconds at most.
class Recorder : public ExchangeEvents {
 public:
  void on_head(int status, HttpHeaders headers) override {
    note([&] {
      misuse_ = misuse_ || ended_ || status_ != 0;
      status_ = status;
      headers_ = std::move(headers);
    });
  }
  void on_body(BytesView bytes) override {
    note([&] {
      misuse_ = misuse_ || ended_ || status_ == 0 || bytes.empty();
      body_.append(bytes);
    });
    if (when_body_) {
      when_body_(bytes);
    }
  }
  void on_end() override {
    note([&] {
      misuse_ = misuse_ || ended_ || status_ == 0;
      ended_ = true;
    });
  }
  void on_failed(const ExchangeFailure& failure) override {
    note([&] {
      misuse_ = misuse_ || ended_;
      ended_ = true;
      failure_ = failure;
    });
  }

  // Called on the io thread. Set before the exchange is opened.
  void when_body(std::function<void(BytesView)> act) { when_body_ = std::move(act); }

  // The status; 0 when the exchange failed before it, or nothing came.
  int wait_head() {
    std::unique_lock lock(mutex_);
    wait(lock, [&] { return status_ != 0 || ended_; });
    return status_;
  }
  // The body so far, once it has that many bytes or is over.
  std::string wait_body(std::size_t size) {
    std::unique_lock lock(mutex_);
    wait(lock, [&] { return body_.size() >= size || ended_; });
    return body_;
  }
  // "200 body", "failed: message" or "nothing".
  std::string wait_end() {
    std::unique_lock lock(mutex_);
    wait(lock, [&] { return ended_; });
    return outcome();
  }
  std::optional<ExchangeFailure> wait_failure() {
    std::unique_lock lock(mutex_);
    wait(lock, [&] { return ended_; });
    return failure_;
  }
  // Why it failed; nothing when it did not.
  std::optional<ExchangeFailure::Kind> wait_kind() {
    const auto failure = wait_failure();
    return failure ? std::optional(failure->kind) : std::nullopt;
  }

  HttpHeaders headers() const {
    const std::lock_guard lock(mutex_);
    return headers_;
  }
  std::string now() const {
    const std::lock_guard lock(mutex_);
    return outcome();
  }
  // An event came after the last, or in the wrong order.
  bool misuse() const {
    const std::lock_guard lock(mutex_);
    return misuse_;
  }
  int events() const {
    const std::lock_guard lock(mutex_);
    return events_;
  }

 private:
  template <class Act>
  void note(Act act) {
    const std::lock_guard lock(mutex_);
    act();
    ++events_;
    changed_.notify_all();
  }
  template <class Condition>
  void wait(std::unique_lock<std::mutex>& lock, Condition condition) {
    changed_.wait_for(lock, std::chrono::seconds(5), condition);
  }
  std::string outcome() const {
    if (!ended_) {
      return "nothing";
    }
    return failure_ ? "failed: " + failure_->error.message()
                    : std::to_string(status_) + " " + body_;
  }

  std::function<void(BytesView)> when_body_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  int status_ = 0;
  HttpHeaders headers_;
  std::string body_;
  bool ended_ = false;
  bool misuse_ = false;
  int events_ = 0;
  std::optional<ExchangeFailure> failure_;
};

// The transport, and one pool at a time, from construction to destruction.
class RunningTransport {
 public:
  explicit RunningTransport(OutgoingOptions options = {}) {
    auto http = OutgoingHttp::create(io_, std::move(options));
    CHECK(http.has_value(), "the transport cannot be made");
    http_ = std::move(http).value();
    thread_ = std::thread([this] { io_.run(); });
  }
  ~RunningTransport() { stop(); }

  OutgoingHttp& http() { return *http_; }

  std::shared_ptr<EndpointPool> pool(const std::string& uri,
                                     HttpVersion version = HttpVersion::kHttp2) {
    return http_->pool_for(parse_endpoint_address(uri, version).value());
  }
  std::shared_ptr<EndpointPool> pool(std::uint16_t port,
                                     HttpVersion version = HttpVersion::kHttp2) {
    return pool("http://127.0.0.1:" + std::to_string(port), version);
  }

  // Runs `act` on the io thread and waits for it.
  void on_io(const std::function<void()>& act) {
    std::promise<void> done;
    boost::asio::post(io_, [&] {
      act();
      done.set_value();
    });
    done.get_future().get();
  }

  void stop() {
    if (thread_.joinable()) {
      boost::asio::post(io_, [this] {
        http_->stop();
        work_.reset();
      });
      thread_.join();
    }
  }

 private:
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      io_.get_executor()};
  std::unique_ptr<OutgoingHttp> http_;
  std::thread thread_;
};

// A whole request and its answer.
inline std::string call(EndpointPool& pool, std::string path, Bytes body = {},
                        HttpHeaders headers = {}) {
  const auto events = std::make_shared<Recorder>();
  OpenOptions options;
  options.body = std::move(body);
  pool.open("POST", std::move(path), std::move(headers), events, std::move(options));
  return events->wait_end();
}

// One accepted connection. Reads give up after five seconds.
class RawPeer {
 public:
  explicit RawPeer(int socket) : socket_(socket) {
    const timeval patience{5, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  }
  ~RawPeer() { close(); }
  RawPeer(RawPeer&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)), unread_(std::move(other.unread_)) {}
  RawPeer& operator=(RawPeer&&) = delete;

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) {
        return;
      }
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  // Exactly so many bytes; fewer at the end of the stream.
  std::string receive(std::size_t size) {
    fill([&] { return unread_.size() >= size; });
    return cut(std::min(size, unread_.size()));
  }
  // Up to and with `end`.
  std::string receive_until(std::string_view end) {
    fill([&] { return unread_.find(end) != std::string::npos; });
    const std::size_t at = unread_.find(end);
    return cut(at == std::string::npos ? unread_.size() : at + end.size());
  }
  // Whether the other side closes, with nothing more to read before.
  bool closed_by_peer() { return receive(1).empty(); }

  void close() {
    if (socket_ >= 0) {
      ::close(socket_);
      socket_ = -1;
    }
  }
  // Closes so that the other side sees a reset.
  void reset() {
    const linger at_once{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    close();
  }

 private:
  template <class Condition>
  void fill(Condition enough) {
    char chunk[16384];
    while (!enough()) {
      const ssize_t size = ::recv(socket_, chunk, sizeof(chunk), 0);
      if (size <= 0) {
        return;
      }
      unread_.append(chunk, static_cast<std::size_t>(size));
    }
  }
  std::string cut(std::size_t size) {
    std::string bytes = unread_.substr(0, size);
    unread_.erase(0, size);
    return bytes;
  }

  int socket_;
  std::string unread_;
};

// Listens on 127.0.0.1.
class RawServer {
 public:
  RawServer() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval patience{5, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    CHECK(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
              ::listen(socket_, 128) == 0 &&
              ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0,
          "the raw server cannot listen");
    port_ = ntohs(address.sin_port);
  }
  ~RawServer() { close(); }
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  std::uint16_t port() const { return port_; }

  RawPeer accept() {
    const int accepted = ::accept(socket_, nullptr, nullptr);
    CHECK(accepted >= 0, "nobody connects");
    return RawPeer(accepted);
  }
  // Whether somebody has connected whom nobody has accepted yet.
  bool somebody_waits() const {
    pollfd waiting{socket_, POLLIN, 0};
    return ::poll(&waiting, 1, 0) == 1;
  }
  void close() {
    if (socket_ >= 0) {
      ::close(socket_);
      socket_ = -1;
    }
  }

 private:
  int socket_;
  std::uint16_t port_ = 0;
};

}  // namespace holdfast::net
