#include "net/http/outgoing/connection_pool.h"

#include <algorithm>
#include <utility>

#include "net/http/outgoing/outgoing_connection.h"
#include "net/http/outgoing/outgoing_core.h"
#include "net/http/outgoing/outgoing_http1.h"
#include "net/http/outgoing/outgoing_http2.h"

namespace holdfast::net {
namespace {

using Kind = ExchangeFailure::Kind;

constexpr int kMovesMax = 3;

ErrorCode code_of(Kind kind) {
  switch (kind) {
    case Kind::kBadAnswer:
      return ErrorCode::kCorruption;
    case Kind::kBadRequest:
      return ErrorCode::kInvalidArgument;
    case Kind::kStopped:
      return ErrorCode::kShuttingDown;
    default:
      return ErrorCode::kUnavailable;
  }
}

}  // namespace

void ConnectionPool::add(std::shared_ptr<OutgoingExchange> exchange) {
  if (stopped_) {
    exchange->fail(failure(Kind::kStopped, "was not called: the process is stopping"));
    return;
  }
  if (waiting_.empty()) {
    if (OutgoingConnection* const connection = with_room()) {
      connection->begin(std::move(exchange));
      return;
    }
  }
  if (waiting_.size() >= core_->options().waiting_max) {
    exchange->fail(busy("too many exchanges wait for a connection"));
    return;
  }
  waiting_.push_back(exchange);
  exchange->wait(std::prev(waiting_.end()),
                 std::chrono::steady_clock::now() + core_->options().waiting_timeout);
  connect_more();
}

void ConnectionPool::try_again(const std::shared_ptr<OutgoingExchange>& exchange) {
  exchange->note_second_try();
  close_idle();
  move_on(exchange);
}

void ConnectionPool::move_on(const std::shared_ptr<OutgoingExchange>& exchange) {
  if (stopped_ || exchange->note_move() > kMovesMax) {
    exchange->fail(stopped_ ? failure(Kind::kStopped, "was given up: the process is stopping")
                            : failure(Kind::kRefused, "ends each connection before it is used"));
    return;
  }
  waiting_.push_front(exchange);
  exchange->wait(waiting_.begin(),
                 std::chrono::steady_clock::now() + core_->options().waiting_timeout);
  dispatch();
}

void ConnectionPool::drop(OutgoingExchange& exchange) { waiting_.erase(exchange.waiting_place()); }

void ConnectionPool::dispatch() {
  while (!waiting_.empty()) {
    OutgoingConnection* const connection = with_room();
    if (connection == nullptr) {
      connect_more();
      return;
    }
    auto exchange = std::move(waiting_.front());
    waiting_.pop_front();
    connection->begin(std::move(exchange));
  }
}

OutgoingConnection* ConnectionPool::with_room() const {
  // The oldest first, so that the others become idle when there is little to do.
  const auto found = std::find_if(connections_.begin(), connections_.end(),
                                  [](const auto& connection) { return connection->room() > 0; });
  return found == connections_.end() ? nullptr : found->get();
}

std::size_t ConnectionPool::connections_max() const {
  return address_.version == HttpVersion::kHttp11 ? core_->options().http1_connections_max
                                                  : core_->options().http2_connections_max;
}

std::size_t ConnectionPool::leaving() const {
  return static_cast<std::size_t>(
      std::count_if(connections_.begin(), connections_.end(),
                    [](const auto& connection) { return connection->is_leaving(); }));
}

bool ConnectionPool::may_leave() const { return leaving() < core_->options().http2_leaving_max; }

void ConnectionPool::connect_more() {
  const auto connecting = static_cast<std::size_t>(
      std::count_if(connections_.begin(), connections_.end(),
                    [](const auto& connection) { return !connection->is_open(); }));
  std::size_t expected = connecting * usual_streams_;
  // Endpoints may make connections leave, too, so those that do have a limit of their own.
  const std::size_t most =
      connections_max() + std::min(leaving(), core_->options().http2_leaving_max);
  while (!stopped_ && waiting_.size() > expected && connections_.size() < most) {
    std::shared_ptr<OutgoingConnection> connection;
    if (address_.version == HttpVersion::kHttp11) {
      connection = std::make_shared<OutgoingHttp1>(core_, shared_from_this());
    } else {
      connection = std::make_shared<OutgoingHttp2>(core_, shared_from_this());
    }
    connections_.push_back(connection);
    connection->connect();
    expected += usual_streams_;
  }
}

// Every failure is somebody's, so that nobody waits for a connection that will not be tried again.
void ConnectionPool::connect_failed(const ExchangeFailure& failure) {
  const bool another = std::any_of(connections_.begin(), connections_.end(),
                                   [](const auto& connection) { return connection->is_open(); });
  if (another && !waiting_.empty()) {
    // Some may find a place on the others; the one that has waited longest is told.
    const auto first = std::move(waiting_.front());
    waiting_.pop_front();
    first->fail(failure);
    return;
  }
  for (const auto& exchange : std::exchange(waiting_, {})) {
    exchange->fail(failure);
  }
}

void ConnectionPool::remove(OutgoingConnection& connection) {
  std::erase_if(connections_, [&](const auto& known) { return known.get() == &connection; });
}

void ConnectionPool::close_idle() {
  const auto all = connections_;
  for (const auto& connection : all) {
    if (connection->is_open() && connection->is_idle()) {
      connection->retire();
    }
  }
}

void ConnectionPool::release() {
  released_ = true;
  close_idle();
}

void ConnectionPool::stop() {
  stopped_ = true;
  const auto self = shared_from_this();
  const ExchangeFailure why = failure(Kind::kStopped, "was given up: the process is stopping");
  for (const auto& exchange : std::exchange(waiting_, {})) {
    exchange->fail(why);
  }
  const auto all = connections_;
  for (const auto& connection : all) {
    connection->close(why);
  }
}

ExchangeFailure ConnectionPool::failure(Kind kind, const std::string& what) const {
  return {kind, Error(code_of(kind), address_.uri() + " " + what)};
}

ExchangeFailure ConnectionPool::busy(const std::string& why) const {
  return failure(Kind::kBusy, "has no connection free: " + why);
}

ExchangeFailure ConnectionPool::too_large() const {
  return {Kind::kBadAnswer,
          Error(ErrorCode::kTooLarge, address_.uri() + " sent more than " +
                                          std::to_string(core_->options().header_bytes_max) +
                                          " bytes of headers")};
}

}  // namespace holdfast::net
