#pragma once
// OutgoingHttp2: a connection that speaks HTTP/2, with many exchanges at a time.
//
// It is open once the endpoint's SETTINGS have arrived: then the endpoint does speak HTTP/2, and
// how many streams it allows is known, so that no stream is begun to be refused.
//
// An answer that ends before the request ends the request too: with an empty last frame, not a
// reset, because endpoints count resets as an attack.

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "net/http/outgoing/client_session.h"
#include "net/http/outgoing/outgoing_connection.h"

namespace holdfast::net {

class OutgoingHttp2 final : public OutgoingConnection, private ClientSessionEvents {
 public:
  OutgoingHttp2(std::shared_ptr<OutgoingCore> core, std::shared_ptr<ConnectionPool> pool);

  bool is_idle() const override { return open_streams_ == 0; }
  std::size_t room() const override;
  bool is_leaving() const override { return leaving_; }
  void begin(std::shared_ptr<OutgoingExchange> exchange) override;
  void body_grew(OutgoingExchange& exchange) override;
  void consumed(OutgoingExchange& exchange, std::size_t bytes) override;
  void abandon(OutgoingExchange& exchange) override;
  void retire() override;

 private:
  struct Running {
    std::shared_ptr<OutgoingExchange> exchange;
    int status = 0;
    HttpHeaders headers;
    std::size_t header_bytes = 0;  // Of the head and the trailers.
    bool head_done = false;
    bool answer_ended = false;
    bool reset_by_endpoint = false;
    bool invalid = false;        // Its answer is against the rules, whatever comes after.
    std::size_t unconsumed = 0;  // Delivered, and its window not yet given back.
  };

  void on_connected() override { schedule_write(); }
  void on_received() override;
  void on_input_end(const boost::system::error_code& error) override;
  void on_write_error(const boost::system::error_code& error) override { on_input_end(error); }
  void produce() override;
  void fail_exchanges(const ExchangeFailure& why) override;
  SteadyTime next_time() const override;
  void on_time(SteadyTime now) override;

  void on_settings() override;
  void on_goaway(std::uint32_t code, std::string_view words) override;
  void on_header(std::int32_t stream, std::string_view name, std::string_view value) override;
  void on_head_end(std::int32_t stream) override;
  void on_data(std::int32_t stream, BytesView bytes) override;
  void on_answer_end(std::int32_t stream) override;
  void on_reset(std::int32_t stream, std::uint32_t code) override;
  std::size_t on_body_wanted(std::int32_t stream, std::size_t size, bool& last) override;
  bool take_body(std::int32_t stream, std::size_t size, Bytes& to) override;
  void on_not_sent(std::int32_t stream) override;
  void on_stream_close(std::int32_t stream, std::uint32_t code) override;
  void on_complaint(std::string_view words) override;
  void on_invalid(std::int32_t stream) override;

  Running* find(std::int32_t stream);
  // Takes the exchange off its stream and returns the window it held.
  std::shared_ptr<OutgoingExchange> detach(std::int32_t stream);
  void ping();
  void terminate();
  // Why the connection ended, from what has been seen; `seen` when it is nothing special.
  ExchangeFailure why_ended(const std::string& seen) const;
  ExchangeFailure broke_the_rules() const;
  ExchangeFailure why_closed(const Running& running, std::uint32_t code) const;

  ClientSession session_;
  std::unordered_map<std::int32_t, Running> running_;  // By stream.
  std::size_t open_streams_ = 0;                       // Also those whose exchange has gone.
  std::size_t begun_ = 0;                              // Exchanges, since it is open.
  bool leaving_ = false;
  std::string goaway_;  // What the endpoint said last, if it did.
  std::string complaint_;
  SteadyTime busy_since_{};
  SteadyTime idle_since_{};
  std::optional<SteadyTime> pinged_at_;      // Set: nothing has been received since.
  std::optional<SteadyTime> terminated_at_;  // Set: the last frames are on their way.
};

}  // namespace holdfast::net
