#pragma once
// OutgoingHttp1: a connection that speaks HTTP/1.1, one exchange after the other.
//
// The request leaves as a whole, once its body has ended; the answer is passed on as it comes.
//
// A connection that was idle may turn out dead when it is used again: the endpoint closed it at
// that moment. An exchange that finds it so, before any byte of an answer, begins once more on
// another connection.

#include <memory>
#include <optional>

#include "net/http/outgoing/outgoing_connection.h"
#include "net/http/outgoing/response_parser.h"

namespace holdfast::net {

class OutgoingHttp1 final : public OutgoingConnection, private ResponseParser::Events {
 public:
  OutgoingHttp1(std::shared_ptr<OutgoingCore> core, std::shared_ptr<ConnectionPool> pool)
      : OutgoingConnection(std::move(core), std::move(pool)) {}

  bool is_idle() const override { return exchange_ == nullptr; }
  std::size_t room() const override { return is_open() && is_idle() && !writing() ? 1 : 0; }
  void begin(std::shared_ptr<OutgoingExchange> exchange) override;
  void body_grew(OutgoingExchange& exchange) override;
  void consumed(OutgoingExchange& exchange, std::size_t bytes) override;
  void abandon(OutgoingExchange& exchange) override;
  void retire() override;

 private:
  void on_connected() override;
  void on_received() override;
  void on_input_end(const boost::system::error_code& error) override;
  void on_write_error(const boost::system::error_code&) override { write_failed_ = true; }
  void produce() override { flush(); }
  void fail_exchanges(const ExchangeFailure& why) override;
  SteadyTime next_time() const override;
  void on_time(SteadyTime) override { retire(); }

  void on_head(int status, HttpHeaders headers) override;
  void on_body(BytesView bytes) override;

  void send_request();
  void new_parser();
  void take_answer();
  void finish(bool reusable);
  // The connection ends; what runs on it fails with that.
  void end(ExchangeFailure::Kind kind, const std::string& what);

  std::shared_ptr<OutgoingExchange> exchange_;  // The one that has this connection, if any.
  std::optional<ResponseParser> parser_;        // Of its answer; set once the request is sent.
  bool answer_begun_ = false;                   // A byte of it has been received.
  std::size_t unconsumed_ = 0;                  // Delivered, and not yet given back.
  bool used_before_ = false;
  bool write_failed_ = false;  // What is still to be read may tell why.
  SteadyTime idle_since_{};
};

}  // namespace holdfast::net
