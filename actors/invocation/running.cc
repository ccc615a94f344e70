// Running: the attempt, once it has begun, to its end.

#include <algorithm>

#include <caf/send.hpp>
#include <cmath>

#include "actors/caf_types.h"
#include "actors/catalog/resolve.h"
#include "actors/invocation/attempt_link.h"
#include "actors/invocation/invocation_actor.h"
#include "actors/steps/local_runner.h"
#include "storage/base/log.h"
#include "storage/base/rare.h"

namespace holdfast::actors {

namespace {
constexpr Logger kLog("actors");
constexpr Logger kHandlerLog("handler");
}  // namespace

using journal::Status;

void InvocationActor::AttemptLink::on_log(int level, const std::string& line) {
  if (actor_ == nullptr) return;
  const std::string id = actor_->id_.text();
  switch (level) {
    case 0:
      return kHandlerLog.debug(line, "invocation={}", id);
    case 1:
      return kHandlerLog.info(line, "invocation={}", id);
    case 2:
      return kHandlerLog.warn(line, "invocation={}", id);
    default:
      return kHandlerLog.error(line, "invocation={}", id);
  }
}

std::optional<Bytes> InvocationActor::AttemptLink::read_state(BytesView key) {
  if (actor_ == nullptr || !actor_->object_state_) return std::nullopt;
  auto value = actor_->read_or_stop(actor_->object_state_->get(key));
  if (value) return std::move(*value);
  actor_->break_attempt(500, "state cannot be read: " + value.error().message());
  return std::nullopt;
}

std::vector<Bytes> InvocationActor::AttemptLink::list_state() {
  if (actor_ == nullptr || !actor_->object_state_) return {};
  auto keys = actor_->read_or_stop(actor_->object_state_->keys());
  if (keys) return std::move(*keys);
  actor_->break_attempt(500, "state cannot be read: " + keys.error().message());
  return {};
}

std::int64_t InvocationActor::AttemptLink::now_unix_ms() {
  return actor_ == nullptr ? 0 : actor_->now();
}

void InvocationActor::drive(AttemptState state) {
  current_.state = state;
  ++wait_;
}

void InvocationActor::notify(const journal::Notification& notification) {
  const bool listens =
      current_.state == AttemptState::kBlocked || current_.state == AttemptState::kSuspended;
  if (listens) drive(current_.attempt->notify(notification));
}

void InvocationActor::on(AttemptWoken& mail) {
  // INV-4: what a former attempt still says is not asked for.
  if (!current_.attempt || mail.attempt != current_.number) return;
  current_.unread = true;
}

// An attempt elsewhere may be faster than the disk. What is not taken from it holds it up, so that
// neither batches on their way nor commands that nobody waits for become ever more, and whoever
// wants to act on the invocation gets his turn.
bool InvocationActor::has_room() const {
  constexpr std::size_t kBatchesAhead = 4;
  const std::size_t batches_ahead = rare("one batch on its way") ? 1 : kBatchesAhead;
  return outstanding_ < batches_ahead && waiting_acts_.empty();
}

void InvocationActor::read_attempt() {
  constexpr int kReadsUnsaved = 16;
  current_.unread = false;
  if (broken_ || current_.state != AttemptState::kBlocked) return;
  drive(current_.attempt->woken());
  const int reads_unsaved = rare("each read is saved") ? 1 : kReadsUnsaved;
  if (++current_.unsaved_reads >= reads_unsaved && !decision_.empty()) decision_.urgent = true;
}

// REQUIRES: an attempt.
void InvocationActor::settle_attempt() {
  if (broken_ || current_.state == AttemptState::kFailed) {
    if (may_close()) fail_attempt();
    return;
  }
  switch (current_.state) {
    case AttemptState::kEnded:
      if (!may_close()) return;
      // Code of this process is spared the entry: its row has the result.
      if (!state_.row.deployment_id.empty() && state_.row.journal_retention_ms > 0 &&
          !output_recorded_) {
        journal::record_output(state_, *output_, decision_);
      }
      finish(std::move(*output_));
      return;
    case AttemptState::kSuspended:
      if (!may_close() || news_pending()) {
        decision_.urgent = true;
      } else if (current_.attempt->is_ready()) {
        end_attempt();
        want_attempt_ = true;
      } else {
        park();
        end_attempt();
      }
      return;
    case AttemptState::kBlocked:
      if (waits_long()) leave_memory_or_ask();
      return;
    case AttemptState::kFailed:
      return;
  }
}

void InvocationActor::leave_memory_or_ask() {
  if (current_.attempt->droppable()) {
    park();
  } else {
    current_.attempt->ask_to_suspend();
  }
}

void InvocationActor::break_attempt(std::uint16_t code, std::string message) {
  if (broken_) return;
  broken_.emplace();
  broken_->failure.code = code;
  broken_->failure.message = std::move(message);
}

Result<journal::Resolution> InvocationActor::resolve_call(const journal::Call& call) const {
  const auto catalog = world_.catalog.snapshot();
  const auto service = catalog->find(call.service);
  const bool keyed =
      service != catalog->end() && service->second.kind != journal::ServiceKind::kService;
  Resolved resolved = TRY(
      resolve(*catalog, call.service,
              keyed || !call.key.empty() ? std::optional<std::string_view>(call.key) : std::nullopt,
              call.handler, call.idempotency_key.has_value()));
  const auto key =
      keyed ? std::optional<std::string_view>(resolved.resolution.target.key) : std::nullopt;
  resolved.resolution.is_crowded = world_.is_crowded();
  resolved.resolution.fresh_id =
      journal::fresh_id(resolved.resolution.target.service, key, now(), world_.random);
  return std::move(resolved.resolution);
}

// A read of state that the handler could not do by itself.
void InvocationActor::answer_read(const journal::Entry& command) {
  const auto* const read = std::get_if<journal::ReadState>(&command.body);
  const auto* const list = std::get_if<journal::ListState>(&command.body);
  if (read != nullptr && read->completion != 0) {
    std::optional<Bytes> value = current_.link->read_state(read->key);
    if (!broken_) journal::answer_read(state_, read->completion, std::move(value), decision_);
  } else if (list != nullptr && list->completion != 0) {
    std::vector<Bytes> keys = current_.link->list_state();
    if (!broken_) journal::answer_list(state_, list->completion, std::move(keys), decision_);
  }
}

void InvocationActor::take_command(journal::Entry entry, bool at_once) {
  if (broken_) return;
  if (auto* output = std::get_if<journal::Output>(&entry.body)) {
    output_ = output->result;
    output_recorded_ = false;  // The last one counts.
    if (!at_once) return;
    // Somebody wants to know that it is stored, so it is, before the end.
    output_recorded_ = true;
    journal::command(state_, std::move(entry), nullptr, now(), decision_);
    decision_.urgent = current_.wants_all_durable = true;
    return;
  }
  const journal::HandlerKind kind = state_.row.target.handler_kind;
  const bool may_write =
      kind == journal::HandlerKind::kExclusive || kind == journal::HandlerKind::kRun;
  if (const auto* write = std::get_if<journal::WriteState>(&entry.body)) {
    if (!may_write) return break_attempt(500, "this handler may only read state (RT0017)");
    object_state_->set(write->key, write->value);
  } else if (const auto* clear = std::get_if<journal::ClearState>(&entry.body)) {
    if (!may_write) return break_attempt(500, "this handler may only read state (RT0017)");
    if (clear->key) {
      object_state_->clear(*clear->key);
    } else {
      const auto keys = read_or_stop(object_state_->keys());
      if (!keys) return break_attempt(500, "state cannot be read: " + keys.error().message());
      for (const Bytes& key : *keys) {
        object_state_->clear(key);
        decision_.facts.push_back(journal::DropState{key});
      }
    }
  } else if (std::holds_alternative<journal::Promise>(entry.body) &&
             state_.row.target.service_kind != journal::ServiceKind::kWorkflow) {
    return break_attempt(500, "only workflows have promises (RT0017)");
  }

  std::optional<journal::Resolution> resolution;
  if (const auto* call = std::get_if<journal::Call>(&entry.body)) {
    auto resolved = resolve_call(*call);
    if (!resolved) return break_attempt(404, resolved.error().message() + " (RT0018)");
    resolution = std::move(*resolved);
  }
  const std::size_t asked_before = decision_.requests.size();
  if (at_once) decision_.urgent = current_.wants_all_durable = true;
  const bool reads = std::holds_alternative<journal::ReadState>(entry.body) ||
                     std::holds_alternative<journal::ListState>(entry.body);
  if (reads) {
    journal::command(state_, entry, nullptr, now(), decision_);
    answer_read(entry);
    return;
  }
  journal::command(state_, std::move(entry), resolution ? &*resolution : nullptr, now(), decision_);
  for (std::size_t i = asked_before; i < decision_.requests.size(); ++i) {
    open_asks_.insert(decision_.requests[i].number);
  }
}

// Requests of an earlier process that may never have reached their owner.
void InvocationActor::ask_again() {
  for (const auto& [number, entry] : std::exchange(state_.open_asks, {})) {
    std::optional<journal::Resolution> resolution;
    if (const auto* call = std::get_if<journal::Call>(&entry.body)) {
      // A send is acknowledged before its sender rests, which rewrites the row.
      if (call->completion == 0 && number < state_.row.journal_commands) continue;
      auto resolved = resolve_call(*call);
      if (!resolved && !call->idempotency_key) continue;  // It was created with its call.
      if (!resolved) {
        break_attempt(404, resolved.error().message() + " (RT0018)");
        return;
      }
      resolution = std::move(*resolved);
    }
    auto request =
        journal::request_of(state_, number, entry, resolution ? &*resolution : nullptr, now());
    if (!request) continue;
    open_asks_.insert(number);
    const journal::InvocationId to = request->to;
    world_.router.deliver(to,
                          InvocationMail{std::make_shared<Asked>(Asked{id_, std::move(*request)})});
  }
}

// INV-1: a closure acts on the world, so all that led to it must be durable. Its own command need
// not be, so the receipt of that says nothing of what the former holder of the key has staged.
void InvocationActor::run_waiting_steps() {
  if (waiting_steps_.empty() || outstanding_ > 0 || !current_.attempt) return;
  if (state_.row.target.handler_kind == journal::HandlerKind::kShared && !decision_.empty()) {
    // What it read may be different after a crash; its closure must not act on that.
    decision_.urgent = true;
    flush();
    return;
  }
  if (world_.committer.durable_through() < seen_through_) {
    send_out({}, {}, {});  // A barrier; its receipt brings us back.
    return;
  }
  while (!waiting_steps_.empty()) {
    Step step = std::move(waiting_steps_.front());
    waiting_steps_.pop_front();
    run_step(std::move(step));
  }
}

void InvocationActor::run_step(Step step) {
  ++current_.steps_running;
  world_.open_steps->fetch_add(1, std::memory_order_relaxed);
  const bool awaited = !state_.row.waiters.empty() || world_.waiters.any(id_);
  world_.steps.post(
      {state_.row.target.service, awaited},
      [step = std::move(step), self = caf::actor(this), number = current_.number,
       open_steps = world_.open_steps, &system = home_system(), &committer = world_.committer] {
        LocalRunner runner(system, committer);
        step.run([self, number, completion = step.completion, open_steps](StepOutcome outcome) {
          open_steps->fetch_sub(1, std::memory_order_relaxed);
          send_here(self, InvocationMail{StepDone{number, completion, std::move(outcome)}});
        });
        // No closure is waiting or executing: nobody is held up while this thread commits.
        runner.run([&open_steps] { return open_steps->load(std::memory_order_relaxed) == 0; });
      });
}

void InvocationActor::on(StepDone& mail) {
  if (current_.attempt && mail.attempt == current_.number) {
    --current_.steps_running;
    if (current_.state == AttemptState::kBlocked && !broken_) {
      drive(current_.attempt->step_done(mail.completion, std::move(mail.outcome)));
    }
    return;
  }
  // INV-4: of a former attempt; nobody asks for its outcome.
  std::erase_if(former_, [&](RunningAttempt& one) {
    return one.number == mail.attempt && --one.steps_running == 0;
  });
}

void InvocationActor::on(StateReplaced&) {
  state_replaced_ = true;  // Its own view is dropped when all it has written is durable.
}

void InvocationActor::end_attempt() {
  if (current_.link) current_.link->cut();
  if (current_.attempt) world_.committer.end_work();
  waiting_steps_.clear();
  want_attempt_ = false;
  // The handler's frame must outlive closures that still run.
  if (current_.steps_running > 0) former_.push_back(std::move(current_));
  current_ = {};
  broken_.reset();
  output_.reset();
}

void InvocationActor::finish(journal::Outcome outcome) {
  recall_waiters(id_, state_.later_waiters);  // Who can be read is told.
  journal::finish(state_, std::move(outcome), now(), decision_);
  end_attempt();
  journal_.reset();
  if (!world_.waiters.any(id_)) return;  // Later ones are answered from the row.
  then_.push_back([&waiters = world_.waiters, done = finished()] {
    for (const auto& callback : waiters.take_all(done.id)) callback(done);
  });
}

RetryPolicy InvocationActor::retry_policy() const {
  const auto handler = handler_info();
  return handler == nullptr ? RetryPolicy{} : handler->retry;
}

void InvocationActor::fail_attempt() {
  AttemptError error = broken_ ? std::move(*broken_) : current_.attempt->error();
  if (current_.pinned && state_.commands <= 1) {
    // It got nowhere; the next attempt may go to a newer deployment.
    state_.row.deployment_id.clear();
    state_.row.protocol_version = 0;
  }
  end_attempt();

  const RetryPolicy policy = retry_policy();
  const std::uint32_t attempt = state_.row.retry_count + 1;
  const bool own_delay = error.next_retry_delay_ms.has_value();
  const bool wants_pause = error.then == AttemptError::Then::kPause;
  const bool wants_end = error.then == AttemptError::Then::kFail;
  const bool last = wants_pause || wants_end ||
                    (!own_delay && policy.max_attempts && attempt >= *policy.max_attempts);

  std::optional<std::int64_t> delay_ms = error.next_retry_delay_ms;
  if (last) {
    delay_ms.reset();
  } else if (!own_delay) {
    const double interval =
        std::min(static_cast<double>(policy.initial_interval_ms) *
                     std::pow(policy.factor, std::min<std::uint32_t>(attempt - 1, 64)),
                 static_cast<double>(policy.max_interval_ms));
    const double share =
        static_cast<double>(world_.random.next() >> 11) / static_cast<double>(1ull << 53);
    delay_ms = static_cast<std::int64_t>(interval * (1 + policy.jitter * (2 * share - 1)));
  }
  const bool ends =
      wants_end || (last && !wants_pause && policy.on_max_attempts == OnMaxAttempts::kKill);
  kLog.warn("attempt failed", "invocation={} target={} attempt={} code={} {} reason={}", id_.text(),
            state_.row.target.text(), attempt, error.failure.code,
            delay_ms ? "retry_in_ms=" + std::to_string(*delay_ms)
                     : std::string(ends ? "last=yes then=failed" : "last=yes then=paused"),
            error.failure.message);
  if (last && !ends) {
    kLog.warn("invocation is paused: it goes on when an operator resumes it",
              "invocation={} target={} attempts={}", id_.text(), state_.row.target.text(), attempt);
  }
  if (ends) {
    finish(journal::Failure{error.failure.code, error.failure.message, {}});
    return;
  }
  object_state_.reset();
  journal::back_off(state_, std::move(error.failure), delay_ms, now(), decision_);
}

// Whether a notification is decided that the attempt has not been given.
bool InvocationActor::news_pending() const {
  return std::any_of(decision_.facts.begin(), decision_.facts.end(), [](const journal::Fact& fact) {
    const auto* append = std::get_if<journal::Append>(&fact);
    return append != nullptr && !append->entry.is_command();
  });
}

bool InvocationActor::waits_long() {
  if (current_.state != AttemptState::kBlocked || steps_pending() || !may_close() ||
      state_.row.status != Status::kRunning || news_pending()) {
    return false;
  }

  journal::WaitSet waits = current_.attempt->waiting();
  if (!waits.nested.empty()) waits = waits.leaves();
  // SDKs wait for the cancellation beside anything else.
  bool only_sleeps =
      waits.named_signals.empty() &&
      std::all_of(waits.signals.begin(), waits.signals.end(),
                  [](std::uint32_t signal) { return signal == journal::kCancelSignal; });
  std::int64_t due = INT64_MAX;
  for (const journal::CompletionId id : waits.completions) {
    const auto sleep =
        std::find_if(state_.open_sleeps.begin(), state_.open_sleeps.end(),
                     [&](const journal::Timer& timer) { return timer.completion == id; });
    if (sleep == state_.open_sleeps.end()) {
      only_sleeps = false;
      break;
    }
    due = std::min(due, sleep->due_unix_ms);
  }
  if (only_sleeps && !waits.completions.empty()) {
    return due - now() > park_after_ms();
  }
  // One elsewhere that cannot be asked brings us back by what it says, or is told, next.
  const bool may_leave = current_.attempt->droppable() || current_.attempt->can_be_asked();
  if (may_leave && !wait_noted_) {
    wait_noted_ = true;
    world_.wait_notes.add({now(), id_, wait_}, park_after_ms());
  }
  return false;
}

void InvocationActor::park() {
  journal::park(state_, current_.attempt->waiting(), now(), decision_);
}

}  // namespace holdfast::actors
