// HTTP server fuzz: whatever bytes a client sends on a plain port, in whatever pieces, each request
// that reached the handler ends once, the limits hold, the answers are HTTP that we read ourselves,
// and the pieces make no difference to what was understood.
//
// Input: a byte for the size of the pieces, of which there are 16 at most, then the stream: HTTP/2
// when it begins with the preface, else HTTP/1.

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/http/header_rules.h"
#include "net/http/opening.h"
#include "net/http/outgoing/response_parser.h"
#include "net/http/server_core.h"
#include "storage/base/check.h"
#include "tests/fuzz/seeds.h"
#include "tests/net/http2_frames.h"

namespace {

namespace net = holdfast::net;
using holdfast::Bytes;
using holdfast::BytesView;

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// Small enough to be reached by small inputs. Those of arriving bodies and of resets are not: there
// the pieces do make a difference, since answers leave between them.
const net::HttpServerOptions& limits() {
  static const net::HttpServerOptions limits = [] {
    net::HttpServerOptions options;
    options.target_bytes_max = 128;
    options.header_bytes_max = 256;
    options.header_fields_max = 12;
    options.body_bytes_max = 200;
    options.streams_max = 1000;
    options.resets_max = 1000;
    options.header_timeout = options.body_idle_timeout = std::chrono::minutes(10);
    return options;
  }();
  return limits;
}

// What the server understood.
struct Seen {
  std::vector<net::HttpRequest> requests;  // In the order in which they became whole.
  std::vector<Bytes> streamed;             // Bodies of streamed requests, as far as they came.
  Bytes answers;
  std::size_t open = 0;  // Requests not yet answered or abandoned, and streams not yet ended.
};

void check_request(const net::HttpRequest& request) {
  const net::HttpServerOptions& options = limits();
  CHECK(request.target.size() <= options.target_bytes_max, "the limit of targets");
  CHECK(request.headers.size() <= options.header_fields_max, "the limit of fields");
  CHECK(request.body.size() <= options.body_bytes_max, "the limit of bodies");
  std::size_t bytes = 0;
  for (const auto& [name, value] : request.headers) {
    bytes += name.size() + value.size();
    CHECK(net::is_token(name), "a name is a token");
    CHECK(std::none_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; }),
          "in lower case");
    CHECK(value.find_first_of(std::string_view("\r\n\0", 3)) == Bytes::npos, "a value is a line");
  }
  CHECK(bytes <= options.header_bytes_max, "the limit of headers");
}

// Counts a request as open until it is answered or abandoned.
class Answer {
 public:
  Answer(Seen& seen, std::shared_ptr<net::HttpReply> reply)
      : seen_(seen), reply_(std::move(reply)) {
    ++seen_.open;
    reply_->on_abandoned([this] { end(); });
  }
  void send(net::HttpResponse response) {
    if (ended_) return;
    reply_->send(std::move(response));
    end();
  }
  void drop() {
    reply_->on_abandoned([] {});
    reply_.reset();
    if (!ended_) end();
  }

 private:
  void end() {
    CHECK(!ended_, "a request ends once");
    ended_ = true;
    --seen_.open;
  }

  Seen& seen_;
  std::shared_ptr<net::HttpReply> reply_;
  bool ended_ = false;
};

// Says back what comes; a body that ends ends the answer.
class Echo : public net::HttpBodySink {
 public:
  Echo(Seen& seen, std::shared_ptr<net::HttpAnswerStream> answer)
      : seen_(seen), number_(seen.streamed.size()), answer_(std::move(answer)) {
    seen_.streamed.emplace_back();
    ++seen_.open;
    answer_->start({});
  }
  void on_body(BytesView bytes) override {
    CHECK(!ended_, "nothing comes after the end");
    seen_.streamed[number_].append(bytes);
    answer_->write(bytes);
  }
  void on_body_end() override {
    end();
    answer_->finish();
  }
  void on_gone() override { end(); }

 private:
  void end() {
    CHECK(!ended_, "a stream ends once");
    ended_ = true;
    --seen_.open;
  }

  Seen& seen_;
  const std::size_t number_;
  const std::shared_ptr<net::HttpAnswerStream> answer_;
  bool ended_ = false;
};

// One connection to a server, over a pair of sockets, on this thread.
class Talk {
 public:
  explicit Talk(boost::asio::io_context& io) : io_(io) {
    core_ = std::make_shared<net::ServerCore>(
        io, limits(), nullptr,
        [this](net::HttpRequest&& request, std::shared_ptr<net::HttpReply> reply) {
          handle(std::move(request), std::move(reply));
        },
        [this](const net::HttpRequest& head, std::shared_ptr<net::HttpAnswerStream> answer) {
          return handle_stream(head, std::move(answer));
        });
    int ends[2];
    CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0, "a pair of sockets");
    client_ = ends[1];
    net::Socket socket(io);
    socket.assign(boost::asio::ip::tcp::v4(), ends[0]);
    socket.non_blocking(true);
    core_->add(std::make_shared<net::Opening>(core_, net::Stream(std::move(socket))));
  }
  ~Talk() {
    ::shutdown(client_, SHUT_WR);
    run();
    core_->close_connections();
    run();
    CHECK(seen_.open == 0, "all that was begun has ended");
    CHECK(core_->connections.empty(), "no connection is left");
    CHECK(core_->arriving_bytes == 0, "no bytes of a body are counted any more");
    CHECK(core_.use_count() == 1, "nobody holds on to the server");
    core_->replies->close();
    ::close(client_);
  }
  Talk(const Talk&) = delete;
  Talk& operator=(const Talk&) = delete;

  void send(BytesView bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(client_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0) break;  // It has closed, or takes no more.
      bytes.remove_prefix(static_cast<std::size_t>(sent));
      run();
    }
  }
  // Answers what was put off, as long as that brings more.
  void answer_all() {
    while (!later_.empty()) {
      for (auto& [answer, response] : std::exchange(later_, {})) answer->send(std::move(response));
      run();
    }
  }
  const Seen& seen() const { return seen_; }

 private:
  // The last letter of the target says what becomes of the request.
  void handle(net::HttpRequest&& request, std::shared_ptr<net::HttpReply> reply) {
    check_request(request);
    net::HttpResponse response;
    response.headers.emplace_back("x-target", request.target);
    response.headers.insert(response.headers.end(), request.headers.begin(), request.headers.end());
    response.body = request.body;
    const char how = request.target.empty() ? 'a' : request.target.back();
    seen_.requests.push_back(std::move(request));
    Answer& answer = *answers_.emplace_back(std::make_unique<Answer>(seen_, std::move(reply)));
    if (how == 'l') {
      later_.emplace_back(&answer, std::move(response));
    } else if (how == 'd') {
      answer.drop();
    } else if (how != 'n') {
      answer.send(std::move(response));
    }
  }
  std::shared_ptr<net::HttpBodySink> handle_stream(const net::HttpRequest& head,
                                                   std::shared_ptr<net::HttpAnswerStream> answer) {
    check_request(head);
    if (!head.target.ends_with('s')) return nullptr;
    return std::make_shared<Echo>(seen_, std::move(answer));
  }

  void run() {
    do {
      io_.restart();
      char buffer[4096];
      for (;;) {
        const ssize_t size = ::read(client_, buffer, sizeof(buffer));
        if (size <= 0) break;
        seen_.answers.append(buffer, static_cast<std::size_t>(size));
      }
    } while (io_.poll() > 0);
  }

  boost::asio::io_context& io_;
  Seen seen_;
  std::vector<std::unique_ptr<Answer>> answers_;
  std::vector<std::pair<Answer*, net::HttpResponse>> later_;
  std::shared_ptr<net::ServerCore> core_;
  int client_ = -1;
};

Seen talk(BytesView stream, std::size_t piece) {
  static boost::asio::io_context io(1);
  Talk talk(io);
  for (; !stream.empty(); stream.remove_prefix(std::min(piece, stream.size()))) {
    talk.send(stream.substr(0, piece));
  }
  talk.answer_all();
  return talk.seen();
}

class NoEvents final : public net::ResponseParser::Events {
 public:
  void on_head(int, net::HttpHeaders) override {}
  void on_body(BytesView) override {}
};

// The answers of HTTP/1, read as the side that makes requests does: one to each request that was
// answered, and one more at most, to what was refused.
std::vector<BytesView> answers_of(const Seen& seen) {
  std::vector<BytesView> answers;
  for (BytesView rest = seen.answers; !rest.empty();) {
    const std::size_t count = answers.size();
    CHECK(count <= seen.requests.size(), "no answer without a request");
    const bool head_only = count < seen.requests.size() && seen.requests[count].method == "HEAD";
    NoEvents events;
    net::ResponseParser parser(events, 64 << 10, head_only);
    const std::size_t size = parser.feed(rest);
    CHECK(parser.problem() == net::ResponseParser::Problem::kNone && parser.is_done(),
          "an answer is valid and whole");
    if (!parser.is_interim()) answers.push_back(rest.substr(0, size));
    rest.remove_prefix(size);
  }
  return answers;
}

// What must be the same in whatever pieces the stream comes. Refusals may differ: Beast sees what
// is wrong in a head that never ends sooner when it comes at once, and counts all bytes of what it
// looks at, so that the limit of a head is felt sooner then, too.
void check_same(const Seen& one, const Seen& other) {
  const std::size_t common = std::min(one.requests.size(), other.requests.size());
  const Seen& fewer = one.requests.size() == common ? one : other;
  CHECK(one.requests.size() == other.requests.size() ||
            fewer.answers.find("HTTP/1.1 4") != Bytes::npos,
        "as many requests, unless one was refused");
  for (std::size_t i = 0; i < common; ++i) {
    const net::HttpRequest& a = one.requests[i];
    const net::HttpRequest& b = other.requests[i];
    CHECK(a.method == b.method && a.target == b.target, "for the same target");
    CHECK(a.headers == b.headers, "with the same headers");
    CHECK(a.body == b.body, "and the same body");
  }
  CHECK(one.streamed == other.streamed, "the same streamed bodies");
}

void check_same_answers(const Seen& one, const Seen& other) {
  const std::vector<BytesView> some = answers_of(one);
  const std::vector<BytesView> others = answers_of(other);
  const std::size_t common =
      std::min({some.size(), others.size(), one.requests.size(), other.requests.size()});
  CHECK(
      std::equal(some.begin(), some.begin() + static_cast<std::ptrdiff_t>(common), others.begin()),
      "the same answers to the same requests");
}

Bytes http2_begin() {
  return '\x07' + std::string(kPreface) + net::frame(net::kSettings, 0, 0, "");
}

Bytes http2_head(std::string_view method, std::string_view path) {
  return net::field(":method", method) + net::field(":path", path) + net::field(":scheme", "http") +
         net::field(":authority", "h");
}

// Requests that are as large as they may be, and `over` more, in one way each.
std::vector<Bytes> seeds_at_limits(std::size_t over) {
  const net::HttpServerOptions& most = limits();
  Bytes fields;
  for (std::size_t i = 1; i < most.header_fields_max + over; ++i) fields += "a: b\r\n";
  Bytes fields2;
  for (std::size_t i = 1; i < most.header_fields_max + over; ++i) fields2 += net::field("a", "b");
  const Bytes target = "/" + Bytes(most.target_bytes_max - 1 + over, 'a');
  const Bytes body(most.body_bytes_max + over, 'x');
  const Bytes host = " HTTP/1.1\r\nHost: h\r\n";
  return {
      "\x07GET /a" + host + fields + "\r\n",
      "\x07GET " + target + host + "\r\n",
      "\x20GET /a HTTP/1.0\r\na: " + Bytes(most.header_bytes_max - 1 + over, 'b') + "\r\n\r\n",
      "\x40POST /a" + host + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body,
      http2_begin() + net::frame(net::kHeaders, net::kEndHeaders | net::kEndStream, 1,
                                 http2_head("GET", "/a") + fields2),
      http2_begin() + net::frame(net::kHeaders, net::kEndHeaders, 1, http2_head("POST", "/l")) +
          net::frame(net::kData, net::kEndStream, 1, body),
  };
}

}  // namespace

std::vector<Bytes> holdfast::testing::fuzz_seeds() {
  using net::field;
  using net::frame;
  const Bytes begin = http2_begin();
  const auto head = http2_head;
  const int whole = net::kEndStream | net::kEndHeaders;
  std::vector<Bytes> seeds = {
      "\x01GET /a HTTP/1.1\r\nHost: h\r\n\r\n",
      "\x05POST /l HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcHEAD /d HTTP/1.1\r\nhost: "
      "h\r\nconnection: close\r\n\r\n",
      "\x10POST /n HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nTransfer-Encoding: "
      "chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nTrailer: t\r\n\r\nGET /a HTTP/1.1\r\nHost: h\r\n\r\n",
      "\x08GET http://h/a HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /a HTTP/1.0\r\n\r\n",
      begin + frame(net::kHeaders, whole, 1, head("GET", "/a")),
      begin + frame(net::kHeaders, net::kEndHeaders, 1, head("POST", "/l")) +
          frame(net::kData, 0, 1, "abc") + frame(net::kPing, 0, 0, "12345678") +
          frame(net::kData, net::kEndStream, 1, "def"),
      begin + frame(net::kHeaders, net::kEndHeaders, 1, head("POST", "/s")) +
          frame(net::kData, 0, 1, "abc") + frame(net::kHeaders, whole, 3, head("HEAD", "/d")) +
          frame(net::kData, net::kEndStream, 1, "def"),
      begin + frame(net::kHeaders, net::kEndHeaders, 1, head("PUT", "/n")) +
          frame(net::kReset, 0, 1, std::string("\0\0\0\x08", 4)) +
          frame(net::kWindowUpdate, 0, 0, std::string("\0\0\1\0", 4)) +
          frame(net::kGoaway, 0, 0, std::string(8, '\0')),
      begin +
          frame(net::kHeaders, net::kEndHeaders, 1,
                head("POST", "/a") + field("expect", "100-continue")) +
          frame(net::kHeaders, whole, 1, field("trailer", "t")),
  };
  for (const std::size_t over : {0, 1}) {
    for (Bytes& seed : seeds_at_limits(over)) seeds.push_back(std::move(seed));
  }
  return seeds;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return -1;
  const BytesView stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Seen at_once = talk(stream, stream.size());
  const Seen in_pieces = talk(stream, std::max(std::size_t{1} + data[0], stream.size() / 16 + 1));
  check_same(at_once, in_pieces);
  if (!stream.starts_with(kPreface)) check_same_answers(at_once, in_pieces);
  return 0;
}
