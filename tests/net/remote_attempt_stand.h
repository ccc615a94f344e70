#pragma once
// Stand: one remote attempt between an endpoint and an actor that are both the test.

#include "net/egress/remote/remote_attempt.h"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/protocol/restate/to_handler.h"

namespace holdfast::net::attempt_stand {

namespace restate = protocol::restate;
using actors::AttemptError;
using actors::AttemptState;
using journal::completion;
using journal::Empty;
using journal::Entry;
using restate::Version;

// What an attempt does to its exchange.
class FakeExchange final : public Exchange {
 public:
  void send(Bytes chunk) override {
    BOOST_TEST(!half_closed);
    sent += chunk;
  }
  void half_close() override { half_closed = true; }
  void cancel() override { cancelled = true; }
  std::size_t unsent_bytes() const override { return 0; }
  void consumed(std::size_t bytes) override { given_back += bytes; }

  Bytes sent;
  bool half_closed = false;
  bool cancelled = false;
  std::size_t given_back = 0;
};

class FakePool final : public EndpointPool {
 public:
  std::shared_ptr<Exchange> open(std::string, std::string asked, HttpHeaders with,
                                 std::shared_ptr<ExchangeEvents> to, OpenOptions options) override {
    path = std::move(asked);
    headers = std::move(with);
    const HttpHeaders& common = options.common->ready();
    headers.insert(headers.end(), common.begin(), common.end());
    events = std::move(to);
    ++requests;
    if (options.body) {
      exchange->sent = std::move(*options.body);
      exchange->half_closed = true;
    }
    return exchange;
  }
  const EndpointAddress& address() const override { return address_; }

  std::string path;
  HttpHeaders headers;
  int requests = 0;
  std::shared_ptr<ExchangeEvents> events;
  const std::shared_ptr<FakeExchange> exchange = std::make_shared<FakeExchange>();

 private:
  const EndpointAddress address_ =
      parse_endpoint_address("http://127.0.0.1:9080", HttpVersion::kHttp2).value();
};

struct FakeHost final : actors::AttemptHost {
  void on_command(Entry command, bool at_once) override {
    commands.push_back(std::move(command));
    acks_wanted += at_once ? 1 : 0;
  }
  void on_proposal(journal::CompletionId id, journal::Outcome outcome) override {
    proposals.emplace_back(id, std::move(outcome));
  }
  void on_step(actors::Step) override { BOOST_ERROR("a remote attempt has no steps"); }
  void on_log(int, const std::string&) override {}
  std::optional<Bytes> read_state(BytesView key) override {
    const auto found = state.find(Bytes(key));
    return found == state.end() ? std::nullopt : std::optional<Bytes>(found->second);
  }
  std::vector<Bytes> list_state() override {
    std::vector<Bytes> keys;
    for (const auto& [key, value] : state) keys.push_back(key);
    return keys;
  }
  std::int64_t now_unix_ms() override { return 0; }

  std::vector<Entry> commands;
  int acks_wanted = 0;
  std::vector<std::pair<journal::CompletionId, journal::Outcome>> proposals;
  std::map<Bytes, Bytes> state;
};

// One attempt between an endpoint and an actor that are both the test.
class Stand {
 public:
  explicit Stand(Version version = Version::k6) : version_(version) {
    route.pool = pool;
    route.version = version;
    route.common =
        std::make_shared<const CommonHeaders>(RemoteAttempt::common_headers(version, {}));
    route.timeouts = {std::chrono::milliseconds(0), std::chrono::milliseconds(0)};
    row.target = {journal::ServiceKind::kService, journal::HandlerKind::kPlain, "Greeter", "",
                  "greet"};
    entries.push_back(Entry{{}, journal::Input{{}, "in"}});
  }
  ~Stand() {
    attempt.reset();
    clock_->stop();
  }

  Stand& start(bool hold = false) {
    attempt = std::make_unique<RemoteAttempt>(route, clock_, host, [this] { ++wakes; });
    state = attempt->start({row, std::move(entries), 0, 0, hold});
    return *this;
  }
  Stand& head(int status = 200, HttpHeaders more = {}) {
    more.emplace_back("content-type", restate::content_type(version_));
    events().on_head(status, std::move(more));
    return wake();
  }
  // The answer, as one piece.
  Stand& says(BytesView bytes) {
    events().on_body(bytes);
    return wake();
  }
  Stand& says(const restate::FromHandler& message) {
    return says(restate::encode(message, version_));
  }
  Stand& ends() {
    events().on_end();
    return wake();
  }
  Stand& deadline() {
    dynamic_cast<RemoteStream&>(events()).on_deadline();
    return wake();
  }
  Stand& told(const Entry& entry) {
    state = attempt->notify(std::get<journal::Notification>(entry.body));
    return *this;
  }
  // What the actor does when it is woken.
  Stand& wake() {
    if (std::exchange(wakes, 0) > 0 && attempt) state = attempt->woken();
    return *this;
  }

  ExchangeEvents& events() { return *pool->events; }
  FakeExchange& exchange() { return *pool->exchange; }
  std::string failure() const {
    return state == AttemptState::kFailed ? attempt->error().failure.message : "did not fail";
  }
  bool failed_with(const char* code) const {
    return failure().starts_with("[" + std::string(code) + "]");
  }
  // What has been sent since the last call.
  std::vector<restate::ToHandler> received() {
    std::vector<restate::ToHandler> messages;
    const Bytes bytes = std::exchange(exchange().sent, {});
    BytesView rest = bytes;
    restate::FrameReader reader;
    for (;;) {
      auto frame = reader.next(rest);
      BOOST_REQUIRE(frame.has_value());
      if (!*frame) break;
      auto message = restate::decode_to_handler(**frame, version_);
      BOOST_REQUIRE_MESSAGE(message.has_value(),
                            (message.has_value() ? "" : message.error().message()));
      messages.push_back(std::move(*message));
    }
    BOOST_TEST(reader.at_boundary());
    return messages;
  }

  RemoteAttempt::Route route;
  journal::Invocation row;
  std::vector<Entry> entries;
  FakeHost host;
  const std::shared_ptr<FakePool> pool = std::make_shared<FakePool>();
  std::unique_ptr<RemoteAttempt> attempt;
  AttemptState state = AttemptState::kBlocked;
  int wakes = 0;

 private:
  const Version version_;
  boost::asio::io_context io_;
  const std::shared_ptr<AttemptClock> clock_ = std::make_shared<IoAttemptClock>(io_);
};

inline restate::NewCommand command(protocol::CommandBody body, bool wants_ack = false) {
  return {{{}, std::move(body)}, wants_ack};
}
inline restate::NewCommand run(std::uint32_t id) { return command(protocol::RunCommand{id}); }
inline restate::NewCommand sleep(std::uint32_t id) {
  return command(protocol::SleepCommand{1000, id});
}
inline restate::NewCommand output(Bytes value = "out") {
  return command(protocol::OutputCommand{std::move(value)});
}
inline restate::NewCommand output_with_ack() {
  return command(protocol::OutputCommand{Bytes("out")}, true);
}
inline restate::ProposeRun propose(std::uint32_t id, bool wants_ack = false) {
  return {id, Bytes("done"), wants_ack};
}
inline restate::Suspension suspension(std::vector<protocol::CompletionId> ids,
                                      std::vector<std::uint32_t> signals = {
                                          protocol::kCancelSignal}) {
  restate::Suspension message;
  message.awaiting.combinator = protocol::WaitSet::Combinator::kAny;
  message.awaiting.completions = std::move(ids);
  message.awaiting.signals = std::move(signals);
  return message;
}
inline Entry signal(std::uint32_t index) { return {{}, journal::Notification{index, Empty{}}}; }

}  // namespace holdfast::net::attempt_stand
