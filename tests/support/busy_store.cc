#include "tests/support/busy_store.h"

#include <boost/test/unit_test.hpp>
#include <utility>

#include "tests/support/engine_fixture.h"
#include "tests/support/scripted_handlers.h"

namespace holdfast::testing {
namespace {

using journal::HandlerKind;
using journal::ServiceKind;

constexpr std::int64_t kHourMs = 3'600'000;

ScriptedHandlers make_handlers(const journal::InvocationId& order) {
  const auto done = []() -> actors::StepOutcome { return Bytes("done"); };
  ScriptedHandlers handlers;
  handlers.add_plain("Bank", "charge", {run("charge", done)});
  handlers.add_plain("Shop", "order", {run("reserve", done), call("Slow", "", "nap", "")});
  handlers.add_plain("Slow", "nap", {sleep(100 * kHourMs)});
  handlers.add_plain("Follow", "it", {attach(order)});
  handlers.add_plain("Ask", "human", {awakeable()});
  handlers.add_plain("Mail", "note", {run("note", done)});
  // Never ends by itself: its closure gives nothing back.
  handlers.add_plain("Busy", "run", {run_held("held", [](auto) {})});
  handlers.add(ServiceKind::kObject, "Stock", "take",
               {HandlerKind::kExclusive, {get("n"), set("n", "+1"), sleep(50 * kHourMs)}, {}});
  actors::RetryPolicy once, slowly;
  once.max_attempts = 1;
  slowly.initial_interval_ms = 40 * kHourMs;
  slowly.max_interval_ms = 40 * kHourMs;
  handlers.add(ServiceKind::kService, "Flaky", "once", {HandlerKind::kPlain, {fail("no")}, once});
  handlers.add(ServiceKind::kService, "Flaky", "slow",
               {HandlerKind::kPlain, {fail("not yet")}, slowly});
  handlers.add(ServiceKind::kWorkflow, "Approval", "run",
               {HandlerKind::kRun, {promise_get("ok")}, {}});
  handlers.add(ServiceKind::kWorkflow, "Approval", "approve",
               {HandlerKind::kShared, {promise_set("ok", "yes")}, {}});
  handlers.add(ServiceKind::kWorkflow, "Approval", "read",
               {HandlerKind::kShared, {promise_get("ok")}, {}});
  return handlers;
}

std::vector<actors::ServiceInfo> with_short_journals(std::vector<actors::ServiceInfo> services) {
  for (auto& service : services) {
    for (auto& handler : service.handlers) handler.journal_retention_ms = kHourMs;
  }
  return services;
}

actors::InvokeRequest once(actors::InvokeRequest one, std::string idempotency_key) {
  one.idempotency_key = std::move(idempotency_key);
  return one;
}

void put_settings_and_deployment(storage::Store& store) {
  storage::Batch batch;
  journal::ServiceSettings settings;
  settings.is_public = false;
  journal::put_settings(batch, "Bank", settings);
  journal::Deployment deployment;
  deployment.id.ulid = {1, 2, 3};
  deployment.uri = "http://shop.example/";
  deployment.services.push_back({"Shop", ServiceKind::kService, {}, {}, {}, {}, 1});
  deployment.services.back().handlers.push_back({"order"});
  journal::put_deployment(batch, deployment);
  CHECK(storage::write_one(store, batch, storage::Sync::kYes).has_value(), "memory can be written");
}

BusyStore make() {
  const auto order = journal::idempotent_id("Shop", std::nullopt, "order", "order");
  ScriptedHandlers handlers = make_handlers(order);
  EngineFixture world(handlers, with_short_journals(handlers.catalog()));
  const auto send = [&](actors::InvokeRequest one) { return world.send(std::move(one)).id; };
  BusyStore busy;
  busy.services = handlers.catalog();
  put_settings_and_deployment(world.store());
  busy.charged_earlier = send(once(request("Bank", "charge"), "earlier"));
  world.advance(Millis(2 * kHourMs));

  busy.charged = send(once(request("Bank", "charge"), "charge"));
  busy.order = send(once(request("Shop", "order"), "order"));
  busy.follower = send(request("Follow", "it"));
  for (int i = 0; i < 5; ++i) busy.last_follower = send(request("Follow", "it"));
  busy.holder = send(request("Stock", "shelf", "take", ""));
  busy.queued = send(request("Stock", "shelf", "take", ""));
  busy.queued_last = send(request("Stock", "shelf", "take", ""));
  busy.paused = send(request("Flaky", "once"));
  busy.backing_off = send(request("Flaky", "slow"));
  auto later = request("Mail", "note");
  later.not_before_unix_ms = to_unix_millis(world.clock().now()) + 30 * kHourMs;
  busy.scheduled = send(std::move(later));
  busy.waits_for_promise = send(request("Approval", "a", "run", ""));
  for (int i = 0; i < 5; ++i) busy.last_reader = send(request("Approval", "a", "read", ""));
  busy.approved = send(request("Approval", "b", "run", ""));
  send(request("Approval", "b", "approve", ""));
  busy.waits_for_awakeable = send(request("Ask", "human"));
  busy.running = send(request("Busy", "run"));
  world.advance(Millis(60'000));
  for (const auto& one : *world.tables().journal(busy.order)) {
    const auto* told = std::get_if<journal::Notification>(&one.entry.body);
    const auto* id = told == nullptr ? nullptr : std::get_if<journal::InvocationId>(&told->result);
    if (id != nullptr) busy.nap = *id;
  }
  busy.now_unix_ms = to_unix_millis(world.clock().now());
  world.crash();
  const auto read = world.store().scan({}, {}, [&](BytesView key, BytesView value) {
    busy.rows.emplace(key, value);
    return true;
  });
  CHECK(read.has_value(), "memory can be read");
  return busy;
}

}  // namespace

const BusyStore& busy_store() {
  static const BusyStore busy = make();
  return busy;
}

void fill(storage::Store& store, const std::map<Bytes, Bytes>& rows) {
  storage::Batch batch;
  for (const auto& [key, value] : rows) batch.put(key, value);
  CHECK(storage::write_one(store, batch, storage::Sync::kYes).has_value(), "it can be written");
}

}  // namespace holdfast::testing
