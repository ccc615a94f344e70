#include "net/http/http2_connection.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cstring>
#include <utility>

#include "net/http/header_rules.h"
#include "net/http/server_core.h"

namespace holdfast::net {
namespace {

constexpr std::size_t kReadBytes = 4 << 10;
constexpr std::size_t kReadBodyBytes = 64 << 10;
constexpr std::size_t kWriteBytes = 64 << 10;

}  // namespace

Http2Connection::Http2Connection(std::shared_ptr<ServerCore> core, Stream stream, ReadBuffer input)
    : Connection(std::move(core), std::move(stream)), session_(*this, core_->options) {
  input_ = std::move(input);
}

Http2Connection::Exchange* Http2Connection::find(std::int32_t stream) {
  const auto found = exchanges_.find(stream);
  return found == exchanges_.end() ? nullptr : &found->second;
}

// ---- Bytes in and out.

void Http2Connection::on_received() {
  receiving_ = true;
  const bool understood = session_.receive(input_.data());
  receiving_ = false;
  if (closed()) {
    return;
  }
  input_.consume(input_.size());
  if (!understood) {
    close();
    return;
  }
  pump();
}

void Http2Connection::pump() {
  // While receive() is on the stack its end will pump; while writing, the end of the write will.
  while (!receiving_ && !writing() && !closed() && !lingering()) {
    if (draining_ && exchanges_.empty() && !terminated_) {
      terminated_ = true;
      session_.terminate(NGHTTP2_NO_ERROR);
    }
    if (!session_.take_output(output_, kWriteBytes)) {
      close();
      return;
    }
    if (output_.empty()) {
      if (session_.finished()) {
        linger();
        return;
      }
      break;
    }
    if (!flush()) {
      break;
    }
  }
  if (!closed() && !lingering()) {
    // Input waits while the client does not take output, so that answers to it cannot pile up.
    if (!writing()) {
      read(moving_ > 0 || core_->stream_handler ? kReadBodyBytes : kReadBytes);
    }
    update_deadline();
  }
}

void Http2Connection::pump_soon() {
  if (pump_posted_ || receiving_ || writing()) {
    return;
  }
  pump_posted_ = true;
  boost::asio::post(core_->io, [self = shared_from_this(), this] {
    pump_posted_ = false;
    pump();
  });
}

void Http2Connection::drain() {
  draining_ = true;
  session_.submit_goaway();
  pump_soon();
}

// ---- Requests in.

void Http2Connection::on_stream_begin(std::int32_t stream) {
  moved_at_ = SteadyClock::now();
  const auto [exchange, fresh] = exchanges_.try_emplace(stream, core_, moved_at_);
  const auto due = exchange->second.pace.due(core_->options);
  late_at_ = moving_ == 0 ? due : std::min(late_at_, due);
  ++moving_;
}

void Http2Connection::on_header(std::int32_t stream, std::string_view name,
                                std::string_view value) {
  Exchange* exchange = find(stream);
  if (exchange == nullptr || exchange->refused_with != 0) {
    return;
  }
  const HttpServerOptions& options = core_->options;
  HttpRequest& request = exchange->request;
  if (name == ":path") {
    if (value.size() > options.target_bytes_max) {
      exchange->refused_with = 414;
    } else {
      request.target = value;
    }
    return;
  }
  exchange->header_bytes += name.size() + value.size();
  if (exchange->header_bytes > options.header_bytes_max ||
      request.headers.size() >= options.header_fields_max) {
    exchange->refused_with = 431;
  } else if (name == ":method") {
    request.method = value;
  } else if (name == ":authority") {
    exchange->has_authority = true;
    request.headers.emplace_back("host", value);
  } else if (!name.starts_with(':') && !(name == "host" && exchange->has_authority)) {
    request.headers.emplace_back(name, value);
  }
}

void Http2Connection::on_head_end(std::int32_t stream) {
  Exchange* exchange = find(stream);
  if (exchange == nullptr) {
    return;
  }
  exchange->head_ended = true;
  HttpRequest& request = exchange->request;
  request.version = HttpVersion::kHttp2;
  exchange->head_only = request.method == "HEAD";
  if (exchange->refused_with == 414) {
    refuse(stream, *exchange, 414, "the request target is too long");
  } else if (exchange->refused_with != 0) {
    refuse(stream, *exchange, 431, "the request headers are too large");
  } else if (const auto expected = request.header("expect");
             expected && has_token(*expected, "100-continue")) {
    session_.submit_continue(stream);
  } else if (core_->stream_handler) {
    offer_stream(stream, *exchange);
  }
}

void Http2Connection::on_data(std::int32_t stream, BytesView bytes) {
  Exchange* exchange = find(stream);
  if (exchange != nullptr && exchange->phase == Phase::kStreaming) {
    const std::shared_ptr<HttpBodySink> sink = exchange->sink;
    sink->on_body(bytes);
    return;
  }
  if (exchange == nullptr || exchange->phase != Phase::kReceiving) {
    return;
  }
  if (!bytes.empty()) {
    moved_at_ = SteadyClock::now();
    exchange->pace.move(bytes.size(), moved_at_);
  }
  if (const int status = exchange->body.append(bytes); status != 0) {
    refuse(stream, *exchange, status, body_refusal(status));
  }
}

void Http2Connection::on_request_end(std::int32_t stream) {
  Exchange* exchange = find(stream);
  if (exchange == nullptr) {
    return;
  }
  exchange->request_ended = true;
  if (exchange->phase == Phase::kStreaming) {
    const std::shared_ptr<HttpBodySink> sink = exchange->sink;
    sink->on_body_end();
    return;
  }
  if (exchange->phase != Phase::kReceiving) {
    return;
  }
  enter_phase(*exchange, Phase::kWaiting);
  HttpRequest request = std::move(exchange->request);
  request.body = exchange->body.take();
  auto reply = std::make_shared<PendingReply>(core_->replies, weak_from_this(),
                                              static_cast<std::uint64_t>(stream));
  exchange->pending = reply;
  core_->handler(std::move(request), std::move(reply));
}

void Http2Connection::on_reset_by_client(std::int32_t) {
  const auto now = SteadyClock::now();
  if (now > reset_window_end_) {
    reset_window_end_ = now + core_->options.reset_window;
    resets_ = 0;
  }
  if (++resets_ > core_->options.resets_max && !terminated_) {
    terminated_ = true;
    session_.terminate(NGHTTP2_ENHANCE_YOUR_CALM);
  }
}

// ---- Streams.

// Holds the connection weakly: a stream may be kept after its client has gone.
class Http2Connection::StreamedAnswer final : public HttpAnswerStream {
 public:
  StreamedAnswer(std::weak_ptr<Http2Connection> connection, std::int32_t stream)
      : connection_(std::move(connection)), stream_(stream) {}

  void start(HttpResponse head) override {
    if (const auto alive = connection_.lock()) alive->start_answer(stream_, std::move(head));
  }
  void write(BytesView bytes) override {
    if (const auto alive = connection_.lock()) alive->add_to_answer(stream_, bytes);
  }
  void finish() override {
    if (const auto alive = connection_.lock()) alive->finish_answer(stream_);
  }
  void reset() override {
    if (const auto alive = connection_.lock()) alive->reset_answer(stream_);
  }
  std::size_t unsent() const override {
    const auto alive = connection_.lock();
    const Exchange* exchange = alive ? alive->find(stream_) : nullptr;
    return exchange == nullptr ? 0 : exchange->answer.size() - exchange->answer_sent;
  }

 private:
  const std::weak_ptr<Http2Connection> connection_;
  const std::int32_t stream_;
};

void Http2Connection::offer_stream(std::int32_t stream, Exchange& exchange) {
  auto answer = std::make_shared<StreamedAnswer>(
      std::static_pointer_cast<Http2Connection>(shared_from_this()), stream);
  enter_phase(exchange, Phase::kStreaming);
  exchange.answer_whole = false;
  exchange.sink = core_->stream_handler(exchange.request, std::move(answer));
  if (exchange.sink == nullptr) {
    exchange.answer_whole = true;
    enter_phase(exchange, Phase::kReceiving);
  }
}

Http2Connection::Exchange* Http2Connection::find_streamed(std::int32_t stream) {
  Exchange* const exchange = closed() ? nullptr : find(stream);
  return exchange != nullptr && exchange->phase == Phase::kStreaming ? exchange : nullptr;
}

void Http2Connection::start_answer(std::int32_t stream, HttpResponse head) {
  Exchange* const exchange = find_streamed(stream);
  if (exchange == nullptr || exchange->answer_started) {
    return;
  }
  exchange->answer_started = true;
  session_.submit_streamed_answer(stream, head);
  exchange->answer = std::move(head.body);
  pump_soon();
}

void Http2Connection::add_to_answer(std::int32_t stream, BytesView bytes) {
  Exchange* const exchange = find_streamed(stream);
  if (exchange == nullptr || bytes.empty()) {
    return;
  }
  if (exchange->answer_sent * 2 >= exchange->answer.size()) {  // A byte is moved once at most.
    exchange->answer.erase(0, exchange->answer_sent);
    exchange->answer_sent = 0;
  }
  exchange->answer.append(bytes);
  session_.resume_answer(stream);
  pump_soon();
}

void Http2Connection::finish_answer(std::int32_t stream) {
  Exchange* const exchange = find_streamed(stream);
  if (exchange == nullptr) {
    return;
  }
  exchange->answer_whole = true;
  enter_phase(*exchange, Phase::kAnswering);
  moved_at_ = SteadyClock::now();
  session_.resume_answer(stream);
  pump_soon();
}

void Http2Connection::reset_answer(std::int32_t stream) {
  Exchange* const exchange = find_streamed(stream);
  if (exchange == nullptr) {
    return;
  }
  enter_phase(*exchange, Phase::kAnswering);
  session_.submit_reset(stream, NGHTTP2_INTERNAL_ERROR);
  pump_soon();
}

// ---- Answers out.

void Http2Connection::answer(std::uint64_t exchange, HttpResponse response) {
  const auto stream = static_cast<std::int32_t>(exchange);
  Exchange* found = find(stream);
  if (closed() || found == nullptr || found->phase != Phase::kWaiting) {
    return;
  }
  submit(stream, *found, std::move(response));
  pump_soon();
}

void Http2Connection::refuse(std::int32_t stream, Exchange& exchange, int status,
                             std::string_view message) {
  exchange.body.drop();
  submit(stream, exchange, core_->options.error_response(status, message));
}

void Http2Connection::submit(std::int32_t stream, Exchange& exchange, HttpResponse response) {
  enter_phase(exchange, Phase::kAnswering);
  moved_at_ = SteadyClock::now();
  const bool with_body =
      !exchange.head_only && !has_no_body(response.status) && !response.body.empty();
  session_.submit_answer(stream, response, with_body);
  exchange.answer = std::move(response.body);
}

std::size_t Http2Connection::on_answer_wanted(std::int32_t stream, char* to, std::size_t size,
                                              bool& last) {
  Exchange* exchange = find(stream);
  if (exchange == nullptr) {
    last = true;
    return 0;
  }
  const std::size_t left = exchange->answer.size() - exchange->answer_sent;
  const std::size_t copied = std::min(size, left);
  std::memcpy(to, exchange->answer.data() + exchange->answer_sent, copied);
  exchange->answer_sent += copied;
  last = copied == left && exchange->answer_whole;
  moved_at_ = SteadyClock::now();
  return copied;
}

void Http2Connection::on_answer_end(std::int32_t stream) {
  const Exchange* exchange = find(stream);
  // The client of a streamed exchange ends its request when it has seen the end of the answer; a
  // reset might overtake that.
  if (exchange != nullptr && !exchange->request_ended && exchange->sink == nullptr) {
    session_.submit_reset(stream, NGHTTP2_NO_ERROR);  // RFC 9113, 8.1: the rest is not wanted.
  }
  resets_ -= resets_ > 0 ? 1 : 0;
}

// ---- Ends.

void Http2Connection::on_stream_close(std::int32_t stream) {
  auto exchange = exchanges_.extract(stream);
  if (exchange.empty()) {
    return;
  }
  leave_phase(exchange.mapped().phase);
  moved_at_ = SteadyClock::now();
  if (exchange.mapped().phase == Phase::kStreaming) {
    exchange.mapped().sink->on_gone();
  }
  if (const auto reply = exchange.mapped().pending.lock()) {
    reply->abandon();
  }
}

void Http2Connection::on_close() {
  for (auto& [stream, exchange] : std::exchange(exchanges_, {})) {
    if (exchange.phase == Phase::kStreaming) {
      exchange.sink->on_gone();
    }
    if (const auto reply = exchange.pending.lock()) {
      reply->abandon();
    }
  }
}

void Http2Connection::leave_phase(Phase phase) { moving_ -= is_moving(phase) ? 1 : 0; }

void Http2Connection::enter_phase(Exchange& exchange, Phase phase) {
  leave_phase(exchange.phase);
  exchange.phase = phase;
  moving_ += is_moving(phase) ? 1 : 0;
}

void Http2Connection::refuse_late(SteadyClock::time_point now) {
  late_at_ = SteadyClock::time_point::max();
  for (auto& [stream, exchange] : exchanges_) {
    if (exchange.phase != Phase::kReceiving) {
      continue;
    }
    const auto due = exchange.pace.due(core_->options);
    if (now < due) {
      late_at_ = std::min(late_at_, due);
    } else if (exchange.head_ended) {
      refuse(stream, exchange, 408, "the request took too long to arrive");
    } else {
      // Until a head is complete, nothing else can arrive on the connection.
      terminated_ = true;
      session_.terminate(NGHTTP2_NO_ERROR);
      return;
    }
  }
}

Connection::SteadyClock::time_point Http2Connection::still_due() const {
  if (moving_ > 0) {
    return moved_at_ + core_->options.body_idle_timeout;
  }
  return exchanges_.empty() ? moved_at_ + core_->options.keep_alive_timeout
                            : SteadyClock::time_point::max();
}

void Http2Connection::update_deadline() {
  if (writing() || terminated_) {
    if (!writing()) {
      set_deadline(core_->options.body_idle_timeout);
    }
    return;  // The write has set its own.
  }
  const auto due = moving_ > 0 ? std::min(still_due(), late_at_) : still_due();
  if (due == SteadyClock::time_point::max()) {
    clear_deadline();
  } else {
    set_deadline(due - SteadyClock::now());
  }
}

void Http2Connection::on_deadline() {
  if (writing() || terminated_) {
    close();
    return;
  }
  const auto now = SteadyClock::now();
  if (now < still_due()) {
    refuse_late(now);
  } else {
    terminated_ = true;
    session_.terminate(NGHTTP2_NO_ERROR);
  }
  pump();
}

}  // namespace holdfast::net
