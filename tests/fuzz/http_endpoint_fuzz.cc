// HTTP endpoint fuzz: whatever bytes an endpoint answers with, in whatever pieces, each exchange
// ends once, its events come in order, the limits hold, and the pieces make no difference to what
// was understood.
//
// Input: a byte for version, method and number of exchanges, a byte for the size of the pieces, of
// which there are 16 at most, then what the endpoint sends once it has the requests, until it
// closes. Over HTTP/2 its SETTINGS have come before that.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/http/header_rules.h"
#include "net/http/outgoing/outgoing_http.h"
#include "storage/base/check.h"
#include "tests/fuzz/seeds.h"
#include "tests/net/http2_frames.h"

namespace {

namespace net = holdfast::net;
using holdfast::Bytes;
using holdfast::BytesView;

constexpr std::size_t kHeaderBytesMax = 256;
constexpr std::chrono::seconds kPatience{20};

// How the requests are made.
struct Plan {
  net::HttpVersion version;
  const char* method;
  std::size_t exchanges;
  std::size_t piece;
};

// What one exchange was told.
class Heard : public net::ExchangeEvents {
 public:
  void on_head(int status, net::HttpHeaders headers) override {
    CHECK(!ended_ && status_ == 0, "one head");
    CHECK(status >= 200 && status <= 999, "a final status");
    std::size_t bytes = 0;
    for (const auto& [name, value] : headers) bytes += name.size() + value.size();
    CHECK(bytes <= kHeaderBytesMax, "the limit of headers");
    status_ = status;
    headers_ = std::move(headers);
  }
  void on_body(BytesView bytes) override {
    CHECK(!ended_ && status_ != 0 && !bytes.empty(), "a body after its head");
    body_.append(bytes);
    exchange_->consumed(bytes.size());
  }
  void on_end() override {
    CHECK(!ended_ && status_ != 0, "an end after its head");
    ended_ = true;
  }
  void on_failed(const net::ExchangeFailure& failure) override {
    CHECK(!ended_ && !failure.error.message().empty(), "one end, with a reason");
    ended_ = true;
    failed_ = true;
    unprocessed_ = failure.unprocessed();
    too_large_ = failure.error.code() == holdfast::ErrorCode::kTooLarge;
  }

  void watch(std::shared_ptr<net::Exchange> exchange) { exchange_ = std::move(exchange); }
  bool ended() const { return ended_; }
  // But for the reason of a failure: Beast sees what is wrong in a head that never ends sooner when
  // the head comes at once. And it counts all bytes of what it looks at, so that the limit of a
  // head is felt sooner then, too.
  bool same_as(const Heard& other) const {
    return too_large_ || other.too_large_ ||
           (status_ == other.status_ && headers_ == other.headers_ && body_ == other.body_ &&
            failed_ == other.failed_ && unprocessed_ == other.unprocessed_);
  }

 private:
  std::shared_ptr<net::Exchange> exchange_;
  int status_ = 0;
  net::HttpHeaders headers_;
  Bytes body_;
  bool ended_ = false;
  bool failed_ = false;
  bool unprocessed_ = false;
  bool too_large_ = false;
};

boost::asio::io_context& io() {
  static boost::asio::io_context context(1);
  return context;
}

void run() {
  io().restart();
  while (io().poll() > 0) {
  }
}

// Runs until `there` says so.
template <class Condition>
void run_until(Condition there, const char* what) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!there()) {
    CHECK(std::chrono::steady_clock::now() < end, what);
    io().restart();
    io().run_one_for(std::chrono::milliseconds(1));
  }
}

// The endpoint: takes one connection at a time, and hangs up on any further one.
class Endpoint {
 public:
  Endpoint() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    socklen_t size = sizeof(address);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    CHECK(::bind(listener_, any, size) == 0 && ::listen(listener_, 64) == 0, "a port");
    CHECK(::getsockname(listener_, any, &size) == 0, "a port has a number");
    port_ = ntohs(address.sin_port);
  }

  // A new address of this machine each time: a closed connection occupies its pair of addresses.
  net::EndpointAddress address(net::HttpVersion version) {
    next_ = next_ % 60'000 + 1;
    net::EndpointAddress address;
    address.host = "127.1." + std::to_string(next_ / 250) + "." + std::to_string(next_ % 250 + 1);
    address.port = port_;
    address.version = version;
    return address;
  }

  bool has_connection() {
    if (connection_ < 0) connection_ = accept();
    return connection_ >= 0;
  }
  void send(BytesView bytes) { ::send(connection_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  // All that has come so far.
  const Bytes& received() {
    char buffer[4096];
    for (;;) {
      const ssize_t size = ::recv(connection_, buffer, sizeof(buffer), 0);
      if (size <= 0) return received_;
      received_.append(buffer, static_cast<std::size_t>(size));
    }
  }
  void end_sending() { ::shutdown(connection_, SHUT_WR); }
  void refuse_more() {
    for (int more = accept(); more >= 0; more = accept()) ::close(more);
  }
  void close() {
    ::close(std::exchange(connection_, -1));
    received_.clear();
    refuse_more();
  }

 private:
  int accept() const { return ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK); }

  const int listener_;
  std::uint16_t port_ = 0;
  unsigned next_ = 0;
  int connection_ = -1;
  Bytes received_;
};

// How many requests are in what a client sent over HTTP/2.
std::size_t http2_requests(BytesView sent) {
  sent.remove_prefix(std::min<std::size_t>(sent.size(), 24));  // The preface.
  std::size_t count = 0;
  while (sent.size() >= 9) {
    const std::size_t size = 9 + net::number(sent.substr(0, 3));
    count += sent[3] == net::kHeaders ? 1 : 0;
    sent.remove_prefix(std::min(size, sent.size()));
  }
  return count;
}

net::OutgoingOptions limits() {
  net::OutgoingOptions options;
  options.header_bytes_max = kHeaderBytesMax;
  options.http2_connections_max = 1;
  options.http1_connections_max = 1;
  options.connect_timeout = options.waiting_timeout = std::chrono::minutes(10);
  return options;
}

std::vector<Heard> talk(const Plan& plan, BytesView answer, std::size_t piece) {
  static Endpoint endpoint;
  auto made = net::OutgoingHttp::create(io(), limits());
  CHECK(made.has_value(), "a transport");
  const std::unique_ptr<net::OutgoingHttp> http = std::move(made).value();
  auto pool = http->pool_for(endpoint.address(plan.version));
  std::vector<std::shared_ptr<Heard>> heard;
  std::vector<std::weak_ptr<net::Exchange>> exchanges;
  for (std::size_t i = 0; i < plan.exchanges; ++i) {
    heard.push_back(std::make_shared<Heard>());
    net::OpenOptions options;
    options.body = "body";
    auto exchange = pool->open(plan.method, "/", {}, heard.back(), std::move(options));
    exchanges.push_back(exchange);
    heard.back()->watch(std::move(exchange));
  }

  run_until([&] { return endpoint.has_connection(); }, "it connects");
  if (plan.version == net::HttpVersion::kHttp2) {
    endpoint.send(net::frame(net::kSettings, 0, 0, ""));
    run_until([&] { return http2_requests(endpoint.received()) == plan.exchanges; }, "requests");
  } else {
    run_until([&] { return endpoint.received().ends_with("body"); }, "a request");
  }
  for (; !answer.empty(); answer.remove_prefix(std::min(piece, answer.size()))) {
    endpoint.send(answer.substr(0, piece));
    run();
  }
  endpoint.end_sending();
  run_until(
      [&] {
        endpoint.refuse_more();
        return std::all_of(heard.begin(), heard.end(),
                           [](const auto& one) { return one->ended(); });
      },
      "each exchange ends when the endpoint has closed");
  std::vector<Heard> result;
  for (const auto& one : heard) result.push_back(*one);
  for (Heard& one : result) one.watch(nullptr);

  heard.clear();
  pool.reset();
  http->stop();
  run();
  endpoint.close();
  for (const auto& exchange : exchanges) CHECK(exchange.expired(), "nobody holds on to it");
  return result;
}

// Head of an input.
char plan_byte(net::HttpVersion version, bool head, int exchanges) {
  return static_cast<char>((version == net::HttpVersion::kHttp2 ? 1 : 0) | (head ? 2 : 0) |
                           (exchanges - 1) << 2);
}

Plan plan_of(std::uint8_t what, std::uint8_t piece) {
  Plan plan{};
  plan.version = (what & 1) != 0 ? net::HttpVersion::kHttp2 : net::HttpVersion::kHttp11;
  plan.method = (what & 2) != 0 ? "HEAD" : "POST";
  // Over HTTP/1.1 the second request leaves only after the first answer.
  plan.exchanges = plan.version == net::HttpVersion::kHttp2 ? 1 + (what >> 2 & 3) : 1;
  plan.piece = std::size_t{1} + piece;
  return plan;
}

}  // namespace

std::vector<Bytes> holdfast::testing::fuzz_seeds() {
  using net::field;
  using net::frame;
  const auto http1 = [](bool head, const std::string& answer) {
    return Bytes{plan_byte(net::HttpVersion::kHttp11, head, 1), '\x07'} + answer;
  };
  const auto http2 = [](int exchanges, const std::string& frames) {
    return Bytes{plan_byte(net::HttpVersion::kHttp2, false, exchanges), '\x10'} + frames;
  };
  const std::string ok = "\x88";  // :status 200, from the static table.
  const int whole = net::kEndStream | net::kEndHeaders;
  std::vector<Bytes> seeds = {
      http1(false, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"),
      http1(false, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 404 No\r\nX: y\r\n\r\nuntil the end"),
      http1(
          false,
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nT: t\r\n\r\n"),
      http1(true, "HTTP/1.1 204 None\r\nConnection: close\r\nContent-Length: 9\r\n\r\n"),
      http2(1, frame(net::kHeaders, whole, 1, ok)),
      http2(2, frame(net::kHeaders, net::kEndHeaders, 1, ok + field("x", "y")) +
                   frame(net::kData, 0, 1, "abc") + frame(net::kHeaders, whole, 3, ok) +
                   frame(net::kHeaders, whole, 1, field("trailer", "t"))),
      http2(1, frame(net::kHeaders, net::kEndHeaders, 1, field(":status", "103")) +
                   frame(net::kPing, 0, 0, "12345678") +
                   frame(net::kReset, 0, 1, std::string("\0\0\0\x07", 4))),
      // Against the rules, and then reset: the reset may come before ours has left, or after.
      http2(1, frame(net::kHeaders, net::kEndHeaders, 1, field(":status", "10F")) +
                   frame(net::kPing, 0, 0, "12345678") +
                   frame(net::kReset, 0, 1, std::string("\0\0\0\x07", 4))),
      http2(3, frame(net::kSettings, 0, 0, std::string("\0\3\0\0\0\1", 6)) +
                   frame(net::kHeaders, net::kEndHeaders, 1, ok) +
                   frame(net::kGoaway, 0, 0, std::string("\0\0\0\1\0\0\0\0why", 11)) +
                   frame(net::kData, net::kEndStream, 1, "abc")),
  };
  for (const std::size_t over : {0, 1}) {  // As large a head as may be, and one byte more.
    const std::string value(kHeaderBytesMax - 16 + over, 'b');
    Bytes large = http1(false, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\na: " + value + "\r\n\r\n");
    large[1] = '\x3f';  // In pieces that Beast takes the first field from before it sees the rest.
    seeds.push_back(std::move(large));
    // ":status" and "200" count, too.
    const std::string fields = field("a", value.substr(0, 120)) + field("c", value.substr(116));
    seeds.push_back(http2(1, frame(net::kHeaders, whole, 1, ok + fields)));
  }
  return seeds;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return -1;
  const Plan plan = plan_of(data[0], data[1]);
  const BytesView answer(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::size_t piece = std::max(plan.piece, answer.size() / 16 + 1);
  const std::vector<Heard> at_once = talk(plan, answer, answer.size());
  const std::vector<Heard> in_pieces = talk(plan, answer, piece);
  for (std::size_t i = 0; i < plan.exchanges; ++i) {
    CHECK(at_once[i].same_as(in_pieces[i]), "the same in whatever pieces");
  }
  return 0;
}
