#include "net/http/outgoing/response_parser.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <limits>

namespace holdfast::net {
namespace {

namespace http = boost::beast::http;

// Of a chunk header or the trailers, which Beast wants whole.
constexpr std::size_t kUnreadBytesMax = 16 << 10;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

}  // namespace

ResponseParser::ResponseParser(Events& events, std::size_t header_bytes_max, bool no_body)
    : events_(events), header_bytes_max_(header_bytes_max) {
  eager(true);
  skip(no_body);
  header_limit(static_cast<std::uint32_t>(header_bytes_max));
  body_limit(boost::none);
}

std::size_t ResponseParser::feed(BytesView bytes) {
  std::size_t used = 0;
  while (used < bytes.size() && !is_done()) {
    ErrorCode error;
    used += put(boost::asio::const_buffer(bytes.data() + used, bytes.size() - used), error);
    if (error) {
      judge(error, bytes.size() - used);
      break;
    }
  }
  return used;
}

bool ResponseParser::feed_end() {
  ErrorCode error;
  if (got_some() && !is_done()) {
    put_eof(error);
  }
  return !error && is_done();
}

void ResponseParser::judge(const ErrorCode& error, std::size_t unread) {
  if (problem_ != Problem::kNone) {
    return;
  }
  if (error == http::error::need_more) {
    if (unread > (head_done_ ? kUnreadBytesMax : header_bytes_max_)) {
      problem_ = Problem::kTooLarge;
    }
  } else if (error == http::error::header_limit) {
    problem_ = Problem::kTooLarge;
  } else {
    problem_ = Problem::kNotHttp;
  }
}

void ResponseParser::on_field_impl(http::field, View name, View value, ErrorCode& error) {
  header_bytes_ += name.size() + value.size();
  if (header_bytes_ > header_bytes_max_) {
    problem_ = Problem::kTooLarge;
    error = http::error::header_limit;
    return;
  }
  if (head_done_) {
    return;
  }
  auto& header = headers_.emplace_back();
  header.first.assign(name.data(), name.size());
  for (char& c : header.first) {
    c = lower(c);
  }
  header.second.assign(value.data(), value.size());
}

void ResponseParser::on_header_impl(ErrorCode& error) {
  head_done_ = true;
  if (status_ < 100 || status_ == 101) {
    problem_ = Problem::kNotHttp;
    error = http::error::bad_status;
  } else if (status_ >= 200) {
    events_.on_head(status_, std::move(headers_));
  }
}

std::size_t ResponseParser::on_body_impl(View bytes, ErrorCode&) {
  events_.on_body({bytes.data(), bytes.size()});
  return bytes.size();
}

std::size_t ResponseParser::on_chunk_body_impl(std::uint64_t, View bytes, ErrorCode& error) {
  return on_body_impl(bytes, error);
}

}  // namespace holdfast::net
