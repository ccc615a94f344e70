#include "tests/simulation/wire.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "storage/base/check.h"

namespace holdfast::simulation {

namespace {

using net::ExchangeFailure;
using Kind = net::ExchangeFailure::Kind;

// How an exchange that is not let through is answered instead.
struct Refusal {
  std::optional<Kind> failure;  // Else with a status.
  int status = 503;
  const char* retry_after = nullptr;
};
constexpr Refusal kRefusals[] = {
    {Kind::kNotConnected, 0, nullptr}, {Kind::kBusy, 0, nullptr},    {Kind::kRefused, 0, nullptr},
    {std::nullopt, 503, nullptr},      {std::nullopt, 503, "1"},     {std::nullopt, 503, "0"},
    {std::nullopt, 429, "3"},          {std::nullopt, 429, nullptr}, {std::nullopt, 502, nullptr},
};
constexpr int kBreaksWithin = 400;  // Bytes, if it breaks.

}  // namespace

class SimulatedExchange final : public net::Exchange,
                                public std::enable_shared_from_this<SimulatedExchange> {
 public:
  SimulatedExchange(Wire& wire, Endpoint* endpoint, std::string path, net::HttpHeaders headers,
                    std::shared_ptr<net::ExchangeEvents> events, std::optional<Bytes> body)
      : wire_(wire),
        endpoint_(endpoint),
        number_(++wire.numbers_),
        path_(std::move(path)),
        headers_(std::move(headers)),
        whole_(body.has_value()),
        events_(std::move(events)) {
    if (body) up_.bytes = std::move(*body);
    up_.ended = whole_;
    if (!wire_.is_stormy(wire_.weather_.one_breaks_of)) return;
    switch (draw(3)) {
      case 0:
        refusal_ = &kRefusals[draw(std::size(kRefusals))];
        return;
      case 1:
        up_.breaks_after = static_cast<std::size_t>(draw(kBreaksWithin));
        return;
      default:
        down_.breaks_after = static_cast<std::size_t>(draw(kBreaksWithin));
    }
  }

  // --- The engine's side.

  void begin() {
    note("opens " + path_);
    go(up_);
  }
  void send(Bytes chunk) override {
    if (!events_ || up_.ended || whole_) return;
    up_.bytes += chunk;
    go(up_);
  }
  void half_close() override {
    if (!events_ || up_.ended) return;
    up_.ended = true;
    go(up_);
  }
  void cancel() override {
    if (!events_) return;
    note("cancelled");
    deafen();
    if (!broken_) tell_endpoint(wire_.lateness());
  }
  std::size_t unsent_bytes() const override { return up_.bytes.size(); }
  void consumed(std::size_t) override {}

  // --- The endpoint's side.

  void write(BytesView bytes) {
    down_.bytes.append(bytes);
    if (!whole_) go(down_);
  }
  void finish() {
    attempt_.reset();
    down_.ended = true;
    go(down_);
  }
  void reset() {
    attempt_.reset();
    if (std::exchange(broken_, true)) return;
    tell_engine(Kind::kReset, wire_.lateness());
  }
  std::size_t unsent() const { return down_.bytes.size(); }

  // --- What befalls it.

  bool is_over() const { return !events_ && !attempt_; }
  bool is_broken() const { return broken_; }
  bool goes_to(const Endpoint& endpoint) const { return endpoint_ == &endpoint; }

  void engine_dies() {
    if (!events_) return;
    deafen();
    if (broken_) return;
    if (draw(2) == 0) up_.bytes.clear();
    tell_endpoint(Millis(draw(4) == 0 ? draw(60'000) : draw(100)));
  }
  void endpoint_dies() {
    attempt_.reset();
    if (std::exchange(broken_, true)) return;
    note("loses its endpoint");
    if (draw(4) > 0) tell_engine(Kind::kReset, wire_.lateness());
  }
  void break_off() {
    if (std::exchange(broken_, true)) return;
    note("breaks");
    if (draw(4) > 0) tell_engine(Kind::kReset, wire_.lateness());
    if (draw(4) > 0) tell_endpoint(wire_.lateness());
  }
  // As much as it has been told already, it is told.
  void tell_all() {
    if (!broken_) return;
    tell_engine(Kind::kReset, Millis(0));
    tell_endpoint(Millis(0));
  }
  // Nobody is to hear of it any more.
  void drop() {
    deafen();
    attempt_.reset();
  }

 private:
  // One direction: what has been sent and has not arrived.
  struct Way {
    const std::shared_ptr<Agenda::Line> line = std::make_shared<Agenda::Line>();
    Bytes bytes;
    bool ended = false;
    bool goes = false;  // An event of it is in the line.
    std::optional<std::size_t> breaks_after;
  };
  class Output;

  int draw(int below) { return wire_.agenda_.draw(below); }
  void note(const std::string& what) {
    wire_.outside_.note("wire " + std::to_string(number_) + " " + what);
  }

  void go(Way& way) {
    if (broken_ || std::exchange(way.goes, true)) return;
    wire_.agenda_.add(way.line, wire_.lateness(), [self = shared_from_this(), &way] {
      way.goes = false;
      if (self->broken_) return;
      if (&way == &self->up_) {
        self->arrive_up();
      } else {
        self->arrive_down();
      }
    });
  }

  // The next bytes of a way, cut anywhere; it may have to break behind them.
  Bytes piece_of(Way& way, bool& breaks) {
    std::size_t count = way.bytes.size();
    if (count > 1 && draw(2) == 0)
      count = 1 + static_cast<std::size_t>(draw(static_cast<int>(count)));
    if (way.breaks_after) {
      breaks = count >= *way.breaks_after;
      count = std::min(count, *way.breaks_after);
      *way.breaks_after -= count;
    }
    Bytes piece = way.bytes.substr(0, count);
    way.bytes.erase(0, count);
    return piece;
  }

  void arrive_up() {
    if (refusal_ != nullptr) return refuse(*refusal_);
    if (!whole_ && !admitted_ && !admit()) return;
    bool breaks = false;
    const Bytes piece = piece_of(up_, breaks);
    note("up " + std::to_string(piece.size()));
    if (whole_) request_ += piece;
    if (!whole_ && !piece.empty()) give([&](auto& attempt) { attempt.receive(piece); });
    if (breaks) return break_off();
    if (!up_.bytes.empty()) return go(up_);
    if (!up_.ended || std::exchange(end_given_, true)) return;
    note("up ends");
    if (whole_ && !admit()) return;
    if (whole_) give([&](auto& attempt) { attempt.receive(request_); });
    give([](auto& attempt) { attempt.receive_end(); });
  }

  template <class Act>
  void give(const Act& act) {
    if (const auto attempt = attempt_) {
      const Outside::Acting acting(wire_.outside_, *heard_, endpoint_->uri());
      act(*attempt);
    }
  }

  bool admit();

  void refuse(const Refusal& refusal) {
    if (refusal.failure) {
      broken_ = true;
      return tell_engine(*refusal.failure, Millis(0));
    }
    answer_with(refusal.status, {});
    if (refusal.retry_after != nullptr) head_->second = {{"retry-after", refusal.retry_after}};
    finish();
  }
  void answer_with(int status, net::HttpHeaders headers) {
    head_ = {status, std::move(headers)};
    if (!whole_ || status != 200) go(down_);
  }

  void arrive_down() {
    const auto events = events_;
    if (!events) return;
    if (head_) {
      auto [status, headers] = *std::exchange(head_, std::nullopt);
      note("down status " + std::to_string(status));
      events->on_head(status, std::move(headers));
      return go(down_);
    }
    bool breaks = false;
    const Bytes piece = piece_of(down_, breaks);
    note("down " + std::to_string(piece.size()));
    if (!piece.empty()) events->on_body(piece);
    if (breaks) return break_off();
    if (!down_.bytes.empty()) return go(down_);
    if (!down_.ended) return;
    note("down ends");
    deafen();
    events->on_end();
  }

  void deafen() {
    events_.reset();
    *heard_ = false;
  }
  void tell_engine(Kind kind, Millis delay) {
    wire_.agenda_.add(delay, [self = shared_from_this(), kind] {
      const auto events = self->events_;
      if (!events) return;
      self->note("failed");
      self->deafen();
      events->on_failed({kind, Error(ErrorCode::kUnavailable, "the wire broke")});
    });
  }
  // Behind what is on its way.
  void tell_endpoint(Millis delay) {
    wire_.agenda_.add(up_.line, delay, [self = shared_from_this()] {
      self->broken_ = true;
      const auto attempt = std::exchange(self->attempt_, nullptr);
      if (!attempt) return;
      self->note("is given up");
      attempt->abandon();
    });
  }

  Wire& wire_;
  Endpoint* const endpoint_;  // Null: nobody is there.
  const int number_;
  const std::string path_;
  const net::HttpHeaders headers_;
  const bool whole_;  // The request, and so the answer.
  const Refusal* refusal_ = nullptr;

  std::shared_ptr<net::ExchangeEvents> events_;  // Null: the engine's side is over.
  const std::shared_ptr<bool> heard_ = std::make_shared<bool>(true);
  std::shared_ptr<runtime::RemoteAttempt> attempt_;  // Null: not yet, or it is over.
  bool admitted_ = false;
  bool broken_ = false;  // Nothing arrives any more.
  Way up_, down_;
  bool end_given_ = false;                                // Of the request.
  Bytes request_;                                         // A whole one, as far as it has come.
  std::optional<std::pair<int, net::HttpHeaders>> head_;  // On its way down.
};

class SimulatedExchange::Output final : public runtime::AttemptOutput {
 public:
  explicit Output(std::weak_ptr<SimulatedExchange> exchange) : exchange_(std::move(exchange)) {}

  void write(BytesView bytes) override {
    if (const auto exchange = exchange_.lock()) exchange->write(bytes);
  }
  void finish() override {
    if (const auto exchange = exchange_.lock()) exchange->finish();
  }
  void reset() override {
    if (const auto exchange = exchange_.lock()) exchange->reset();
  }
  std::size_t unsent() const override {
    const auto exchange = exchange_.lock();
    return exchange ? exchange->unsent() : 0;
  }

 private:
  const std::weak_ptr<SimulatedExchange> exchange_;
};

bool SimulatedExchange::admit() {
  admitted_ = true;
  if (endpoint_ == nullptr || !endpoint_->running()) {
    refuse({Kind::kNotConnected, 0, nullptr});
    return false;
  }
  Endpoint::Admission admission =
      endpoint_->admit(path_, headers_, heard_, std::make_shared<Output>(weak_from_this()));
  attempt_ = std::move(admission.attempt);
  answer_with(admission.status, std::move(admission.headers));
  if (attempt_) return true;
  finish();
  return false;
}

// --- The wire ---

class Wire::Pool final : public net::EndpointPool {
 public:
  Pool(Wire& wire, net::EndpointAddress address) : wire_(wire), address_(std::move(address)) {}

  std::shared_ptr<net::Exchange> open(std::string method, std::string path,
                                      net::HttpHeaders headers,
                                      std::shared_ptr<net::ExchangeEvents> events,
                                      net::OpenOptions options) override {
    CHECK(method == "POST", "only attempts are opened here");
    const net::HttpHeaders& common = options.common->ready();
    headers.insert(headers.end(), common.begin(), common.end());
    const auto found = wire_.endpoints_.find(address_.uri());
    auto exchange = std::make_shared<SimulatedExchange>(
        wire_, found == wire_.endpoints_.end() ? nullptr : found->second, std::move(path),
        std::move(headers), std::move(events), std::move(options.body));
    ++wire_.outside_.counts["exchanges"];
    wire_.sweep();
    wire_.exchanges_.push_back(exchange);
    exchange->begin();
    return exchange;
  }
  const net::EndpointAddress& address() const override { return address_; }

 private:
  Wire& wire_;
  const net::EndpointAddress address_;
};

Wire::~Wire() {
  for (const auto& exchange : exchanges_) exchange->drop();
  agenda_.forget();
}

void Wire::connect(const std::string& uri, Endpoint& endpoint) { endpoints_[uri] = &endpoint; }

std::shared_ptr<net::EndpointPool> Wire::pool_for(const net::EndpointAddress& address) {
  return std::make_shared<Pool>(*this, address);
}

Millis Wire::lateness() {
  return Millis(is_stormy(weather_.one_late_of) ? 1 + agenda_.draw(weather_.late_ms_max) : 0);
}

void Wire::sweep() {
  std::erase_if(exchanges_, [](const auto& exchange) { return exchange->is_over(); });
}

void Wire::engine_dies() {
  for (const auto& exchange : exchanges_) exchange->engine_dies();
}

void Wire::endpoint_dies(const Endpoint& endpoint) {
  for (const auto& exchange : exchanges_) {
    if (exchange->goes_to(endpoint)) exchange->endpoint_dies();
  }
}

void Wire::break_one() {
  sweep();
  if (exchanges_.empty()) return;
  const int chosen = agenda_.draw(static_cast<int>(exchanges_.size()));
  if (exchanges_[static_cast<std::size_t>(chosen)]->is_broken()) return;
  ++outside_.counts["exchanges broken"];
  exchanges_[static_cast<std::size_t>(chosen)]->break_off();
}

void Wire::calm_down() {
  weather_ = {};
  for (const auto& exchange : exchanges_) exchange->tell_all();
}

}  // namespace holdfast::simulation
