#pragma once
// OutgoingHttp: streaming HTTP to handler endpoints, HTTP/2 and HTTP/1.1, plain or TLS.
//
// Everything happens on the thread that runs the io_context; calls from other threads are gathered
// and wake it once. What is queued in one turn leaves in one write per connection.
// Idle costs nothing: there is one timer, armed only while an exchange or a connection has a
// deadline; without connections it is off.
//
// INV-11: no byte from an endpoint stops the process or an exchange on another connection.

#include <boost/asio/io_context.hpp>
#include <memory>

#include "net/http/outgoing/endpoint_pool.h"
#include "net/http/outgoing/outgoing_options.h"
#include "storage/base/result.h"

namespace holdfast::net {

class OutgoingCore;

class OutgoingHttp final : public EndpointPools {
 public:
  // One thread runs `io`. kInvalidArgument names a CA file that cannot be used.
  static Result<std::unique_ptr<OutgoingHttp>> create(boost::asio::io_context& io,
                                                      OutgoingOptions options = {});

  // As stop().
  ~OutgoingHttp() override;
  OutgoingHttp(const OutgoingHttp&) = delete;
  OutgoingHttp& operator=(const OutgoingHttp&) = delete;

  std::shared_ptr<EndpointPool> pool_for(const EndpointAddress& address) override;

  // Fails every exchange (kStopped, from inside this call) and closes every connection. Pools and
  // exchanges may outlive the io_context from here on; they do nothing. Idempotent.
  // REQUIRES: on the io thread, or nobody runs `io`.
  void stop();

 private:
  explicit OutgoingHttp(std::shared_ptr<OutgoingCore> core) : core_(std::move(core)) {}

  const std::shared_ptr<OutgoingCore> core_;
};

}  // namespace holdfast::net
