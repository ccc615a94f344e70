#include "net/http/outgoing/outgoing_http1.h"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <utility>

#include "net/http/header_rules.h"
#include "net/http/outgoing/connection_pool.h"
#include "net/http/outgoing/outgoing_core.h"
#include "net/http/outgoing/request_rules.h"

namespace holdfast::net {
namespace {

using Kind = ExchangeFailure::Kind;

// Appends the head of the request.
void append_request_head(Bytes& to, const OutgoingExchange::Request& request,
                         const std::string& authority, std::size_t body_size) {
  to.append(request.method).append(" ").append(request.path).append(" HTTP/1.1\r\nhost: ");
  to.append(authority).append("\r\n");
  for (const auto& [name, value] : request.headers) {
    if (goes_with_request(name)) {
      to.append(name).append(": ");
      append_header_value(to, value);
      to.append("\r\n");
    }
  }
  if (request.common) {
    for (const auto& [name, value] : request.common->ready()) {
      to.append(name).append(": ").append(value).append("\r\n");
    }
  }
  if (body_size > 0 || (request.method != "GET" && request.method != "HEAD")) {
    to.append("content-length: ").append(std::to_string(body_size)).append("\r\n");
  }
  to.append("\r\n");
}

}  // namespace

void OutgoingHttp1::on_connected() {
  idle_since_ = SteadyClock::now();
  set_open(1);
  if (!closed() && is_idle() && pool_->released()) {
    retire();
  }
}

// ---- The request.

void OutgoingHttp1::begin(std::shared_ptr<OutgoingExchange> exchange) {
  exchange_ = std::move(exchange);
  answer_begun_ = false;
  unconsumed_ = 0;
  note_use();
  exchange_->run(shared_from_this(), 1);
  if (exchange_->body_ended()) {
    send_request();
  }
}

void OutgoingHttp1::body_grew(OutgoingExchange& exchange) {
  if (!parser_ && exchange.body_ended()) {
    send_request();
  }
}

void OutgoingHttp1::send_request() {
  body_output_ = exchange_->whole_body();
  append_request_head(output_, exchange_->request(), pool_->authority(), body_output_->size());
  new_parser();
  schedule_write();
}

void OutgoingHttp1::abandon(OutgoingExchange&) {
  exchange_.reset();
  end(Kind::kReset, "was left");
}

// ---- The answer.

void OutgoingHttp1::new_parser() {
  ResponseParser::Events& events = *this;
  parser_.emplace(events, core_->options().header_bytes_max, exchange_->request().method == "HEAD");
}

void OutgoingHttp1::on_received() {
  if (!parser_) {
    // Nobody asked. Often a 408, sent just before the endpoint closes an idle connection.
    on_input_end(boost::asio::error::eof);
    return;
  }
  answer_begun_ = true;
  take_answer();
  if (!closed() && unconsumed_ < core_->options().stream_window_bytes) {
    read();
  }
}

void OutgoingHttp1::take_answer() {
  while (parser_ && input_.size() > 0) {
    const auto exchange = exchange_;  // An event may take it away.
    const std::size_t used = parser_->feed(input_.data());
    if (closed()) {
      return;
    }
    input_.consume(used);
    if (parser_->problem() == ResponseParser::Problem::kTooLarge) {
      close(pool_->too_large());
      return;
    }
    if (parser_->problem() != ResponseParser::Problem::kNone) {
      end(Kind::kBadAnswer, "sent an answer that is not valid HTTP/1.1");
      return;
    }
    if (!parser_->is_done()) {
      return;
    }
    if (parser_->is_interim()) {
      new_parser();
    } else {
      finish(parser_->keep_alive() && input_.size() == 0);
    }
  }
}

void OutgoingHttp1::on_head(int status, HttpHeaders headers) {
  exchange_->head(status, std::move(headers));
}

void OutgoingHttp1::on_body(BytesView bytes) {
  if (!closed()) {
    unconsumed_ += bytes.size();
    exchange_->data(bytes);
  }
}

void OutgoingHttp1::consumed(OutgoingExchange&, std::size_t bytes) {
  unconsumed_ -= std::min(bytes, unconsumed_);
  if (unconsumed_ < core_->options().stream_window_bytes) {
    read();
  }
}

void OutgoingHttp1::finish(bool reusable) {
  const auto exchange = std::exchange(exchange_, nullptr);
  parser_.reset();
  unconsumed_ = 0;
  used_before_ = true;
  idle_since_ = SteadyClock::now();
  // An answer that comes before its request has left: the rest of it is not wanted.
  reusable = reusable && !writing() && !write_failed_ && output_.empty() && !pool_->released();
  exchange->end();
  if (closed()) {
    return;
  }
  if (reusable) {
    update_deadline();
    pool_->dispatch();
  } else {
    end(Kind::kReset, "was left");
  }
}

// ---- The end.

void OutgoingHttp1::on_input_end(const boost::system::error_code& error) {
  if (!exchange_) {
    end(Kind::kReset, "closed the connection");
    return;
  }
  const auto exchange = exchange_;
  if (answer_begun_) {
    const bool whole = error == boost::asio::error::eof && parser_ && parser_->feed_end();
    if (closed()) {
      return;
    }
    if (whole && !parser_->is_interim()) {
      finish(false);
    } else {
      end(Kind::kReset, "broke off its answer (" + error.message() + ")");
    }
    return;
  }
  const bool sent = parser_.has_value();
  if (sent && (!used_before_ || !exchange->may_try_again())) {
    end(Kind::kReset, "closed the connection instead of an answer (" + error.message() + ")");
    return;
  }
  exchange_.reset();
  end(Kind::kReset, "closed the connection");
  if (sent) {
    pool_->try_again(exchange);
  } else {
    pool_->move_on(exchange);
  }
}

void OutgoingHttp1::end(Kind kind, const std::string& what) { close(failure(kind, what)); }

void OutgoingHttp1::retire() {
  note_use();
  end(Kind::kReset, "was left");
}

void OutgoingHttp1::fail_exchanges(const ExchangeFailure& why) {
  if (const auto exchange = std::exchange(exchange_, nullptr)) {
    exchange->fail(why);
  }
}

SteadyTime OutgoingHttp1::next_time() const {
  return is_idle() ? idle_since_ + core_->options().idle_timeout : SteadyTime::max();
}

}  // namespace holdfast::net
