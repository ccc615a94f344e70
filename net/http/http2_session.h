#pragma once
// Http2Session: nghttp2's session as a resource, and its callbacks as virtual functions.

#include <nghttp2/nghttp2.h>

#include <memory>
#include <string_view>

#include "net/http/server_options.h"
#include "storage/base/bytes.h"

namespace holdfast::net {

// What the session reports. Called inside Http2Session::receive() and take_output(); submitting to
// the session from there is allowed.
class Http2Events {
 public:
  virtual ~Http2Events() = default;
  virtual void on_stream_begin(std::int32_t stream) = 0;
  virtual void on_header(std::int32_t stream, std::string_view name, std::string_view value) = 0;
  virtual void on_head_end(std::int32_t stream) = 0;
  virtual void on_data(std::int32_t stream, BytesView bytes) = 0;
  virtual void on_request_end(std::int32_t stream) = 0;
  virtual void on_reset_by_client(std::int32_t stream) = 0;
  // Copies the next bytes of the answer to `to`; sets `last` with the final ones. None without
  // `last`: there are none yet; resume_answer() asks again.
  virtual std::size_t on_answer_wanted(std::int32_t stream, char* to, std::size_t size,
                                       bool& last) = 0;
  // The answer has been handed out wholly.
  virtual void on_answer_end(std::int32_t stream) = 0;
  virtual void on_stream_close(std::int32_t stream) = 0;
};

class Http2Session {
 public:
  // Sends the settings with the first take_output().
  Http2Session(Http2Events& events, const HttpServerOptions& options);

  // False when the client's bytes are beyond understanding; the connection is to be closed.
  bool receive(BytesView bytes);

  // Appends frames to `to` until there are none or it holds about `bytes_max`. False as receive().
  bool take_output(Bytes& to, std::size_t bytes_max);

  // Neither reads nor writes any more.
  bool finished() const;

  void submit_continue(std::int32_t stream);
  // The body, when there is one, is asked for by on_answer_wanted().
  void submit_answer(std::int32_t stream, const HttpResponse& response, bool with_body);
  // An answer of unknown size, asked for in the same way.
  void submit_streamed_answer(std::int32_t stream, const HttpResponse& head);
  void resume_answer(std::int32_t stream);
  void submit_reset(std::int32_t stream, std::uint32_t code);
  // No new streams.
  void submit_goaway();
  // Ends all streams and says why.
  void terminate(std::uint32_t code);

 private:
  enum class Size { kKnown, kUnknown };
  void submit_head(std::int32_t stream, const HttpResponse& response, bool with_body, Size size);

  struct Deleter {
    void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
  };

  std::unique_ptr<nghttp2_session, Deleter> session_;
};

}  // namespace holdfast::net
