#include "net/http/http1_parser.h"

#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>

#include "net/http/header_rules.h"

namespace holdfast::net {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t kUsualHeaders = 8;
// Bytes of a head that Beast asks to see again, or of a chunk header or trailers, at most.
constexpr std::size_t kUnreadBytesMax = 64 << 10;

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

}  // namespace

Http1Parser::Http1Parser(std::shared_ptr<ServerCore> core) : core_(std::move(core)), body_(core_) {
  const HttpServerOptions& options = core_->options;
  eager(true);
  body_limit(boost::none);  // BodyCollector has the limits.
  // Beast's own limit bounds one look at the head; what the fields hold is counted as they come.
  header_limit(static_cast<std::uint32_t>(options.header_bytes_max + options.target_bytes_max));
}

std::size_t Http1Parser::feed(BytesView bytes) {
  std::size_t used = 0;
  while (used < bytes.size() && !is_done()) {
    ErrorCode error;
    used += put(boost::asio::const_buffer(bytes.data() + used, bytes.size() - used), error);
    if (error) {
      judge(error, bytes.substr(used));
      break;
    }
  }
  return used;
}

void Http1Parser::judge(const ErrorCode& error, BytesView rest) {
  ErrorCode ignored;
  if (refusal_.status != 0) {
    return;
  }
  if (error == http::error::need_more) {
    if (request_.method.empty() && rest.size() > core_->options.target_bytes_max + 64 &&
        rest.find('\n') == BytesView::npos) {
      refuse(414, "the request target is too long", ignored);
    } else if (rest.size() > kUnreadBytesMax) {
      refuse(head_done_ ? 400 : 431, "a chunk header or the trailers are too long", ignored);
    }
  } else if (error == http::error::header_limit) {
    if (request_.method.empty()) {
      refuse(414, "the request target is too long", ignored);
    } else {
      refuse(431, "the request headers are too large", ignored);
    }
  } else {
    refuse(400, "the request is not valid HTTP", ignored);
  }
}

void Http1Parser::refuse(int status, const char* message, ErrorCode& error) {
  refusal_ = {status, message};
  error = http::error::bad_value;
}

void Http1Parser::refuse_body(int status, ErrorCode& error) {
  if (status != 0) {
    refuse(status, body_refusal(status), error);
  }
}

void Http1Parser::on_request_impl(http::verb, View method, View target, int version,
                                  ErrorCode& error) {
  http11_ = version == 11;
  request_.method.assign(method.data(), method.size());
  if (target.size() > core_->options.target_bytes_max) {
    refuse(414, "the request target is too long", error);
    return;
  }
  request_.target.assign(target.data(), target.size());
  request_.headers.reserve(kUsualHeaders);
}

void Http1Parser::on_field_impl(http::field field, View name, View value, ErrorCode& error) {
  header_bytes_ += name.size() + value.size();
  if (header_bytes_ > core_->options.header_bytes_max ||
      request_.headers.size() >= core_->options.header_fields_max) {
    refuse(431, "the request headers are too large", error);
    return;
  }
  if (head_done_) {
    return;
  }
  if (field == http::field::host) {
    ++hosts_;
  } else if (field == http::field::transfer_encoding) {
    has_encoding_ = true;
    other_encoding_ = other_encoding_ || !equals_word(view(value), "chunked");
  } else if (field == http::field::expect) {
    expects_continue_ = equals_word(view(value), "100-continue");
  }
  auto& header = request_.headers.emplace_back();
  header.first.assign(name.data(), name.size());
  for (char& c : header.first) {
    c = lower(c);
  }
  header.second.assign(value.data(), value.size());
}

void Http1Parser::on_header_impl(ErrorCode& error) {
  head_done_ = true;
  if (hosts_ > 1 || (http11_ && hosts_ == 0)) {
    refuse(400, "exactly one host header is needed", error);
  } else if (has_encoding_ && !http11_) {
    refuse(400, "HTTP/1.0 has no transfer-encoding", error);
  } else if (other_encoding_) {
    refuse(501, "only the transfer-encoding chunked is known", error);
  } else if (const auto size = content_length(); size && !chunked()) {
    refuse_body(body_.expect(*size), error);
  }
  expects_continue_ = expects_continue_ && http11_;
}

std::size_t Http1Parser::on_body_impl(View bytes, ErrorCode& error) {
  refuse_body(body_.append(view(bytes)), error);
  return bytes.size();
}

std::size_t Http1Parser::on_chunk_body_impl(std::uint64_t, View bytes, ErrorCode& error) {
  return on_body_impl(bytes, error);
}

HttpRequest Http1Parser::take() {
  request_.body = body_.take();
  return std::move(request_);
}

}  // namespace holdfast::net
