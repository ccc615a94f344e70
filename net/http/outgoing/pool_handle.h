#pragma once
// PoolHandle: the EndpointPool that people hold. When the last of them drops it, the pool behind it
// keeps no idle connection.

#include <memory>
#include <string>
#include <utility>

#include "net/http/outgoing/connection_pool.h"
#include "net/http/outgoing/outgoing_core.h"
#include "net/http/outgoing/outgoing_exchange.h"
#include "net/http/outgoing/request_rules.h"

namespace holdfast::net {

class PoolHandle final : public EndpointPool {
 public:
  PoolHandle(std::shared_ptr<OutgoingCore> core, std::shared_ptr<ConnectionPool> pool)
      : core_(std::move(core)), pool_(std::move(pool)) {}
  ~PoolHandle() override { core_->release(pool_); }
  PoolHandle(const PoolHandle&) = delete;
  PoolHandle& operator=(const PoolHandle&) = delete;

  std::shared_ptr<Exchange> open(std::string method, std::string path, HttpHeaders headers,
                                 std::shared_ptr<ExchangeEvents> events,
                                 OpenOptions options) override {
    OutgoingExchange::Request request;
    request.method = std::move(method);
    request.path = address().base_path + path;
    request.common = std::move(options.common);
    request.headers = std::move(headers);
    make_names_lower(request.headers);
    if (options.body) {
      request.content_length = options.body->size();
    }
    auto exchange = std::make_shared<OutgoingExchange>(core_, pool_, std::move(request),
                                                       std::move(events), std::move(options));
    core_->push(exchange);
    return exchange;
  }

  const EndpointAddress& address() const override { return pool_->address(); }

 private:
  const std::shared_ptr<OutgoingCore> core_;
  const std::shared_ptr<ConnectionPool> pool_;
};

}  // namespace holdfast::net
