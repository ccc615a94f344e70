#include "net/http/outgoing/outgoing_core.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "net/http/outgoing/client_tls.h"
#include "net/http/outgoing/connection_pool.h"
#include "net/http/outgoing/outgoing_connection.h"
#include "net/http/outgoing/outgoing_exchange.h"
#include "net/http/outgoing/pool_handle.h"

namespace holdfast::net {

std::shared_ptr<EndpointPool> OutgoingCore::pool_for(const EndpointAddress& address) {
  const std::lock_guard lock(mutex_);
  if (auto known = pools_[address].lock()) {
    return known;
  }
  std::erase_if(
      pools_, [&](const auto& entry) { return entry.second.expired() && entry.first != address; });
  std::erase_if(all_pools_, [](const auto& pool) { return pool.expired(); });
  const auto pool = std::make_shared<ConnectionPool>(shared_from_this(), address);
  all_pools_.push_back(pool);
  auto handle = std::make_shared<PoolHandle>(shared_from_this(), pool);
  pools_[address] = handle;
  return handle;
}

void OutgoingCore::push(std::shared_ptr<OutgoingExchange> exchange) {
  std::unique_lock lock(mutex_);
  if (!stopped_) {
    called_.push_back(std::move(exchange));
    post_turn(lock);
  }
}

void OutgoingCore::release(std::shared_ptr<ConnectionPool> pool) {
  std::unique_lock lock(mutex_);
  if (!stopped_) {
    released_.push_back(std::move(pool));
    post_turn(lock);
  }
}

void OutgoingCore::schedule(std::shared_ptr<OutgoingConnection> connection) {
  scheduled_.push_back(std::move(connection));
  if (!in_turn_) {
    std::unique_lock lock(mutex_);
    if (!stopped_) {
      post_turn(lock);
    }
  }
}

boost::asio::ssl::context* OutgoingCore::tls() {
  if (!tls_) {
    if (auto made = make_client_tls_context({})) {
      tls_ = std::move(made).value();
    }
  }
  return tls_.get();
}

void OutgoingCore::post_turn(std::unique_lock<std::mutex>&) {
  if (!std::exchange(posted_, true)) {
    // Under the lock: stop() may be the last that happens before the io_context goes away.
    boost::asio::post(io_, [self = shared_from_this()] { self->turn(); });
  }
}

void OutgoingCore::turn() {
  in_turn_ = true;
  std::vector<std::shared_ptr<ConnectionPool>> released;
  {
    const std::lock_guard lock(mutex_);
    posted_ = false;
    serving_.swap(called_);
    released.swap(released_);
  }
  for (const auto& exchange : serving_) {
    exchange->apply();
  }
  serving_.clear();
  for (const auto& pool : released) {
    pool->release();
  }
  // Writing may end streams, and so give other exchanges their place: the list may grow.
  for (std::size_t i = 0; i < scheduled_.size(); ++i) {
    const auto connection = std::move(scheduled_[i]);
    connection->write_scheduled();
  }
  scheduled_.clear();
  in_turn_ = false;
}

void OutgoingCore::stop() {
  std::vector<std::shared_ptr<OutgoingExchange>> called;
  std::vector<std::shared_ptr<ConnectionPool>> released;
  std::vector<std::weak_ptr<ConnectionPool>> pools;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(stopped_, true)) {
      return;
    }
    called.swap(called_);
    released.swap(released_);
    pools.swap(all_pools_);
    pools_.clear();
  }
  const auto self = shared_from_this();
  for (const auto& weak : pools) {
    if (const auto pool = weak.lock()) {
      pool->stop();
    }
  }
  for (const auto& exchange : called) {
    exchange->apply();  // A stopped pool fails it.
  }
  deadlines_->stop();
  scheduled_.clear();
}

}  // namespace holdfast::net
