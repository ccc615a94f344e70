#pragma once
// Http2Connection: one client speaking HTTP/2, with up to streams_max requests at a time.
//
// nghttp2 keeps the protocol; this class keeps the requests and answers of the open streams, and
// the limits nghttp2 does not know. Requests that are refused (too large, too many headers) get
// their answer and then a reset, so that the client stops sending.
//
// Each request has to arrive at its own Pace, however busy the others are; else it is answered 408.
// Beside that the connection has a deadline: while a request arrives or an answer leaves, something
// of one of them must move within body_idle_timeout; with no stream open, keep_alive_timeout.

#include <memory>
#include <unordered_map>

#include "net/http/body_collector.h"
#include "net/http/connection.h"
#include "net/http/http2_session.h"

namespace holdfast::net {

class Http2Connection final : public Connection, private Http2Events {
 public:
  Http2Connection(std::shared_ptr<ServerCore> core, Stream stream, ReadBuffer input);

  void start() override { on_received(); }
  void drain() override;
  void answer(std::uint64_t exchange, HttpResponse response) override;

 private:
  enum class Phase {
    kReceiving,  // The request arrives.
    kWaiting,    // The handler has it.
    kStreaming,  // Both at once, and as slowly as they like.
    kAnswering,  // The answer leaves.
  };
  class StreamedAnswer;
  struct Exchange {
    Exchange(std::shared_ptr<ServerCore> core, SteadyClock::time_point now)
        : body(std::move(core)), pace(now) {}

    Phase phase = Phase::kReceiving;
    bool request_ended = false;
    HttpRequest request;
    BodyCollector body;
    Pace pace;  // Of the request.
    bool head_ended = false;
    std::size_t header_bytes = 0;
    bool has_authority = false;
    int refused_with = 0;  // Set in the head; answered at its end.
    bool head_only = false;
    std::weak_ptr<PendingReply> pending;
    Bytes answer;
    std::size_t answer_sent = 0;
    bool answer_whole = true;  // Nothing is added to `answer` any more.
    bool answer_started = false;
    std::shared_ptr<HttpBodySink> sink;  // Of a streamed exchange.
  };

  void on_received() override;
  void on_input_end() override { close(); }
  void on_written() override { pump(); }
  void on_deadline() override;
  void on_close() override;

  void on_stream_begin(std::int32_t stream) override;
  void on_header(std::int32_t stream, std::string_view name, std::string_view value) override;
  void on_head_end(std::int32_t stream) override;
  void on_data(std::int32_t stream, BytesView bytes) override;
  void on_request_end(std::int32_t stream) override;
  void on_reset_by_client(std::int32_t stream) override;
  std::size_t on_answer_wanted(std::int32_t stream, char* to, std::size_t size,
                               bool& last) override;
  void on_answer_end(std::int32_t stream) override;
  void on_stream_close(std::int32_t stream) override;

  // Sends what the session has to say, as far as the client takes it; closes a finished connection.
  void pump();
  // As pump(), once everything that runs now has submitted its part.
  void pump_soon();

  // Lets the stream handler have the exchange, if it wants it.
  void offer_stream(std::int32_t stream, Exchange& exchange);
  // The calls of a StreamedAnswer.
  Exchange* find_streamed(std::int32_t stream);
  void start_answer(std::int32_t stream, HttpResponse head);
  void add_to_answer(std::int32_t stream, BytesView bytes);
  void finish_answer(std::int32_t stream);
  void reset_answer(std::int32_t stream);

  void submit(std::int32_t stream, Exchange& exchange, HttpResponse response);
  void refuse(std::int32_t stream, Exchange& exchange, int status, std::string_view message);
  static bool is_moving(Phase phase) {
    return phase == Phase::kReceiving || phase == Phase::kAnswering;
  }
  void leave_phase(Phase phase);
  void enter_phase(Exchange& exchange, Phase phase);
  // Answers 408 to each request that is late, and notes when the next one would be.
  void refuse_late(SteadyClock::time_point now);
  // When the connection as a whole has been still for too long.
  SteadyClock::time_point still_due() const;
  void update_deadline();
  Exchange* find(std::int32_t stream);

  Http2Session session_;
  std::unordered_map<std::int32_t, Exchange> exchanges_;  // By stream.
  std::size_t moving_ = 0;  // Exchanges that are kReceiving or kAnswering: they have a deadline.
  SteadyClock::time_point moved_at_ = SteadyClock::now();
  SteadyClock::time_point late_at_ = SteadyClock::time_point::max();  // No request is late before.

  bool receiving_ = false;  // session_.receive() is on the stack; pump() follows.
  bool pump_posted_ = false;
  bool draining_ = false;
  bool terminated_ = false;

  // Rapid reset.
  std::uint32_t resets_ = 0;
  SteadyClock::time_point reset_window_end_{};
};

}  // namespace holdfast::net
