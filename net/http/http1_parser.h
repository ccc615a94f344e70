#pragma once
// Http1Parser: bytes of one HTTP/1.0 or 1.1 request -> HttpRequest. Beast reads the syntax; this
// class keeps what Beast says and refuses what it would let pass but a proxy in front may read
// otherwise (request smuggling): a transfer-encoding other than "chunked", one in HTTP/1.0, no host
// or two. Trailers are read and dropped.

#include <boost/beast/http/basic_parser.hpp>
#include <cstddef>
#include <memory>
#include <string_view>

#include "net/http/body_collector.h"
#include "net/http/request.h"

namespace holdfast::net {

class Http1Parser final : public boost::beast::http::basic_parser<true> {
 public:
  // Why a request is refused: status 0 when it is not.
  struct Refusal {
    int status = 0;
    const char* message = "";
  };

  explicit Http1Parser(std::shared_ptr<ServerCore> core);

  // Takes in what it can of `bytes` and returns how much that was; the rest is to be presented
  // again with more behind it. After each call either is_done(), or refusal().status != 0, or more
  // bytes are needed. REQUIRES: !is_done().
  std::size_t feed(BytesView bytes);

  const Refusal& refusal() const { return refusal_; }

  // REQUIRES: is_header_done().
  bool http11() const { return http11_; }

  // Whether the client waits for "100 Continue" before it sends the body. REQUIRES:
  // is_header_done().
  bool expects_continue() const { return expects_continue_; }

  // REQUIRES: is_done(). Once.
  HttpRequest take();

 private:
  using ErrorCode = boost::beast::error_code;
  using View = boost::beast::string_view;

  void on_request_impl(boost::beast::http::verb, View method, View target, int version,
                       ErrorCode& error) override;
  void on_response_impl(int, View, int, ErrorCode&) override {}
  void on_field_impl(boost::beast::http::field field, View name, View value,
                     ErrorCode& error) override;
  void on_header_impl(ErrorCode& error) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) override {}
  std::size_t on_body_impl(View bytes, ErrorCode& error) override;
  void on_chunk_header_impl(std::uint64_t, View, ErrorCode&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, View bytes, ErrorCode& error) override;
  void on_finish_impl(ErrorCode&) override {}

  void refuse(int status, const char* message, ErrorCode& error);
  void refuse_body(int status, ErrorCode& error);  // Unless the status is 0.
  void judge(const ErrorCode& error, BytesView rest);

  const std::shared_ptr<ServerCore> core_;
  HttpRequest request_;
  BodyCollector body_;
  Refusal refusal_;
  std::size_t header_bytes_ = 0;
  int hosts_ = 0;
  bool http11_ = true;
  bool other_encoding_ = false;  // A transfer-encoding that is not just "chunked".
  bool has_encoding_ = false;
  bool expects_continue_ = false;
  bool head_done_ = false;  // Fields from here on are trailers.
};

}  // namespace holdfast::net
