#pragma once
// Http1Connection: one client speaking HTTP/1.0 or 1.1, one request after the other.
//
// Requests that are sent ahead (pipelining) wait in the input buffer; their answers keep the order.
// While an answer is awaited the connection goes on reading, up to kReadAheadBytes, so as to notice
// a client that leaves; one that has sent more than that ahead is noticed only when it is answered.

#include <memory>
#include <optional>

#include "net/http/connection.h"
#include "net/http/http1_parser.h"

namespace holdfast::net {

class Http1Connection final : public Connection {
 public:
  Http1Connection(std::shared_ptr<ServerCore> core, Stream stream, ReadBuffer input);

  void start() override;
  void drain() override;
  void answer(std::uint64_t exchange, HttpResponse response) override;

 private:
  enum class Phase {
    kReceiving,  // A request, or the time before it.
    kAnswering,  // The handler has it.
    kFinishing,  // The last answer is in output_ or on its way; then the connection closes.
  };

  void on_received() override { advance(); }
  void on_input_end() override;
  void on_written() override { advance(); }
  void on_deadline() override;
  void on_close() override;

  // Does all that can be done now: take requests, send answers, read on, set the deadline.
  void advance();
  bool receive_request();
  void dispatch_request();
  void send(HttpResponse response);
  void refuse(int status, std::string_view message);
  void update_deadline();
  bool idle() const;

  Phase phase_ = Phase::kReceiving;
  bool advancing_ = false;  // advance() is on the stack; it will see to what has changed.
  bool draining_ = false;
  bool input_ended_ = false;
  Pace body_pace_;           // Of the body under way.
  bool head_timed_ = false;  // The time for the head under way has begun.
  bool continued_ = false;   // "100 Continue" has been sent for the request under way.

  std::optional<Http1Parser> parser_;  // Of the request under way, or the next.

  // The exchange under way, or the last.
  std::uint64_t exchange_ = 0;
  std::weak_ptr<PendingReply> pending_;
  bool keep_alive_ = true;
  bool http11_ = true;
  bool head_only_ = false;            // The method is HEAD.
  std::optional<HttpResponse> held_;  // An answer that came while an earlier one is being written.
};

}  // namespace holdfast::net
