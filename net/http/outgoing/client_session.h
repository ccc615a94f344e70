#pragma once
// ClientSession: nghttp2's session on the client's side as a resource, and its callbacks as virtual
// functions.

#include <nghttp2/nghttp2.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http/outgoing/outgoing_exchange.h"
#include "net/http/outgoing/outgoing_options.h"
#include "storage/base/bytes.h"

namespace holdfast::net {

// What the session reports. Called inside ClientSession::receive() and take_output(); submitting to
// the session from there is allowed.
class ClientSessionEvents {
 public:
  static constexpr std::size_t kNothingYet = static_cast<std::size_t>(-1);

  virtual ~ClientSessionEvents() = default;
  virtual void on_settings() = 0;
  virtual void on_goaway(std::uint32_t code, std::string_view words) = 0;
  virtual void on_header(std::int32_t stream, std::string_view name, std::string_view value) = 0;
  virtual void on_head_end(std::int32_t stream) = 0;
  virtual void on_data(std::int32_t stream, BytesView bytes) = 0;
  virtual void on_answer_end(std::int32_t stream) = 0;
  virtual void on_reset(std::int32_t stream, std::uint32_t code) = 0;
  // How many bytes of the request body, up to `size`, take_body() may be asked for now;
  // kNothingYet stops the stream until resume(). Sets `last` when the body ends with them.
  virtual std::size_t on_body_wanted(std::int32_t stream, std::size_t size, bool& last) = 0;
  // False when they are no longer there; the stream is reset.
  virtual bool take_body(std::int32_t stream, std::size_t size, Bytes& to) = 0;
  // The request was not sent at all, because the endpoint wants no more.
  virtual void on_not_sent(std::int32_t stream) = 0;
  virtual void on_stream_close(std::int32_t stream, std::uint32_t code) = 0;
  // What nghttp2 has to say about bytes that it cannot accept. May come twice, the better words
  // first.
  virtual void on_complaint(std::string_view words) = 0;
  // A frame of this stream is against the rules: the stream will be closed. 0: the connection.
  virtual void on_invalid(std::int32_t stream) = 0;
};

class ClientSession {
 public:
  // Sends preface and settings with the first take_output().
  ClientSession(ClientSessionEvents& events, const OutgoingOptions& options);

  // False when the endpoint's bytes are beyond understanding; the connection is to be closed.
  bool receive(BytesView bytes);

  // Appends frames to `to` until there are none or it holds about `bytes_max`. False as receive().
  bool take_output(Bytes& to, std::size_t bytes_max);

  bool has_output() const { return nghttp2_session_want_write(session_.get()) != 0; }

  // Neither reads nor writes any more.
  bool finished() const;

  // Whether the endpoint lets us send body bytes on `stream` now.
  bool has_send_window(std::int32_t stream) const;

  // Streams that the endpoint allows at a time; none when their numbers are used up.
  std::size_t streams_max() const;

  // The number of the new stream; 0 when there can be none. The names must be fit for HTTP/2.
  std::int32_t submit_request(const OutgoingExchange::Request& request, bool secure,
                              const std::string& authority, bool with_body);
  void resume(std::int32_t stream);
  // Returns receive window. When the stream is closed, only to the connection.
  void consume(std::int32_t stream, std::size_t bytes);
  void consume_connection(std::size_t bytes);
  void submit_reset(std::int32_t stream, std::uint32_t code);
  void submit_ping();
  void terminate();

 private:
  struct Deleter {
    void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
  };
  struct Context {
    ClientSessionEvents* events;
    Bytes* output = nullptr;  // During take_output().
    std::size_t output_max = 0;
  };
  struct Callbacks;

  bool changes(const std::string& name, const std::string& value);

  Context context_;
  std::unique_ptr<nghttp2_session, Deleter> session_;
  std::vector<nghttp2_nv> fields_;   // Kept for their memory; meant for one submit_request().
  std::vector<std::string> values_;  // Cleaned values; never moved once pointed into.
  std::vector<std::pair<std::string, std::string>> last_values_;  // Of headers not common.
};

// "PROTOCOL_ERROR"
std::string_view http2_error_name(std::uint32_t code);

}  // namespace holdfast::net
