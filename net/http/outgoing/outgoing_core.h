#pragma once
// OutgoingCore: what all pools of one OutgoingHttp share: the way to the io thread, the deadlines,
// the TLS context.
//
// Exchanges that were called, from whatever thread, pile up under a mutex; one posted turn serves
// them all and then lets each connection that has something to say write once.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "net/http/outgoing/deadline_queue.h"
#include "net/http/outgoing/endpoint_pool.h"
#include "net/http/outgoing/outgoing_options.h"

namespace holdfast::net {

class ConnectionPool;
class OutgoingConnection;
class OutgoingExchange;

class OutgoingCore : public std::enable_shared_from_this<OutgoingCore> {
 public:
  // `tls` may be null: then one that trusts the authorities of the system is made when needed.
  OutgoingCore(boost::asio::io_context& io, OutgoingOptions options,
               std::unique_ptr<boost::asio::ssl::context> tls)
      : options_(std::move(options)),
        io_(io),
        tls_(std::move(tls)),
        deadlines_(std::make_shared<DeadlineQueue>(io)) {}

  const OutgoingOptions& options() const { return options_; }
  const std::shared_ptr<DeadlineQueue>& deadlines() const { return deadlines_; }

  // Any thread. Ignored after stop().
  std::shared_ptr<EndpointPool> pool_for(const EndpointAddress& address);
  void push(std::shared_ptr<OutgoingExchange> exchange);
  void release(std::shared_ptr<ConnectionPool> pool);

  // Io thread. `connection` writes at the end of this turn.
  void schedule(std::shared_ptr<OutgoingConnection> connection);
  boost::asio::io_context& io() { return io_; }
  // Null when TLS is not available.
  boost::asio::ssl::context* tls();
  void stop();

 private:
  void post_turn(std::unique_lock<std::mutex>& lock);
  void turn();

  const OutgoingOptions options_;
  boost::asio::io_context& io_;  // Not touched once stopped_.
  std::unique_ptr<boost::asio::ssl::context> tls_;
  const std::shared_ptr<DeadlineQueue> deadlines_;

  std::mutex mutex_;
  // Guarded by mutex_.
  std::vector<std::shared_ptr<OutgoingExchange>> called_;
  std::vector<std::shared_ptr<ConnectionPool>> released_;
  std::map<EndpointAddress, std::weak_ptr<EndpointPool>> pools_;
  std::vector<std::weak_ptr<ConnectionPool>> all_pools_;  // Also those nobody asks for any more.
  bool posted_ = false;                                   // A turn is on its way.
  bool stopped_ = false;

  // Io thread.
  std::vector<std::shared_ptr<OutgoingExchange>> serving_;  // Swapped with called_: keeps memory.
  std::vector<std::shared_ptr<OutgoingConnection>> scheduled_;
  bool in_turn_ = false;
};

}  // namespace holdfast::net
