#pragma once
// ResponseParser: bytes of one HTTP/1.0 or 1.1 answer -> its head and the pieces of its body. Beast
// reads the syntax. Trailers are read and dropped.

#include <boost/beast/http/basic_parser.hpp>
#include <cstddef>
#include <string>

#include "net/http/request.h"
#include "storage/base/bytes.h"

namespace holdfast::net {

class ResponseParser final : public boost::beast::http::basic_parser<false> {
 public:
  // Called inside feed() and feed_end().
  class Events {
   public:
    virtual void on_head(int status, HttpHeaders headers) = 0;
    virtual void on_body(BytesView bytes) = 0;

   protected:
    ~Events() = default;
  };
  enum class Problem { kNone, kTooLarge, kNotHttp };

  // `no_body`: the request was HEAD.
  ResponseParser(Events& events, std::size_t header_bytes_max, bool no_body);

  // Takes in what it can of `bytes` and returns how much that was; the rest is to be presented
  // again with more behind it. REQUIRES: !is_done().
  std::size_t feed(BytesView bytes);
  // The endpoint has closed. False when the answer was not whole.
  bool feed_end();

  Problem problem() const { return problem_; }
  // 1xx; the answer proper follows. REQUIRES: is_done().
  bool is_interim() const { return status_ < 200; }
  // "switching protocols" was not asked for.
  bool is_switch() const { return status_ == 101; }

 private:
  using ErrorCode = boost::beast::error_code;
  using View = boost::beast::string_view;

  void on_request_impl(boost::beast::http::verb, View, View, int, ErrorCode&) override {}
  void on_response_impl(int status, View, int, ErrorCode&) override { status_ = status; }
  void on_field_impl(boost::beast::http::field, View name, View value, ErrorCode& error) override;
  void on_header_impl(ErrorCode& error) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) override {}
  std::size_t on_body_impl(View bytes, ErrorCode& error) override;
  void on_chunk_header_impl(std::uint64_t, View, ErrorCode&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, View bytes, ErrorCode& error) override;
  void on_finish_impl(ErrorCode&) override {}

  void judge(const ErrorCode& error, std::size_t unread);

  Events& events_;
  const std::size_t header_bytes_max_;
  HttpHeaders headers_;
  std::size_t header_bytes_ = 0;
  int status_ = 0;
  bool head_done_ = false;
  Problem problem_ = Problem::kNone;
};

}  // namespace holdfast::net
