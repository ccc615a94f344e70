#include "net/http/outgoing/outgoing_http.h"

#include <utility>

#include "net/http/outgoing/client_tls.h"
#include "net/http/outgoing/outgoing_core.h"

namespace holdfast::net {

Result<std::unique_ptr<OutgoingHttp>> OutgoingHttp::create(boost::asio::io_context& io,
                                                           OutgoingOptions options) {
  // The system's authorities are read only when there is an endpoint to check: they take 30 ms and
  // some MiB.
  std::unique_ptr<boost::asio::ssl::context> tls;
  if (!options.ca_file.empty()) {
    tls = TRY(make_client_tls_context(options.ca_file));
  }
  auto core = std::make_shared<OutgoingCore>(io, std::move(options), std::move(tls));
  return std::unique_ptr<OutgoingHttp>(new OutgoingHttp(std::move(core)));
}

OutgoingHttp::~OutgoingHttp() { stop(); }

std::shared_ptr<EndpointPool> OutgoingHttp::pool_for(const EndpointAddress& address) {
  return core_->pool_for(address);
}

void OutgoingHttp::stop() { core_->stop(); }

}  // namespace holdfast::net
