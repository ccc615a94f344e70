#include "net/egress/http_discovery.h"

#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <utility>

#include "net/egress/manifest.h"
#include "net/http/outgoing/endpoint_address.h"

namespace holdfast::net {
namespace {

constexpr std::string_view kPath = "/discover";

Error cannot_reach(std::string_view why) {
  return {ErrorCode::kInvalidArgument, fmt::format("[META0003] discovery failed: {}", why)};
}

bool is_passing(int status) { return status == 408 || status == 429 || status >= 500; }

// One discovery, until it is answered. Io thread.
class Inquiry : public std::enable_shared_from_this<Inquiry> {
 public:
  Inquiry(boost::asio::io_context& io, OutgoingHttp& outgoing, HttpDiscovery::Sign sign,
          HttpDiscovery::Patience patience, DiscoveryRequest request, EndpointAddress address,
          std::function<void(Result<Discovered>)> on_done)
      : outgoing_(outgoing),
        sign_(std::move(sign)),
        patience_(patience),
        request_(std::move(request)),
        address_(std::move(address)),
        on_done_(std::move(on_done)),
        timer_(io) {}

  void begin();

 private:
  // The events of one try; those of an earlier one are not listened to.
  class Try final : public ExchangeEvents {
   public:
    explicit Try(std::shared_ptr<Inquiry> inquiry) : inquiry_(std::move(inquiry)) {}
    void on_head(int status, HttpHeaders headers) override { inquiry_->on_head(status, headers); }
    void on_body(BytesView bytes) override { inquiry_->on_body(bytes); }
    void on_end() override { inquiry_->on_end(); }
    void on_failed(const ExchangeFailure& failure) override { inquiry_->on_failed(failure); }

   private:
    const std::shared_ptr<Inquiry> inquiry_;
  };

  HttpHeaders headers() const;
  void on_head(int status, const HttpHeaders& headers);
  void on_body(BytesView bytes);
  void on_end();
  void on_failed(const ExchangeFailure& failure);
  // Ends the try; then another one, or the error.
  void try_again_or(Error error);
  void finish(Result<Discovered> result);
  // Calls `then` unless something else has happened by then.
  void after(std::chrono::milliseconds time, void (Inquiry::*then)());
  void on_late();
  void let_go();

  OutgoingHttp& outgoing_;
  const HttpDiscovery::Sign sign_;
  const HttpDiscovery::Patience patience_;
  const DiscoveryRequest request_;
  EndpointAddress address_;
  std::function<void(Result<Discovered>)> on_done_;
  boost::asio::steady_timer timer_;
  std::uint64_t timer_round_ = 0;
  int tries_ = 0;
  std::optional<Error> without_http2_;  // Why HTTP/1.1 is tried over TLS.

  // Of the try under way.
  std::shared_ptr<Exchange> exchange_;
  int status_ = 0;
  Discovered discovered_;
};

void Inquiry::begin() {
  ++tries_;
  status_ = 0;
  discovered_ = {};
  OpenOptions options;
  options.body = Bytes();
  exchange_ = outgoing_.pool_for(address_)->open(
      "GET", std::string(kPath), headers(), std::make_shared<Try>(shared_from_this()), options);
  after(patience_.try_time, &Inquiry::on_late);
}

HttpHeaders Inquiry::headers() const {
  HttpHeaders headers(request_.additional_headers.begin(), request_.additional_headers.end());
  headers.emplace_back("accept", std::string(manifest_types()));
  if (sign_) sign_(headers, kPath);
  return headers;
}

void Inquiry::on_head(int status, const HttpHeaders& headers) {
  status_ = status;
  discovered_.content_type = std::string(find_header(headers, "content-type").value_or(""));
  discovered_.server = std::string(find_header(headers, "x-restate-server").value_or(""));
  discovered_.http_version = address_.version == HttpVersion::kHttp2
                                 ? journal::HttpVersion::kHttp2
                                 : journal::HttpVersion::kHttp11;
}

void Inquiry::on_body(BytesView bytes) {
  const bool good = status_ >= 200 && status_ < 300;
  if (good && discovered_.manifest.size() + bytes.size() > ManifestLimits::kBytes) {
    return finish(Error(ErrorCode::kInvalidArgument,
                        fmt::format("[META0013] the manifest of {} is longer than {} MiB",
                                    request_.uri, ManifestLimits::kBytes >> 20)));
  }
  if (good) discovered_.manifest.append(bytes);
  if (exchange_ != nullptr) exchange_->consumed(bytes.size());
}

void Inquiry::on_end() {
  if (status_ >= 200 && status_ < 300) return finish(std::move(discovered_));
  const Error error = cannot_reach(fmt::format(
      "{} answers GET /discover with status {}{}", request_.uri, status_,
      status_ == 415 ? ", as it knows none of the versions 1 to 4 of the manifest" : ""));
  if (is_passing(status_)) return try_again_or(error);
  finish(error);
}

void Inquiry::on_failed(const ExchangeFailure& failure) {
  using Kind = ExchangeFailure::Kind;
  // Without HTTP/2 in its TLS, an endpoint may still have HTTP/1.1.
  if (failure.kind == Kind::kNotConnected && address_.secure &&
      address_.version == HttpVersion::kHttp2) {
    address_.version = HttpVersion::kHttp11;
    without_http2_ = failure.error;
    --tries_;
    let_go();
    return begin();
  }
  if (failure.kind == Kind::kStopped) return finish(failure.error);
  // Where HTTP/1.1 does not help, what was wrong before it is what is wrong: the certificate, say.
  const bool never = failure.kind == Kind::kNotConnected && without_http2_.has_value();
  const Error error = cannot_reach((never ? *without_http2_ : failure.error).message());
  // Also a refused connection: endpoints are often registered while they start.
  if (failure.unprocessed() || failure.kind == Kind::kReset) return try_again_or(error);
  finish(error);
}

void Inquiry::try_again_or(Error error) {
  if (tries_ >= patience_.tries) return finish(std::move(error));
  let_go();
  after(patience_.pause * (1 << (tries_ - 1)), &Inquiry::begin);
}

void Inquiry::finish(Result<Discovered> result) {
  let_go();
  if (on_done_ == nullptr) return;
  std::exchange(on_done_, nullptr)(std::move(result));
}

void Inquiry::after(std::chrono::milliseconds time, void (Inquiry::*then)()) {
  const std::uint64_t round = ++timer_round_;
  timer_.expires_after(time);
  timer_.async_wait([self = shared_from_this(), round, then](const auto&) {
    if (self->timer_round_ == round) ((*self).*then)();
  });
}

void Inquiry::on_late() {
  finish(cannot_reach(fmt::format("{} has not answered GET /discover within {:g} s", request_.uri,
                                  static_cast<double>(patience_.try_time.count()) / 1000)));
}

void Inquiry::let_go() {
  ++timer_round_;
  timer_.cancel();
  if (const auto exchange = std::exchange(exchange_, nullptr)) exchange->cancel();
}

}  // namespace

void HttpDiscovery::discover(DiscoveryRequest request,
                             std::function<void(Result<Discovered>)> on_done) {
  Result<EndpointAddress> address = parse_endpoint_address(
      request.uri, request.use_http_11 ? HttpVersion::kHttp11 : HttpVersion::kHttp2);
  if (!address) return on_done(address.error());
  boost::asio::post(io_, [inquiry = std::make_shared<Inquiry>(
                              io_, outgoing_, sign_, patience_, std::move(request),
                              std::move(*address), std::move(on_done))] { inquiry->begin(); });
}

}  // namespace holdfast::net
