#include "actors/engine_impl.h"

#include <algorithm>
#include <caf/send.hpp>

#include "actors/caf_types.h"
#include "actors/catalog/resolve.h"
#include "actors/invocation/invocation_actor.h"
#include "actors/key/key_actor.h"
#include "actors/recovery/recovery_actor.h"
#include "actors/scheduled_send.h"
#include "actors/timer/timer_actor.h"

namespace holdfast::actors {

EngineImpl::EngineImpl(caf::actor_system& system, const Engine::Parts& parts,
                       const EngineOptions& options, StepPool::Drive steps)
    : system_(system),
      parts_(parts),
      options_(options),
      journal_(parts.store),
      steps_(steps, options.step_threads_max),
      loop_(parts.loop == nullptr
                ? nullptr
                : std::make_unique<LoopRunner>(system, parts.committer, *parts.loop)),
      router_(
          [this](const journal::InvocationId& id) {
            return system_.spawn<InvocationActor, caf::lazy_init>(std::cref(world_), id);
          },
          [this](const KeyName& name) {
            return system_.spawn<KeyActor, caf::lazy_init>(std::cref(world_), name);
          },
          loop_.get()),
      world_{journal_,
             parts.committer,
             parts.clock,
             parts.random,
             parts.catalog,
             parts.handlers,
             router_,
             steps_,
             waiters_,
             wait_notes_,
             timer_horizon_,
             armed_timers_,
             options_,
             loop_.get(),
             std::make_shared<std::atomic<std::size_t>>(0),
             {}} {
  world_.timers = system_.spawn<TimerActor>(std::cref(journal_.tables()), std::cref(parts.clock),
                                            std::ref(router_), std::ref(timer_horizon_),
                                            std::ref(armed_timers_), options_.begin_at_once_max);
  sweeper_ =
      system_.spawn<SweeperActor>(std::ref(wait_notes_), std::cref(parts.clock), std::ref(router_));
  wait_notes_.set_sweeper(sweeper_);
}

EngineImpl::~EngineImpl() = default;

void EngineImpl::recover() {
  caf::anon_send(world_.timers, TimerMail{Armed{}});  // Its first look at the table.
  recovery_ = system_.spawn<RecoveryActor>(std::cref(journal_.tables()), std::ref(router_));
  caf::anon_send(recovery_, RecoverMore{});
}

void EngineImpl::drain() {
  draining_ = true;
  router_.tell_all(Rest{});
}

void EngineImpl::close() {
  router_.close();
  steps_.close();
  waiters_.fail_all(Error(ErrorCode::kShuttingDown, "the server is shutting down"));
}

void EngineImpl::end() {
  if (loop_ != nullptr) loop_->close();
  router_.close();
  router_.drop_all();
  wait_notes_.set_sweeper({});
  caf::anon_send_exit(sweeper_, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(world_.timers, caf::exit_reason::user_shutdown);
  if (recovery_) caf::anon_send_exit(recovery_, caf::exit_reason::user_shutdown);
}

void EngineImpl::release() {
  sweeper_ = nullptr;
  recovery_ = nullptr;
  world_.timers = nullptr;
}

std::optional<Error> EngineImpl::refusal() const {
  if (draining_) return Error(ErrorCode::kShuttingDown, "the server is shutting down");
  if (parts_.committer.bytes_in_flight() > options_.bytes_in_flight_max) {
    return Error(ErrorCode::kUnavailable, "too many bytes wait for the disk; try again later");
  }
  return std::nullopt;
}

// Of an invocation that comes to memory.
std::optional<Error> EngineImpl::refusal_of_one_more() const {
  if (router_.active() > options_.active_max) {
    return Error(ErrorCode::kUnavailable, "too many invocations are active; try again later");
  }
  return std::nullopt;
}

Result<std::shared_ptr<Begin>> EngineImpl::prepare(InvokeRequest request) const {
  if (auto refused = refusal()) return std::move(*refused);
  const auto catalog = parts_.catalog.snapshot();
  const auto key = request.key ? std::optional<std::string_view>(*request.key) : std::nullopt;
  Resolved resolved = TRY(resolve(*catalog, request.service, key, request.handler,
                                  request.idempotency_key.has_value()));
  journal::Target& target = resolved.resolution.target;
  const std::int64_t now = to_unix_millis(parts_.clock.now());

  auto begin = std::make_shared<Begin>();
  journal::Invocation& row = begin->invocation;
  if (target.handler_kind == journal::HandlerKind::kRun) {
    row.id = journal::workflow_run_id(target.service, target.key);
    begin->id_determined = true;
  } else if (request.idempotency_key) {
    row.id = journal::idempotent_id(target.service, key, target.handler, *request.idempotency_key);
    begin->id_determined = true;
  } else {
    row.id = journal::fresh_id(target.service, key, now, parts_.random);
  }
  row.target = std::move(target);
  row.source = journal::Source::kIngress;
  row.idempotency_key = std::move(request.idempotency_key);
  row.trace_parent = std::move(request.trace_parent);
  row.completion_retention_ms = resolved.resolution.completion_retention_ms;
  row.journal_retention_ms = resolved.resolution.journal_retention_ms;
  row.scheduled_start_at = request.not_before_unix_ms;
  begin->input.body = journal::Input{std::move(request.headers), std::move(request.body)};
  return begin;
}

// What may have to be read first is begun by a worker.
Home EngineImpl::home_of(const Begin& begin) const {
  const bool on_loop =
      loop_ != nullptr && !begin.id_determined && parts_.handlers.is_elsewhere(begin.invocation);
  return on_loop ? Home::kLoop : Home::kWorkers;
}

void EngineImpl::send(InvokeRequest request, std::function<void(Result<Accepted>)> on_accepted) {
  auto prepared = prepare(std::move(request));
  if (!prepared) return on_accepted(prepared.error());
  std::shared_ptr<Begin> begin = std::move(*prepared);
  const std::int64_t now = to_unix_millis(parts_.clock.now());
  std::int64_t& starts = begin->invocation.scheduled_start_at;
  const bool is_later = starts > now;
  if (!begin->id_determined && (is_later || world_.puts_off(begin->invocation.target))) {
    const std::int64_t told_time = is_later ? starts : 0;
    starts = std::max(starts, now + 1);
    begin->on_accepted = std::move(on_accepted);
    return store_scheduled(world_, std::move(*begin), now, told_time);
  }
  if (auto refused = refusal_of_one_more()) return on_accepted(std::move(*refused));
  begin->on_accepted = std::move(on_accepted);
  deliver(std::move(begin));
}

void EngineImpl::deliver(std::shared_ptr<Begin> begin) {
  const journal::InvocationId id = begin->invocation.id;
  const Home home = home_of(*begin);
  router_.deliver(id, InvocationMail{std::move(begin)}, home);
}

WaitHandle EngineImpl::call(InvokeRequest request,
                            std::function<void(Result<Finished>)> on_finished) {
  auto prepared = prepare(std::move(request));
  if (!prepared) {
    on_finished(prepared.error());
    return {};
  }
  std::shared_ptr<Begin> begin = std::move(*prepared);
  auto refused = refusal_of_one_more();
  // Sends wait in the store instead, and one that exists may have its answer.
  const std::string& service = begin->invocation.target.service;
  if (!refused && !begin->id_determined && steps_.has_backlog(service, options_.step_backlog_max)) {
    refused = Error(ErrorCode::kUnavailable, "too many steps of service '" + service +
                                                 "' wait to be executed; try again later");
  }
  if (refused) {
    on_finished(std::move(*refused));
    return {};
  }
  const journal::InvocationId id = begin->invocation.id;
  begin->waiter = waiters_.add(id, std::move(on_finished));
  const WaitHandle handle{id, begin->waiter};
  deliver(std::move(begin));
  return handle;
}

WaitHandle EngineImpl::attach(const journal::InvocationId& id,
                              std::function<void(Result<Finished>)> on_finished) {
  if (draining_) {
    on_finished(Error(ErrorCode::kShuttingDown, "the server is shutting down"));
    return {};
  }
  const WaitHandle handle{id, waiters_.add(id, std::move(on_finished))};
  router_.deliver(id, InvocationMail{Ask{handle.number}});
  return handle;
}

void EngineImpl::output(const journal::InvocationId& id,
                        std::function<void(Result<std::optional<Finished>>)> on_answer) {
  router_.deliver(id, InvocationMail{AskOutput{std::move(on_answer)}});
}

void EngineImpl::forget(const WaitHandle& handle) { waiters_.forget(handle.id, handle.number); }

void EngineImpl::signal(const journal::InvocationId& id, journal::Notification signal,
                        std::function<void(Result<ActResult>)> on_done) {
  if (auto refused = refusal()) return on_done(std::move(*refused));
  if (auto refused = refusal_of_one_more()) return on_done(std::move(*refused));
  router_.deliver(id, InvocationMail{SignalSent{std::move(signal), std::move(on_done)}});
}

void EngineImpl::act(const journal::InvocationId& id, Engine::Act act,
                     std::function<void(Result<ActResult>)> on_done) {
  router_.deliver(id, InvocationMail{ActOn{act, std::move(on_done), {}}});
}

void EngineImpl::resume_on(const journal::InvocationId& id, std::string deployment,
                           std::function<void(Result<ActResult>)> on_done) {
  router_.deliver(id, InvocationMail{ActOn{Engine::Act::kResume, std::move(on_done),
                                           std::make_shared<std::string>(std::move(deployment))}});
}

void EngineImpl::restart_as_new(const journal::InvocationId& id, Engine::Restart restart,
                                std::function<void(Result<journal::InvocationId>)> on_done) {
  router_.deliver(id, InvocationMail{std::make_shared<CopyAsNew>(
                          CopyAsNew{std::move(restart), std::move(on_done)})});
}

void EngineImpl::replace_state(std::string service, std::string key, std::map<Bytes, Bytes> state,
                               std::function<void(Result<void>)> on_done) {
  const auto catalog = parts_.catalog.snapshot();
  const auto found = catalog->find(service);
  if (found == catalog->end()) {
    return on_done(Error(ErrorCode::kNotFound, "service '" + service + "' not found"));
  }
  if (found->second.kind == journal::ServiceKind::kService) {
    return on_done(Error(ErrorCode::kInvalidArgument, "service '" + service + "' has no state"));
  }
  router_.deliver(KeyName{std::move(service), std::move(key)},
                  KeyMail{ReplaceState{std::move(state), std::move(on_done)}});
}

void EngineImpl::set_service(std::string service, journal::ServiceSettings settings,
                             std::function<void(Result<void>)> on_done) {
  const auto catalog = parts_.catalog.snapshot();
  if (catalog->find(service) == catalog->end()) {
    return on_done(Error(ErrorCode::kNotFound, "service '" + service + "' not found"));
  }
  storage::Batch batch;
  journal::put_settings(batch, service, settings);
  parts_.committer.submit(std::move(batch), [this, service = std::move(service), settings,
                                             on_done = std::move(on_done)](const auto&) {
    on_done(parts_.catalog.apply(service, settings));
  });
}

void EngineImpl::clock_was_set() {
  caf::anon_send(world_.timers, TimerMail{ClockSet{}});
  caf::anon_send(sweeper_, SweepNow{});
}

Engine::Counts EngineImpl::counts() const {
  return {router_.active(), world_.open_steps->load(), parts_.committer.bytes_in_flight()};
}

}  // namespace holdfast::actors
