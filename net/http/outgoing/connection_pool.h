#pragma once
// ConnectionPool: the connections to one address and the queue of exchanges that wait for a place
// on one. See endpoint_pool.h for the rules.
//
// Threads: io thread only, but for address(). Pool and connections own each other until each
// connection is closed.

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "net/http/outgoing/endpoint_address.h"
#include "net/http/outgoing/outgoing_exchange.h"

namespace holdfast::net {

class ConnectionPool : public std::enable_shared_from_this<ConnectionPool> {
 public:
  ConnectionPool(std::shared_ptr<OutgoingCore> core, EndpointAddress address)
      : core_(std::move(core)), address_(std::move(address)), authority_(address_.authority()) {}

  const EndpointAddress& address() const { return address_; }
  const std::string& authority() const { return authority_; }

  // Takes a new exchange: it begins, waits or fails.
  void add(std::shared_ptr<OutgoingExchange> exchange);

  // Puts an exchange that a connection could not serve, and of which nothing has been delivered, in
  // front of the queue. The idle connections close: they are likely as dead as this one.
  void try_again(const std::shared_ptr<OutgoingExchange>& exchange);
  // The same for an exchange that its connection has not begun to send. One that has moved often
  // fails: an endpoint may say goodbye to each connection as soon as it is open.
  void move_on(const std::shared_ptr<OutgoingExchange>& exchange);

  // Takes an exchange out of the queue.
  void drop(OutgoingExchange& exchange);

  // Gives places to those who wait, and connects when there are none. Called by connections that
  // have room.
  void dispatch();

  // Whether a connection may be left with what it does while another takes over.
  bool may_leave() const;

  // What a connection says of itself. `streams`: what the endpoint allows.
  void opened(std::size_t streams) { usual_streams_ = streams; }
  void connect_failed(const ExchangeFailure& failure);
  void remove(OutgoingConnection& connection);

  // Nobody holds the pool any more: idle connections close, others when they are done.
  void release();
  bool released() const { return released_; }
  void stop();

  // A failure whose message begins with the address.
  ExchangeFailure failure(ExchangeFailure::Kind kind, const std::string& what) const;
  ExchangeFailure busy(const std::string& why) const;
  ExchangeFailure too_large() const;

 private:
  OutgoingConnection* with_room() const;
  void connect_more();
  std::size_t connections_max() const;
  std::size_t leaving() const;
  void close_idle();

  const std::shared_ptr<OutgoingCore> core_;
  const EndpointAddress address_;
  const std::string authority_;

  std::vector<std::shared_ptr<OutgoingConnection>> connections_;  // The oldest first.
  OutgoingExchange::Waiting waiting_;
  std::size_t usual_streams_ = 1;  // What a connection under way is expected to have room for.
  bool released_ = false;
  bool stopped_ = false;
};

}  // namespace holdfast::net
