#pragma once
// HttpDiscovery: discovery over the transport to handler endpoints: GET {base}/discover.
//
// An answer of 408, 429 or 5xx, and a connection that fails or breaks, are tried again a few times;
// what an endpoint says otherwise is final. One try has ten seconds, however slowly the answer
// drips in, and an answer may be as long as a manifest may be.
//
// Threads: discover() from any thread; answers come on the io thread. What has not been answered
// when the transport stops is answered with kShuttingDown, or not at all.

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <string_view>
#include <utility>

#include "net/egress/discovery.h"
#include "net/http/outgoing/outgoing_http.h"

namespace holdfast::net {

class HttpDiscovery final : public Discovery {
 public:
  struct Patience {
    std::chrono::milliseconds try_time{10'000};
    std::chrono::milliseconds pause{250};  // Before the second try; doubles.
    int tries = 3;
  };

  // Adds what tells an endpoint who asks. `path` is behind the base path.
  using Sign = std::function<void(HttpHeaders& headers, std::string_view path)>;

  // One thread runs `io`, which is that of `outgoing`. `sign` may be empty.
  HttpDiscovery(boost::asio::io_context& io, OutgoingHttp& outgoing, Sign sign = {})
      : io_(io), outgoing_(outgoing), sign_(std::move(sign)) {}
  HttpDiscovery(boost::asio::io_context& io, OutgoingHttp& outgoing, Sign sign, Patience patience)
      : io_(io), outgoing_(outgoing), sign_(std::move(sign)), patience_(patience) {}

  void discover(DiscoveryRequest request, std::function<void(Result<Discovered>)> on_done) override;

 private:
  boost::asio::io_context& io_;
  OutgoingHttp& outgoing_;
  const Sign sign_;
  const Patience patience_;
};

}  // namespace holdfast::net
