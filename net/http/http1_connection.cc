#include "net/http/http1_connection.h"

#include <utility>

#include "net/http/header_rules.h"
#include "net/http/http1_writer.h"
#include "net/http/server_core.h"

namespace holdfast::net {
namespace {

constexpr std::size_t kReadBytes = 1024;
constexpr std::size_t kReadBodyBytes = 64 << 10;
constexpr std::size_t kReadAheadBytes = 64 << 10;
constexpr std::size_t kFlushBytes = 64 << 10;   // Answers to pipelined requests go out together.
constexpr std::size_t kCopiedBytes = 16 << 10;  // Below, a copy beats a second buffer.

}  // namespace

Http1Connection::Http1Connection(std::shared_ptr<ServerCore> core, Stream stream, ReadBuffer input)
    : Connection(std::move(core), std::move(stream)) {
  input_ = std::move(input);
  parser_.emplace(core_);
}

void Http1Connection::start() { advance(); }

bool Http1Connection::idle() const {
  return phase_ == Phase::kReceiving && !writing() && input_.size() == 0 && !parser_->got_some();
}

void Http1Connection::drain() {
  draining_ = true;
  advance();
}

void Http1Connection::advance() {
  if (advancing_ || closed() || lingering()) {
    return;
  }
  advancing_ = true;
  if (held_ && !writing()) {
    send(*std::exchange(held_, std::nullopt));
  }
  for (bool more = true; more && !closed();) {
    if (output_.size() >= kFlushBytes || !large_output_.empty()) {
      flush();  // Leaves room for the next answer, or writing() is true.
    }
    more = phase_ == Phase::kReceiving && !writing() && !closed() && receive_request();
    if (more) {
      dispatch_request();
    }
  }
  if (flush() && phase_ == Phase::kFinishing) {
    linger();
  }
  advancing_ = false;
  if (closed() || lingering()) {
    return;
  }
  if (input_ended_ && phase_ == Phase::kReceiving && !writing()) {
    close();
    return;
  }
  if (draining_ && idle()) {
    phase_ = Phase::kFinishing;
    linger();
    return;
  }
  if (!input_ended_ && input_.size() < kReadAheadBytes) {
    read(phase_ == Phase::kReceiving && parser_->is_header_done() ? kReadBodyBytes : kReadBytes);
  }
  update_deadline();
}

bool Http1Connection::receive_request() {
  if (input_.size() == 0) {
    return false;
  }
  const bool in_body = parser_->is_header_done();
  const std::size_t used = parser_->feed(input_.data());
  input_.consume(used);
  if (const auto refusal = parser_->refusal(); refusal.status != 0) {
    refuse(refusal.status, refusal.message);
    return false;
  }
  if (parser_->is_done()) {
    return true;
  }
  if (in_body) {
    body_pace_.move(used, SteadyClock::now());
  } else if (parser_->is_header_done()) {
    body_pace_ = Pace(SteadyClock::now());
  }
  if (parser_->is_header_done() && parser_->expects_continue() && !continued_) {
    continued_ = true;
    output_.append("HTTP/1.1 100 Continue\r\n\r\n");
  }
  return false;
}

void Http1Connection::dispatch_request() {
  phase_ = Phase::kAnswering;
  ++exchange_;
  keep_alive_ = parser_->keep_alive();
  http11_ = parser_->http11();
  HttpRequest request = parser_->take();
  head_only_ = request.method == "HEAD";
  parser_.emplace(core_);
  head_timed_ = false;
  continued_ = false;
  auto reply = std::make_shared<PendingReply>(core_->replies, weak_from_this(), exchange_);
  pending_ = reply;
  core_->handler(std::move(request), std::move(reply));
}

void Http1Connection::answer(std::uint64_t exchange, HttpResponse response) {
  if (closed() || phase_ != Phase::kAnswering || exchange != exchange_) {
    return;
  }
  const auto connection = response.header("connection");
  keep_alive_ = keep_alive_ && !(connection && has_token(*connection, "close"));
  if (writing()) {
    held_ = std::move(response);
    return;
  }
  send(std::move(response));
  advance();
}

void Http1Connection::send(HttpResponse response) {
  auto persistence = Persistence::kClose;
  if (keep_alive_ && !draining_) {
    persistence = http11_ ? Persistence::kKeepAlive : Persistence::kKeepAliveHttp10;
  }
  append_http1_head(output_, response, persistence);
  if (!head_only_ && !has_no_body(response.status)) {
    if (response.body.size() <= kCopiedBytes) {
      output_.append(response.body);
    } else {
      large_output_ = std::move(response.body);
    }
  }
  phase_ = persistence == Persistence::kClose ? Phase::kFinishing : Phase::kReceiving;
}

void Http1Connection::refuse(int status, std::string_view message) {
  head_only_ = false;
  keep_alive_ = false;
  send(core_->options.error_response(status, message));
}

void Http1Connection::on_input_end() {
  input_ended_ = true;
  const bool answer_on_its_way = writing() && phase_ != Phase::kAnswering;
  if (!answer_on_its_way) {
    close();
  }
}

void Http1Connection::on_deadline() {
  const bool in_request = phase_ == Phase::kReceiving && !writing() && !idle();
  if (in_request) {
    refuse(408, "the request took too long to arrive");
    advance();
  } else if (idle()) {
    phase_ = Phase::kFinishing;
    advance();
  } else {
    close();  // An answer that the client does not read.
  }
}

void Http1Connection::update_deadline() {
  if (writing()) {
    return;  // The write has set its own.
  }
  const HttpServerOptions& options = core_->options;
  if (phase_ != Phase::kReceiving) {
    clear_deadline();
  } else if (parser_->is_header_done()) {
    set_deadline(body_pace_.due(options) - SteadyClock::now());
  } else if (idle()) {
    set_deadline(options.keep_alive_timeout);
  } else if (!head_timed_) {
    head_timed_ = true;
    set_deadline(options.header_timeout);
  }
}

void Http1Connection::on_close() {
  if (const auto reply = pending_.lock()) {
    reply->abandon();
  }
}

}  // namespace holdfast::net
