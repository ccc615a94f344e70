#include "net/http/outgoing/outgoing_http2.h"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <utility>

#include "net/http/outgoing/connection_pool.h"
#include "net/http/outgoing/outgoing_core.h"

namespace holdfast::net {
namespace {

using Kind = ExchangeFailure::Kind;

constexpr std::size_t kWriteBytes = 64 << 10;
constexpr std::size_t kWordsMax = 200;  // Of what an endpoint may add to a message of ours.
constexpr std::chrono::seconds kGoodbyeTime{2};

// An endpoint's words, fit for a line.
std::string printable(std::string_view words) {
  std::string text(words.substr(0, kWordsMax));
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < 0x20 || c >= 0x7f; }, '?');
  return text;
}

int read_status(std::string_view text) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.size() != 3 || !std::all_of(text.begin(), text.end(), digit)) {
    return 0;
  }
  return (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
}

}  // namespace

OutgoingHttp2::OutgoingHttp2(std::shared_ptr<OutgoingCore> core,
                             std::shared_ptr<ConnectionPool> pool)
    : OutgoingConnection(std::move(core), std::move(pool)), session_(*this, core_->options()) {}

OutgoingHttp2::Running* OutgoingHttp2::find(std::int32_t stream) {
  const auto found = running_.find(stream);
  return found == running_.end() ? nullptr : &found->second;
}

// ---- Exchanges.

std::size_t OutgoingHttp2::room() const {
  if (!is_open() || leaving_) {
    return 0;
  }
  const std::size_t most =
      std::min<std::size_t>(core_->options().http2_streams_max, session_.streams_max());
  return most > open_streams_ ? most - open_streams_ : 0;
}

void OutgoingHttp2::begin(std::shared_ptr<OutgoingExchange> exchange) {
  const bool with_body = !exchange->body_ended() || exchange->body_size() > 0;
  const EndpointAddress& address = pool_->address();
  const std::int32_t stream =
      session_.submit_request(exchange->request(), address.secure, pool_->authority(), with_body);
  if (stream == 0) {
    exchange->fail(failure(Kind::kRefused, "takes no more requests on this connection"));
    return;
  }
  note_use();
  if (++begun_ >= core_->options().http2_requests_max && pool_->may_leave()) {
    leaving_ = true;
  }
  exchange->run(shared_from_this(), stream);
  running_[stream].exchange = std::move(exchange);
  if (++open_streams_ == 1) {
    busy_since_ = SteadyClock::now();
    update_deadline();
  }
  schedule_write();
}

void OutgoingHttp2::body_grew(OutgoingExchange& exchange) {
  session_.resume(exchange.stream());
  schedule_write();
}

void OutgoingHttp2::consumed(OutgoingExchange& exchange, std::size_t bytes) {
  Running* const running = find(exchange.stream());
  if (running == nullptr) {
    return;
  }
  const std::size_t given = std::min(bytes, running->unconsumed);
  running->unconsumed -= given;
  session_.consume(exchange.stream(), given);
  if (session_.has_output()) {
    schedule_write();
  }
}

std::shared_ptr<OutgoingExchange> OutgoingHttp2::detach(std::int32_t stream) {
  auto running = running_.extract(stream);
  if (running.empty()) {
    return nullptr;
  }
  if (running.mapped().unconsumed > 0) {
    session_.consume_connection(running.mapped().unconsumed);
  }
  return std::move(running.mapped().exchange);
}

void OutgoingHttp2::abandon(OutgoingExchange& exchange) {
  const auto self = detach(exchange.stream());
  if (self) {
    session_.submit_reset(exchange.stream(), NGHTTP2_CANCEL);
    schedule_write();
  }
}

// ---- Bytes in and out.

void OutgoingHttp2::on_received() {
  pinged_at_.reset();
  const bool understood = session_.receive(input_.data());
  if (closed()) {
    return;
  }
  input_.consume(input_.size());
  if (!understood) {
    close(broke_the_rules());
    return;
  }
  if (session_.has_output() || session_.finished()) {
    schedule_write();
  }
  read();
}

void OutgoingHttp2::produce() {
  while (!closed() && !writing()) {
    if (!session_.take_output(output_, kWriteBytes)) {
      close(why_ended("made the HTTP/2 session fail"));
      return;
    }
    if (output_.empty()) {
      break;
    }
    if (!flush()) {
      return;
    }
  }
  if (!closed() && session_.finished()) {
    // Unless one side has said goodbye, the session has ended itself over what it was given.
    const bool goodbye = terminated_at_ || !goaway_.empty();
    close(goodbye ? why_ended("closed the connection") : broke_the_rules());
  }
}

void OutgoingHttp2::on_input_end(const boost::system::error_code& error) {
  close(why_ended(error == boost::asio::error::eof
                      ? "closed the connection"
                      : "has lost the connection (" + error.message() + ")"));
}

ExchangeFailure OutgoingHttp2::why_ended(const std::string& seen) const {
  if (!is_open()) {
    return failure(Kind::kNotConnected,
                   "does not speak HTTP/2 (" + seen + "); does it need HTTP/1.1?");
  }
  return failure(Kind::kReset, goaway_.empty() ? seen : "ended the connection: " + goaway_);
}

ExchangeFailure OutgoingHttp2::broke_the_rules() const {
  const std::string what = complaint_.empty() ? "sent what is not HTTP/2" : complaint_;
  return is_open() ? failure(Kind::kBadAnswer, "broke the rules of HTTP/2: " + what)
                   : why_ended(what);
}

void OutgoingHttp2::on_complaint(std::string_view words) {
  if (complaint_.empty()) {
    complaint_ = printable(words);
  }
}

void OutgoingHttp2::fail_exchanges(const ExchangeFailure& why) {
  open_streams_ = 0;
  for (auto& [stream, running] : std::exchange(running_, {})) {
    running.exchange->fail(why);
  }
}

// ---- What the endpoint says of the connection.

void OutgoingHttp2::on_settings() {
  const std::size_t most =
      std::min<std::size_t>(core_->options().http2_streams_max, session_.streams_max());
  if (!is_open()) {
    idle_since_ = SteadyClock::now();
  }
  set_open(std::max<std::size_t>(most, 1));
  if (is_idle() && pool_->released()) {
    retire();
  }
}

void OutgoingHttp2::on_goaway(std::uint32_t code, std::string_view words) {
  goaway_ = std::string(http2_error_name(code));
  if (!words.empty()) {
    goaway_ += ", " + printable(words);
  }
  leaving_ = true;
  if (is_idle()) {
    terminate();
  } else if (!pinged_at_) {
    // A server may have forgotten what is under way (Hypercorn does), or go on with it for hours:
    // the answer tells which.
    ping();
  }
  pool_->dispatch();
}

void OutgoingHttp2::retire() {
  note_use();
  leaving_ = true;
  terminate();
}

void OutgoingHttp2::terminate() {
  if (!terminated_at_ && !closed()) {
    terminated_at_ = SteadyClock::now();
    session_.terminate();
    update_deadline();
    schedule_write();
  }
}

SteadyTime OutgoingHttp2::next_time() const {
  const OutgoingOptions& options = core_->options();
  if (terminated_at_) {
    return *terminated_at_ + kGoodbyeTime;
  }
  if (is_idle()) {
    return idle_since_ + options.idle_timeout;
  }
  return pinged_at_ ? *pinged_at_ + options.ping_timeout
                    : std::max(received_at_, busy_since_) + options.ping_after;
}

void OutgoingHttp2::on_time(SteadyTime) {
  if (terminated_at_) {
    close(why_ended("closed the connection"));
  } else if (is_idle()) {
    retire();
  } else if (pinged_at_) {
    close(failure(Kind::kReset, "gives no sign of life: the PING was not answered"));
  } else {
    ping();
  }
}

void OutgoingHttp2::ping() {
  pinged_at_ = SteadyClock::now();
  session_.submit_ping();
  update_deadline();
  schedule_write();
}

// ---- Streams.

void OutgoingHttp2::on_header(std::int32_t stream, std::string_view name, std::string_view value) {
  Running* const running = find(stream);
  if (running == nullptr) {
    return;
  }
  running->header_bytes += name.size() + value.size();
  if (running->header_bytes > core_->options().header_bytes_max) {
    const auto exchange = detach(stream);
    session_.submit_reset(stream, NGHTTP2_CANCEL);
    exchange->fail(pool_->too_large());
  } else if (running->head_done) {
    return;  // A trailer.
  } else if (name == ":status") {
    running->status = read_status(value);
  } else if (!name.starts_with(':')) {
    running->headers.emplace_back(name, value);
  }
}

void OutgoingHttp2::on_head_end(std::int32_t stream) {
  Running* const running = find(stream);
  if (running == nullptr || running->head_done) {
    return;
  }
  if (running->status < 100) {
    const auto exchange = detach(stream);
    session_.submit_reset(stream, NGHTTP2_PROTOCOL_ERROR);
    exchange->fail(
        failure(Kind::kBadAnswer, "sent an answer whose status is no number from 100 on"));
    return;
  }
  if (running->status < 200) {
    running->headers.clear();  // An interim answer, like 103 Early Hints.
    return;
  }
  running->head_done = true;
  const auto exchange = running->exchange;
  exchange->head(running->status, std::move(running->headers));
}

void OutgoingHttp2::on_data(std::int32_t stream, BytesView bytes) {
  Running* const running = find(stream);
  if (running == nullptr) {
    session_.consume_connection(bytes.size());
    return;
  }
  running->unconsumed += bytes.size();
  const auto exchange = running->exchange;
  exchange->data(bytes);
}

void OutgoingHttp2::on_answer_end(std::int32_t stream) {
  Running* const running = find(stream);
  if (running == nullptr) {
    return;
  }
  running->answer_ended = true;
  const auto exchange = running->exchange;
  // The request may not have ended. An empty last frame needs window like any other.
  if (session_.has_send_window(stream)) {
    session_.resume(stream);
  } else if (!exchange->body_ended() || exchange->body_size() > 0) {
    session_.submit_reset(stream, NGHTTP2_NO_ERROR);
  }
  exchange->end();
}

void OutgoingHttp2::on_reset(std::int32_t stream, std::uint32_t code) {
  if (Running* const running = find(stream)) {
    running->reset_by_endpoint = true;
  }
  // Node refuses all further streams of a connection that holds too much, also when what it holds
  // is a large answer to a stream that we have reset, until that connection has been silent for a
  // minute.
  if (code == NGHTTP2_ENHANCE_YOUR_CALM && pool_->may_leave()) {
    leaving_ = true;
    if (is_idle()) {
      terminate();
    }
  }
}

std::size_t OutgoingHttp2::on_body_wanted(std::int32_t stream, std::size_t size, bool& last) {
  const Running* const running = find(stream);
  if (running == nullptr || running->answer_ended) {
    last = true;
    return 0;
  }
  const OutgoingExchange& exchange = *running->exchange;
  const std::size_t ready = std::min(size, exchange.body_size());
  last = exchange.body_ended() && ready == exchange.body_size();
  return ready == 0 && !last ? kNothingYet : ready;
}

bool OutgoingHttp2::take_body(std::int32_t stream, std::size_t size, Bytes& to) {
  if (size == 0) {
    return true;
  }
  const Running* const running = find(stream);
  if (running == nullptr || running->exchange->body_size() < size) {
    return false;
  }
  running->exchange->take_body(size, to);
  return true;
}

void OutgoingHttp2::on_not_sent(std::int32_t stream) {
  const auto exchange = detach(stream);
  if (exchange && !exchange->over()) {
    pool_->move_on(exchange);
  }
}

void OutgoingHttp2::on_invalid(std::int32_t stream) {
  if (Running* const running = find(stream)) {
    running->invalid = true;
  }
}

ExchangeFailure OutgoingHttp2::why_closed(const Running& running, std::uint32_t code) const {
  if (!running.invalid && code == NGHTTP2_REFUSED_STREAM) {
    return failure(Kind::kRefused, "has not looked at the request" +
                                       (goaway_.empty() ? " (REFUSED_STREAM)" : ": " + goaway_));
  }
  if (!running.invalid && running.reset_by_endpoint) {
    return failure(Kind::kReset, "reset the stream (" + std::string(http2_error_name(code)) + ")");
  }
  return failure(Kind::kBadAnswer,
                 "sent an answer that is not valid HTTP/2 (" +
                     (complaint_.empty() ? std::string(http2_error_name(code)) : complaint_) + ")");
}

void OutgoingHttp2::on_stream_close(std::int32_t stream, std::uint32_t code) {
  if (closed()) {
    return;
  }
  if (--open_streams_ == 0) {
    idle_since_ = SteadyClock::now();
  }
  if (const Running* const running = find(stream)) {
    std::optional<ExchangeFailure> why;
    if (!running->exchange->over()) {
      why = why_closed(*running, code);
      complaint_.clear();
    }
    const auto exchange = detach(stream);
    if (why) {
      exchange->fail(*why);
    }
  }
  if (closed()) {
    return;
  }
  pool_->dispatch();
  if (is_idle() && (leaving_ || pool_->released())) {
    retire();
  }
}

}  // namespace holdfast::net
