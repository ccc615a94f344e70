#include "net/egress/translate.h"

#include <boost/test/unit_test.hpp>

#include "net/egress/embedded_handlers.h"
#include "storage/base/random.h"

namespace holdfast::net {
namespace {

constexpr int kRounds = 2000;

// Random values, each small; the same seed gives the same ones.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}

  std::uint64_t below(std::uint64_t end) { return random_.next() % end; }
  bool coin() { return below(2) == 0; }
  std::string text() {
    std::string result(below(6), 'x');
    for (char& c : result) c = static_cast<char>(below(256));
    return result;
  }
  std::optional<std::string> maybe() {
    return coin() ? std::optional<std::string>(text()) : std::nullopt;
  }
  std::uint32_t id() { return static_cast<std::uint32_t>(1 + below(1000)); }
  std::int64_t time() { return static_cast<std::int64_t>(below(1'000'000)); }
  std::vector<std::pair<std::string, std::string>> pairs() {
    std::vector<std::pair<std::string, std::string>> result(below(3));
    for (auto& pair : result) pair = {text(), text()};
    return result;
  }
  std::vector<Bytes> list() {
    std::vector<Bytes> result(below(3));
    for (Bytes& item : result) item = text();
    return result;
  }
  journal::InvocationId invocation() {
    journal::InvocationId id;
    id.partition_key = random_.next();
    for (auto& byte : id.uuid) byte = static_cast<std::uint8_t>(below(256));
    return id;
  }
  protocol::Failure failure() {
    return {static_cast<std::uint16_t>(below(65536)), text(), pairs()};
  }
  protocol::Outcome outcome() {
    if (coin()) return text();
    return failure();
  }
  protocol::AttachTarget target() {
    switch (below(3)) {
      case 0:
        return protocol::InvocationTarget{invocation().text()};
      case 1:
        return protocol::IdempotentTarget{text(), maybe(), text(), text()};
      default:
        return protocol::WorkflowTarget{text(), text()};
    }
  }
  protocol::SendSignalCommand signal() {
    protocol::SendSignalCommand command{invocation().text(), 16 + id(), {}};
    if (coin()) command.signal = text();
    if (coin()) command.result = text();
    if (coin()) command.result = failure();
    return command;
  }

  // One of each kind, by number.
  protocol::CommandBody command(std::size_t kind) {
    switch (kind) {
      case 0:
        return protocol::InputCommand{pairs(), text()};
      case 1:
        return protocol::OutputCommand{outcome()};
      case 2:
        return protocol::GetLazyStateCommand{text(), id()};
      case 3:
        return protocol::GetLazyStateKeysCommand{id()};
      case 4:
        return protocol::GetEagerStateCommand{text(), maybe()};
      case 5:
        return protocol::GetEagerStateKeysCommand{list()};
      case 6:
        return protocol::SetStateCommand{text(), text()};
      case 7:
        return protocol::ClearStateCommand{text()};
      case 8:
        return protocol::ClearAllStateCommand{};
      case 9:
        return protocol::GetPromiseCommand{text(), id()};
      case 10:
        return protocol::PeekPromiseCommand{text(), id()};
      case 11:
        return protocol::CompletePromiseCommand{text(), outcome(), id()};
      case 12:
        return protocol::SleepCommand{time(), id()};
      case 13:
        return protocol::CallCommand{text(), text(), text(), text(), pairs(), maybe(), id(), id()};
      case 14:
        return protocol::OneWayCallCommand{text(),  text(),  text(), text(),
                                           pairs(), maybe(), time(), id()};
      case 15:
        return signal();
      case 16:
        return protocol::RunCommand{id()};
      case 17:
        return protocol::AttachCommand{target(), id()};
      case 18:
        return protocol::GetOutputCommand{target(), id()};
      default:
        return protocol::CompleteAwakeableCommand{
            journal::AwakeableId{invocation(), 16 + id()}.text(), outcome()};
    }
  }

  journal::Notification notification() {
    decltype(journal::Notification::of) of = journal::Notification::Completion{id()};
    if (coin()) of = id();
    if (coin()) of = text();
    journal::Notification result{std::move(of), {}};
    switch (below(5)) {
      case 0:
        result.result = text();
        break;
      case 1:
        result.result = to_journal(failure());
        break;
      case 2:
        result.result = invocation();
        break;
      case 3:
        result.result = list();
        break;
      default:
        break;
    }
    return result;
  }

 private:
  SeededRandom random_;
};

// Everything a command says, as one text to compare.
class Writer {
 public:
  std::string text;

  void add(const std::string& part) { text += std::to_string(part.size()) + ":" + part + ";"; }
  void add(std::int64_t number) { text += std::to_string(number) + ";"; }
  void add(std::uint32_t number) { text += std::to_string(number) + "u;"; }
  void add(const std::optional<std::string>& part) {
    text += part.has_value() ? "some " : "none;";
    if (part.has_value()) add(*part);
  }
  void add(const std::vector<std::pair<std::string, std::string>>& pairs) {
    text += std::to_string(pairs.size()) + "[";
    for (const auto& [name, value] : pairs) {
      add(name);
      add(value);
    }
  }
  void add(const std::vector<Bytes>& list) {
    text += std::to_string(list.size()) + "[";
    for (const Bytes& item : list) add(item);
  }
  void add(const protocol::Failure& failure) {
    text += "failure " + std::to_string(failure.code) + " ";
    add(failure.message);
    add(failure.metadata);
  }
  void add(const protocol::Void&) { text += "void;"; }
  void add(const protocol::CalleeId& id) { add(id.invocation_id); }
  void add(const protocol::StateKeys& keys) { add(keys.keys); }
  void add(const protocol::CompletionRef& of) { add(of.id); }
  void add(const protocol::InvocationTarget& t) { add(t.invocation_id); }
  void add(const protocol::IdempotentTarget& t) {
    all(t.service, t.key, t.handler, t.idempotency_key);
  }
  void add(const protocol::WorkflowTarget& t) { all(t.workflow, t.key); }
  template <class... T>
  void add(const std::variant<T...>& variant) {
    text += "#" + std::to_string(variant.index()) + " ";
    std::visit([this](const auto& value) { add(value); }, variant);
  }
  template <class... T>
  void all(const T&... parts) {
    (add(parts), ...);
  }

  void add(const protocol::InputCommand& c) { all(c.headers, c.value); }
  void add(const protocol::OutputCommand& c) { all(c.result); }
  void add(const protocol::GetLazyStateCommand& c) { all(c.key, c.completion); }
  void add(const protocol::GetLazyStateKeysCommand& c) { all(c.completion); }
  void add(const protocol::GetEagerStateCommand& c) { all(c.key, c.value); }
  void add(const protocol::GetEagerStateKeysCommand& c) { all(c.keys); }
  void add(const protocol::SetStateCommand& c) { all(c.key, c.value); }
  void add(const protocol::ClearStateCommand& c) { all(c.key); }
  void add(const protocol::ClearAllStateCommand&) {}
  void add(const protocol::GetPromiseCommand& c) { all(c.key, c.completion); }
  void add(const protocol::PeekPromiseCommand& c) { all(c.key, c.completion); }
  void add(const protocol::CompletePromiseCommand& c) { all(c.key, c.result, c.completion); }
  void add(const protocol::SleepCommand& c) { all(c.wake_up_unix_ms, c.completion); }
  void add(const protocol::CallCommand& c) {
    all(c.service, c.key, c.handler, c.parameter, c.headers, c.idempotency_key,
        c.invocation_id_completion, c.completion);
  }
  void add(const protocol::OneWayCallCommand& c) {
    all(c.service, c.key, c.handler, c.parameter, c.headers, c.idempotency_key, c.invoke_unix_ms,
        c.invocation_id_completion);
  }
  void add(const protocol::SendSignalCommand& c) { all(c.target_invocation, c.signal, c.result); }
  void add(const protocol::RunCommand& c) { all(c.completion); }
  void add(const protocol::AttachCommand& c) { all(c.target, c.completion); }
  void add(const protocol::GetOutputCommand& c) { all(c.target, c.completion); }
  void add(const protocol::CompleteAwakeableCommand& c) { all(c.awakeable_id, c.result); }
  void add(const protocol::Command& c) { all(c.name, c.body); }
  void add(const protocol::Notification& n) { all(n.of, n.result); }
};

template <class T>
std::string written(const T& value) {
  Writer writer;
  writer.add(value);
  return writer.text;
}

// A session would see the same command again.
void expect_same_again(const protocol::Command& command) {
  auto entry = to_journal(command);
  BOOST_REQUIRE_MESSAGE(entry.has_value(), (entry ? "" : entry.error().message()));
  BOOST_TEST(entry->is_command());

  const protocol::Entry again = to_protocol(std::move(*entry));

  BOOST_REQUIRE(std::holds_alternative<protocol::Command>(again));
  BOOST_TEST(written(std::get<protocol::Command>(again)) == written(command));
}

protocol::Notification again(const journal::Notification& notification) {
  return std::get<protocol::Notification>(to_protocol(journal::Entry{{}, notification}));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(translate)

BOOST_AUTO_TEST_CASE(inv_2_every_command_comes_back_as_it_was) {
  constexpr std::size_t kKinds = std::variant_size_v<protocol::CommandBody>;
  for (std::uint64_t seed = 0; seed < kRounds; ++seed) {
    BOOST_TEST_INFO_SCOPE("seed " << seed);
    Dice dice(seed);
    const protocol::CommandBody body = dice.command(seed % kKinds);
    BOOST_REQUIRE(body.index() == seed % kKinds);
    expect_same_again({dice.text(), body});
  }
}

BOOST_AUTO_TEST_CASE(notifications_keep_what_they_are_of_and_what_they_say) {
  for (std::uint64_t seed = 0; seed < kRounds; ++seed) {
    BOOST_TEST_INFO_SCOPE("seed " << seed);
    const journal::Notification notification = Dice(seed).notification();

    const protocol::Notification told = again(notification);

    BOOST_TEST(told.of.index() == notification.of.index());
    BOOST_TEST(told.result.index() == notification.result.index());
    if (const auto* id = std::get_if<journal::InvocationId>(&notification.result)) {
      BOOST_TEST(std::get<protocol::CalleeId>(told.result).invocation_id == id->text());
    }
    if (const auto* value = std::get_if<Bytes>(&notification.result)) {
      BOOST_TEST(std::get<Bytes>(told.result) == *value);
    }
    BOOST_TEST(written(told) == written(to_protocol(notification)));
  }
}

BOOST_AUTO_TEST_CASE(an_awakeable_is_a_signal_to_its_invocation) {
  const auto entry = to_journal(
      protocol::Command{"", protocol::CompleteAwakeableCommand{
                                "sign_1eB3fuOTZ2f2WQ703X6spJIRAJ3GsPi8XAAAAEQ", Bytes("1")}});

  BOOST_REQUIRE(entry.has_value());
  const auto& signal = std::get<journal::SendSignal>(entry->body);
  BOOST_TEST(signal.target.text() == "inv_1lNf3nIQpAfe0HKpHcbEHXKintjhm75b0y");
  BOOST_TEST(std::get<std::uint32_t>(signal.signal) == 17u);
  BOOST_TEST(signal.as_awakeable);
}

BOOST_AUTO_TEST_CASE(attach_by_key_has_the_id_the_ingress_would_give) {
  const auto entry = to_journal(protocol::Command{
      "", protocol::AttachCommand{protocol::IdempotentTarget{"S", "k", "h", "i"}, 3}});

  BOOST_REQUIRE(entry.has_value());
  BOOST_TEST((std::get<journal::Attach>(entry->body).target ==
              journal::idempotent_id("S", "k", "h", "i")));
}

BOOST_AUTO_TEST_CASE(inv_11_a_text_that_is_no_id_is_refused) {
  for (const char* id :
       {"", "inv_1", "sign_1", "prom_1abc", "inv_1!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!"}) {
    const protocol::CommandBody bodies[] = {
        protocol::CompleteAwakeableCommand{id, Bytes()},
        protocol::SendSignalCommand{id, 1u, {}},
        protocol::AttachCommand{protocol::InvocationTarget{id}, 1},
        protocol::GetOutputCommand{protocol::InvocationTarget{id}, 1},
    };
    for (const protocol::CommandBody& body : bodies) {
      const auto entry = to_journal(protocol::Command{"", body});
      BOOST_REQUIRE(!entry.has_value());
      BOOST_TEST((entry.error().code() == ErrorCode::kInvalidArgument));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_catalog_takes_options_from_handler_then_service_then_default) {
  using std::chrono::milliseconds;
  ServiceDefinition service;
  service.name = "S";
  service.options.inactivity_timeout = milliseconds(7);
  service.options.journal_retention = milliseconds(8);
  HandlerDefinition handler;
  handler.name = "h";
  handler.input_content_type = "application/json";
  handler.input_required = true;
  handler.options.journal_retention = milliseconds(9);
  handler.options.ingress_private = true;
  service.handlers.push_back(handler);

  const auto infos = catalog_of({service});

  BOOST_REQUIRE(infos.size() == 1);
  const actors::HandlerInfo& info = infos[0].handlers.at(0);
  BOOST_TEST(infos[0].deployment_id == actors::kEmbeddedDeployment);
  BOOST_TEST(info.inactivity_timeout_ms == 7);
  BOOST_TEST(info.journal_retention_ms == 9);
  BOOST_TEST(info.abort_timeout_ms == 600'000);
  BOOST_TEST(infos[0].treatment.inactivity_timeout_ms == 7);
  BOOST_TEST(infos[0].treatment.journal_retention_ms == 8);
  BOOST_TEST(info.is_private);
  BOOST_TEST(info.input_required);
  BOOST_TEST(info.input_content_type == "application/json");
}

BOOST_AUTO_TEST_CASE(inv_11_no_handler_sends_the_signals_of_the_engine) {
  const journal::InvocationId target = Dice(1).invocation();
  const auto is_taken = [](protocol::CommandBody body) {
    return to_journal(protocol::Command{{}, std::move(body)}).has_value();
  };
  const auto awakeable = [&](std::uint32_t index) {
    return protocol::CompleteAwakeableCommand{journal::AwakeableId{target, index}.text(), Bytes()};
  };

  BOOST_TEST(is_taken(protocol::SendSignalCommand{target.text(), journal::kCancelSignal, {}}));
  BOOST_TEST(!is_taken(protocol::SendSignalCommand{target.text(), journal::kKillSignal, {}}));
  BOOST_TEST(is_taken(awakeable(17)));
  BOOST_TEST(!is_taken(awakeable(journal::kCancelSignal)));
  BOOST_TEST(!is_taken(awakeable(journal::kKillSignal)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::net
