#include "tests/scenario/world.h"

#include <boost/test/unit_test.hpp>

#include "net/egress/embedded_handlers.h"
#include "tests/support/engine_fixture.h"

namespace holdfast::testing {

class World::Parts {
 public:
  Parts(std::vector<ServiceDefinition> services, std::uint64_t seed)
      : infos(net::catalog_of(services)),
        handlers(std::move(services)),
        engine(handlers, infos, seed) {}

  const std::vector<actors::ServiceInfo> infos;
  net::EmbeddedHandlers handlers;
  EngineFixture engine;
};

actors::InvokeRequest to(std::string service, std::string handler, Bytes body) {
  return request(std::move(service), std::move(handler), std::move(body));
}

actors::InvokeRequest to_key(std::string service, std::string key, std::string handler,
                             Bytes body) {
  return request(std::move(service), std::move(key), std::move(handler), std::move(body));
}

actors::InvokeRequest with_idempotency_key(actors::InvokeRequest request, std::string key) {
  request.idempotency_key = std::move(key);
  return request;
}

World::World(std::vector<ServiceDefinition> services, std::uint64_t seed) {
  const auto wrong = problem(services);
  BOOST_REQUIRE_MESSAGE(!wrong.has_value(), wrong.value_or(""));
  parts_ = std::make_unique<Parts>(std::move(services), seed);
  parts_->engine.settle();
}

World::~World() = default;

void World::settle() { parts_->engine.settle(); }

void World::advance(Millis by) { parts_->engine.advance(by); }

std::int64_t World::now_unix_ms() const { return to_unix_millis(parts_->engine.clock().now()); }

void World::restart() { restart_after(Millis(0)); }

void World::restart_after(Millis pause) {
  parts_->engine.crash();
  parts_->engine.clock().advance(pause);
  parts_->engine.start();
  parts_->engine.settle();
}

void World::fail_write(std::uint64_t nth, Failure failure) {
  parts_->engine.store().fail_write(
      nth, failure == Failure::kLost ? FaultyStore::Failure::kLost : FaultyStore::Failure::kStored);
}

void World::revive() {
  for (int round = 0; parts_->engine.disk_failed(); ++round) {
    BOOST_REQUIRE(round < 10);
    has_failed_ = true;
    restart();
  }
}

InvocationId World::send(actors::InvokeRequest request) {
  return parts_->engine.send(std::move(request)).id;
}

std::string World::call(actors::InvokeRequest request) { return result(send(std::move(request))); }

InvocationId World::ask(actors::InvokeRequest request) {
  for (int round = 0; round < 10; ++round) {
    std::optional<Result<actors::Accepted>> answer;
    parts_->engine.engine().send(request, [&](auto accepted) { answer = std::move(accepted); });
    settle();
    revive();
    if (!answer.has_value()) continue;
    BOOST_REQUIRE_MESSAGE(answer->has_value(),
                          (answer->has_value() ? "" : answer->error().message()));
    return (**answer).id;
  }
  BOOST_REQUIRE_MESSAGE(false, "the request is never answered");
  return {};
}

void World::endure(Millis by) {
  const std::int64_t until = now_unix_ms() + by.count();
  do {
    revive();
    advance(Millis(until - now_unix_ms()));
  } while (parts_->engine.disk_failed());
}

std::string World::result(const InvocationId& id) {
  const auto outcome = parts_->engine.output(id);
  if (!outcome.has_value()) return "";
  if (const auto* value = std::get_if<Bytes>(&*outcome)) return *value;
  const auto& failure = std::get<journal::Failure>(*outcome);
  return "FAILED " + std::to_string(failure.code) + " " + failure.message;
}

Status World::status(const InvocationId& id) { return parts_->engine.status(id); }

std::optional<journal::Invocation> World::row(const InvocationId& id) {
  auto row = parts_->engine.tables().invocation(id);
  BOOST_REQUIRE(row.has_value());
  return std::move(*row);
}

std::vector<journal::Invocation> World::rows() {
  std::vector<journal::Invocation> rows;
  const auto read =
      parts_->engine.tables().each_invocation(std::nullopt, [&](Result<journal::Invocation> row) {
        BOOST_REQUIRE(row.has_value());
        rows.push_back(std::move(*row));
        return true;
      });
  BOOST_REQUIRE(read.has_value());
  return rows;
}

std::optional<Bytes> World::state(const std::string& service, const std::string& key,
                                  const std::string& name) {
  auto value = parts_->engine.tables().state(service, key, name);
  BOOST_REQUIRE(value.has_value());
  return std::move(*value);
}

std::size_t World::journal_size(const InvocationId& id) {
  return parts_->engine.tables().journal(id)->size();
}

std::size_t World::active() { return parts_->engine.engine().counts().active; }

namespace {

template <class T>
Result<T> answer_of(std::optional<Result<T>> answer) {
  BOOST_REQUIRE(answer.has_value());
  return std::move(*answer);
}

}  // namespace

Result<actors::ActResult> World::act(const InvocationId& id, Act act) {
  std::optional<Result<actors::ActResult>> answer;
  parts_->engine.engine().act(id, act, [&](auto result) { answer = std::move(result); });
  settle();
  return answer_of(std::move(answer));
}

void World::try_act(const InvocationId& id, Act act) {
  parts_->engine.engine().act(id, act, [](const auto&) {});
  settle();
  revive();
}

Result<actors::ActResult> World::signal(const InvocationId& id, const std::string& name,
                                        Bytes value) {
  std::optional<Result<actors::ActResult>> answer;
  parts_->engine.engine().signal(id, {name, std::move(value)},
                                 [&](auto result) { answer = std::move(result); });
  settle();
  return answer_of(std::move(answer));
}

Result<actors::ActResult> World::resolve(const std::string& id, Bytes value) {
  const auto awakeable = journal::AwakeableId::from_text(id);
  BOOST_REQUIRE(awakeable.has_value());
  std::optional<Result<actors::ActResult>> answer;
  parts_->engine.engine().signal(awakeable->invocation, {awakeable->index, std::move(value)},
                                 [&](auto result) { answer = std::move(result); });
  settle();
  return answer_of(std::move(answer));
}

Result<actors::ActResult> World::reject(const std::string& id, std::uint16_t code,
                                        std::string message) {
  const auto awakeable = journal::AwakeableId::from_text(id);
  BOOST_REQUIRE(awakeable.has_value());
  std::optional<Result<actors::ActResult>> answer;
  parts_->engine.engine().signal(awakeable->invocation,
                                 {awakeable->index, journal::Failure{code, std::move(message), {}}},
                                 [&](auto result) { answer = std::move(result); });
  settle();
  return answer_of(std::move(answer));
}

Result<InvocationId> World::restart_as_new(const InvocationId& id) {
  std::optional<Result<InvocationId>> answer;
  parts_->engine.engine().restart_as_new(id, {}, [&](auto result) { answer = std::move(result); });
  settle();
  return answer_of(std::move(answer));
}

}  // namespace holdfast::testing
