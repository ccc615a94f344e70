#include "sdk/runtime/attempt.h"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

#include "sdk/runtime/awakeable_id.h"
#include "sdk/runtime/command_check.h"
#include "sdk/runtime/failure.h"
#include "sdk/runtime/request.h"
#include "sdk/runtime/wait_tree.h"

namespace holdfast::runtime {

Attempt::Attempt(const HandlerDefinition& handler, SessionHost& host)
    : handler_(handler), host_(host), random_(0), cancellation_(arrivals_) {}

Attempt::~Attempt() { ending_ = true; }

// --- Driving ---

SessionState Attempt::start(protocol::Start start) {
  start_ = std::move(start);
  random_ = SeededRandom(start_.random_seed);
  if (!take_journal()) {
    fail(protocol::kProtocolViolation, "the journal does not begin with an Input command");
    return state_;
  }
  Bytes input = std::move(std::get<protocol::InputCommand>(replay_.next().body).value);
  replay_.pass();
  return drive([&] {
    task_ = handler_.invoke(*this, std::move(input));
    task_.start();
  });
}

bool Attempt::take_journal() {
  std::vector<protocol::Entry> journal = std::move(start_.journal);
  protocol::CompletionId completions = 0;
  for (std::size_t i = 0; i < journal.size(); ++i) {
    if (auto* command = std::get_if<protocol::Command>(&journal[i])) {
      completions += completions_of(*command);
      replay_.add(std::move(*command), i);
    }
  }
  arrivals_.expect_completions(completions);
  for (protocol::Entry& entry : journal) {
    if (auto* notification = std::get_if<protocol::Notification>(&entry)) {
      arrivals_.add(std::move(*notification));
    }
  }
  if (!replay_.replaying()) return false;
  auto* input = std::get_if<protocol::InputCommand>(&replay_.next().body);
  if (input == nullptr) return false;
  headers_ = std::move(input->headers);
  commands_ = 1;
  return true;
}

template <class Resume>
SessionState Attempt::drive(Resume&& resume) {
  in_handler_ = true;
  try {
    resume();
  } catch (const std::exception& error) {  // invoke() itself, before there was a coroutine.
    fail(500, error.what());
  } catch (...) {
    fail(500, "an exception that is not a std::exception");
  }
  in_handler_ = false;
  return settle();
}

SessionState Attempt::notify(protocol::Notification notification) {
  if (state_ != SessionState::kBlocked || !arrivals_.add(std::move(notification))) return state_;
  return go_on_if_ready();
}

SessionState Attempt::go_on_if_ready() {
  if (awaited_ == nullptr) return state_;
  const bool is_over = ready(*awaited_);
  if (!is_over) return error_ ? settle() : state_;
  awaited_ = nullptr;
  return drive([this] { std::exchange(blocked_, nullptr).resume(); });
}

SessionState Attempt::settle() {
  if (!error_ && task_.done()) finish();
  if (!error_ && state_ == SessionState::kBlocked) {
    if (awaited_ == nullptr) {
      fail(500,
           "the handler waits for something that is not a future of its context; such waiting "
           "belongs into the closure of a run()");
    } else if (replay_.replaying()) {
      fail_mismatch(replay_.mismatch_instead("waits for something that is not recorded"));
    } else if (!is_decided(*awaited_)) {
      look_after_awaited_steps();
      if (!error_) steps_.release(host_);
    }
  }
  if (error_) state_ = SessionState::kFailed;
  if (state_ != SessionState::kBlocked) steps_.drop_all();
  return state_;
}

void Attempt::finish() {
  protocol::OutputCommand output;
  try {
    output.result = task_.take();
  } catch (const TerminalError& error) {
    output.result = to_failure(to_failed(error));
  } catch (const RetryableError& error) {
    return fail(500, error.message(), error.retry_after());
  } catch (const std::exception& error) {
    return fail(500, error.what());
  } catch (...) {
    return fail(500, "an exception that is not a std::exception");
  }
  steps_.drop_held_back();  // Nobody is left to look at what they come to.
  if (issue({{}, std::move(output)}) == Issued::kFailed) return;
  if (replay_.replaying()) return fail_mismatch(replay_.mismatch_instead("has ended"));
  state_ = SessionState::kEnded;
}

void Attempt::fail(std::uint16_t code, std::string message,
                   std::optional<std::chrono::milliseconds> retry_after) {
  if (error_) return;
  error_.emplace();
  error_->code = code;
  error_->message = std::move(message);
  if (retry_after) {
    error_->next_retry_delay_ms = std::max<std::int64_t>(retry_after->count(), 0);
  }
  state_ = SessionState::kFailed;
}

void Attempt::fail_mismatch(std::string message) {
  if (error_) return;
  fail(protocol::kJournalMismatch, std::move(message));
  error_->related_command = replay_.passed();
  error_->related_command_name = replay_.next().name;
  error_->related_command_type = command_type(replay_.next());
}

protocol::WaitSet Attempt::waiting() const {
  WaitTree tree;
  if (awaited_ == nullptr) return tree.take();
  if (cancellation_.is_before(awaited_->verdict().position)) {
    for (const Slot* slot : cancellation_.unknown_ids()) tree.leaf(*slot);
  } else if (!awaited_->verdict().decided()) {  // Else closures have to end before it goes on.
    awaited_->describe(tree);
  }
  return tree.take();
}

// --- Awaiting ---

bool Attempt::begin_await(const Awaited& awaited) {
  require_handler();
  return ready(awaited);
}

void Attempt::block(const Awaited& awaited, std::coroutine_handle<> handle) {
  if (awaited_ != nullptr) {
    throw std::logic_error("a handler waits for one thing at a time; use all(), any() or race()");
  }
  awaited_ = &awaited;
  blocked_ = handle;
}

void Attempt::end_await() {
  if (cancellation_.take()) throw CancelledError();
}

bool Attempt::is_decided(const Awaited& awaited) const {
  const Position position = awaited.verdict().position;
  return position != kUndecided || cancellation_.is_before(position);
}

bool Attempt::ready(const Awaited& awaited) {
  if (error_) return false;
  const Verdict verdict = awaited.verdict();
  const bool cancelled = cancellation_.is_before(verdict.position);
  if (!verdict.decided() && !cancelled) return false;
  // An exception ends what closures may refer to, so it is thrown when none is executed any more,
  // and one that has not begun waits until it is awaited again. Which await throws, positions say.
  const bool throws = cancelled || (verdict.failed && !verdict.timed_out);
  if (throws && steps_.in_flight() > 0) return false;
  if (throws) steps_.leave_all_behind();
  if (cancelled && !cancel_calls()) return false;
  steps_.leave_behind(awaited);
  if (cancelled) cancellation_.end_await();
  return true;
}

bool Attempt::cancel_calls() {
  if (!cancellation_.unknown_ids().empty()) return false;
  for (const Slot* id : cancellation_.known_ids()) {
    protocol::SendSignalCommand signal{id->value, protocol::kCancelSignal, {}};
    if (issue({{}, std::move(signal)}) == Issued::kFailed) return false;
  }
  return true;
}

// --- Commands ---

void Attempt::require_handler() const {
  if (in_handler_ || ending_) return;
  throw std::logic_error(
      "a context was used outside its handler: the closure of a run() must not use it");
}

Attempt::Issued Attempt::issue(protocol::Command command) {
  if (error_ || ending_) return Issued::kFailed;
  if (replay_.replaying()) {
    if (std::optional<std::string> mismatch = replay_.match(command)) {
      fail_mismatch(std::move(*mismatch));
      return Issued::kFailed;
    }
    ++commands_;
    return Issued::kReplayed;
  }
  steps_.release(host_);
  ++commands_;
  host_.on_command(std::move(command));
  return Issued::kSent;
}

template <class Body>
Slot* Attempt::ask(Body body, std::string name) {
  require_handler();
  body.completion = ++last_completion_;
  Slot* slot = &arrivals_.completion(last_completion_);
  // One that is refused must not find the outcome of what was recorded (INV-2).
  if (issue({std::move(name), std::move(body)}) == Issued::kFailed) return &arrivals_.lone_slot();
  return slot;
}

Slot* Attempt::sleep(std::chrono::milliseconds duration, std::string name) {
  require_handler();
  // The time of a recorded sleep is not looked at.
  const std::int64_t now = replay_.replaying() || ending_ ? 0 : host_.now_unix_ms();
  return sleep_until(now + std::max<std::int64_t>(duration.count(), 0), std::move(name));
}

Slot* Attempt::sleep_until(std::int64_t wake_up_unix_ms, std::string name) {
  return ask(protocol::SleepCommand{std::max<std::int64_t>(wake_up_unix_ms, 0), 0},
             std::move(name));
}

Slot* Attempt::get_state(Bytes key) {
  require_handler();
  if (replay_.replaying() && !error_) {
    auto* eager = std::get_if<protocol::GetEagerStateCommand>(&replay_.next().body);
    if (eager != nullptr && eager->key == key) {
      std::optional<Bytes> value = std::move(eager->value);
      replay_.pass();
      ++commands_;
      return answer(std::move(value));
    }
    return ask(protocol::GetLazyStateCommand{std::move(key), 0});
  }
  const StateOverlay::Own own = overlay_.find(key);
  std::optional<Bytes> value;
  if (own.written) {
    if (own.value != nullptr) value = *own.value;
  } else if (!error_ && !ending_) {
    Bytes stored;
    const SessionHost::Lookup lookup = host_.read_state(key, &stored);
    if (lookup == SessionHost::Lookup::kUnknown) {
      return ask(protocol::GetLazyStateCommand{std::move(key), 0});
    }
    if (lookup == SessionHost::Lookup::kPresent) value = std::move(stored);
  }
  const Issued issued = issue({{}, protocol::GetEagerStateCommand{std::move(key), value}});
  return issued == Issued::kFailed ? &arrivals_.lone_slot() : answer(std::move(value));
}

Slot* Attempt::get_state_keys() {
  require_handler();
  if (replay_.replaying() && !error_) {
    if (auto* eager = std::get_if<protocol::GetEagerStateKeysCommand>(&replay_.next().body)) {
      std::vector<Bytes> keys = std::move(eager->keys);
      replay_.pass();
      ++commands_;
      return answer_keys(std::move(keys));
    }
    return ask(protocol::GetLazyStateKeysCommand{});
  }
  std::vector<Bytes> below;
  if (!overlay_.hides_everything() && !error_ && !ending_ && !host_.read_state_keys(&below)) {
    return ask(protocol::GetLazyStateKeysCommand{});
  }
  std::vector<Bytes> keys = overlay_.keys(std::move(below));
  const Issued issued = issue({{}, protocol::GetEagerStateKeysCommand{keys}});
  return issued == Issued::kFailed ? &arrivals_.lone_slot() : answer_keys(std::move(keys));
}

Slot* Attempt::answer(std::optional<Bytes> value) {
  Slot& slot = arrivals_.lone_slot();
  slot.position = kAtOnce;
  if (value) {
    slot.kind = Slot::Kind::kValue;
    slot.value = std::move(*value);
  }
  return &slot;
}

Slot* Attempt::answer_keys(std::vector<Bytes> keys) {
  Slot& slot = arrivals_.lone_slot();
  slot.position = kAtOnce;
  slot.kind = Slot::Kind::kKeys;
  slot.keys = std::move(keys);
  return &slot;
}

Attempt::Issued Attempt::issue_now(protocol::CommandBody body) {
  require_handler();
  return issue({{}, std::move(body)});
}

void Attempt::set_state(Bytes key, Bytes value) {
  if (issue_now(protocol::SetStateCommand{key, value}) == Issued::kFailed) return;
  overlay_.set(std::move(key), std::move(value));
}

void Attempt::clear_state(Bytes key) {
  if (issue_now(protocol::ClearStateCommand{key}) == Issued::kFailed) return;
  overlay_.clear(std::move(key));
}

void Attempt::clear_all_state() {
  if (issue_now(protocol::ClearAllStateCommand{}) == Issued::kFailed) return;
  overlay_.clear_all();
}

CallSlots Attempt::call(CallRequest request) {
  require_handler();
  protocol::CallCommand command = to_call(std::move(request));
  command.invocation_id_completion = ++last_completion_;
  Slot* invocation_id = &arrivals_.completion(last_completion_);
  command.completion = ++last_completion_;
  Slot* result = &arrivals_.completion(last_completion_);
  if (issue({{}, std::move(command)}) == Issued::kFailed) {
    return {&arrivals_.lone_slot(), &arrivals_.lone_slot()};
  }
  cancellation_.add_call({invocation_id, result});
  return {invocation_id, result};
}

Slot* Attempt::send(CallRequest request, std::chrono::milliseconds delay) {
  require_handler();
  protocol::OneWayCallCommand command = to_one_way_call(std::move(request));
  if (delay.count() > 0 && !replay_.replaying() && !ending_) {
    const std::int64_t delay_ms =
        std::min<std::int64_t>(delay.count(), std::numeric_limits<std::int64_t>::max() / 4);
    command.invoke_unix_ms = host_.now_unix_ms() + delay_ms;
  }
  command.invocation_id_completion = ++last_completion_;
  Slot* invocation_id = &arrivals_.completion(last_completion_);
  if (issue({{}, std::move(command)}) == Issued::kFailed) return &arrivals_.lone_slot();
  return invocation_id;
}

Slot* Attempt::attach(Target target) {
  return ask(protocol::AttachCommand{to_attach_target(std::move(target)), 0});
}

Slot* Attempt::output(Target target) {
  return ask(protocol::GetOutputCommand{to_attach_target(std::move(target)), 0});
}

void Attempt::send_signal(std::string invocation_id, SignalId signal, Resolution result) {
  protocol::SendSignalCommand command{std::move(invocation_id), std::move(signal), {}};
  protocol::Outcome outcome = to_outcome(std::move(result));
  std::visit([&](auto& value) { command.result = std::move(value); }, outcome);
  issue_now(std::move(command));
}

void Attempt::cancel(std::string invocation_id) {
  issue_now(protocol::SendSignalCommand{std::move(invocation_id), protocol::kCancelSignal, {}});
}

Slot* Attempt::get_promise(std::string name) {
  return ask(protocol::GetPromiseCommand{std::move(name), 0});
}

Slot* Attempt::peek_promise(std::string name) {
  return ask(protocol::PeekPromiseCommand{std::move(name), 0});
}

Slot* Attempt::complete_promise(std::string name, Resolution result) {
  return ask(protocol::CompletePromiseCommand{std::move(name), to_outcome(std::move(result)), 0});
}

AwakeableSlot Attempt::awakeable() {
  require_handler();
  const std::uint32_t index = next_signal_++;
  return {awakeable_id(start_.raw_id, index), &arrivals_.signal(index)};
}

void Attempt::complete_awakeable(std::string id, Resolution result) {
  issue_now(protocol::CompleteAwakeableCommand{std::move(id), to_outcome(std::move(result))});
}

Slot* Attempt::signal(std::string name) {
  require_handler();
  return &arrivals_.next_signal(name);
}

// The time is proposed with its Run command and used at once. The host stores both in order, so
// whoever finds a later command recorded finds the time recorded too.
std::int64_t Attempt::now_unix_ms() {
  require_handler();
  if (ending_) return 0;
  Slot* slot = ask(protocol::RunCommand{}, "now");
  if (error_) throw AttemptOver();
  if (!slot->verdict().decided()) {
    const std::int64_t now = host_.now_unix_ms();
    host_.on_proposal(last_completion_, std::to_string(now));
    return now;
  }
  try {
    return std::stoll(slot->value);
  } catch (const std::exception&) {
    fail(protocol::kJournalMismatch, "the recorded time of now() is not a number");
    throw AttemptOver();
  }
}

std::uint64_t Attempt::random_bits() {
  require_handler();
  return random_.next();
}

void Attempt::log(Severity severity, const std::string& line) {
  require_handler();
  if (replay_.replaying() || error_ || ending_) return;
  host_.on_log(static_cast<int>(severity), line);
}

// --- Steps ---

Slot* Attempt::run(std::string name, const std::optional<RunOptions>& options, StepBody body) {
  require_handler();
  protocol::RunCommand command{++last_completion_};
  Slot* slot = &arrivals_.completion(last_completion_);
  const Issued issued = issue({name, command});
  if (issued == Issued::kFailed) return &arrivals_.lone_slot();
  if (slot->verdict().decided()) return slot;

  steps_.add(
      {command.completion, commands_ - 1, std::move(name), options, issued == Issued::kReplayed},
      std::move(body));
  if (issued == Issued::kSent) steps_.release(host_);
  return slot;
}

void Attempt::look_after_awaited_steps() {
  if (!steps_.any_set_aside()) return;
  if (const RunStep* failed = steps_.await_again(*awaited_)) fail_step(*failed, *failed->failure);
}

SessionState Attempt::step_done(protocol::CompletionId completion, StepOutcome outcome) {
  RunStep* const step = steps_.end(completion);
  if (step == nullptr) return state_;
  if (state_ != SessionState::kBlocked) return state_;

  auto* const failure = std::get_if<StepFailure>(&outcome);
  const bool may_be_tried_again =
      failure != nullptr && !failure->terminal && (!step->options || step_delay_ms(*step, start_));
  if (may_be_tried_again) {
    steps_.keep_failure(*step, std::move(*failure));
  } else if (failure != nullptr) {
    host_.on_proposal(completion, std::move(failure->failure));
  } else {
    host_.on_proposal(completion, std::move(std::get<Bytes>(outcome)));
  }
  const bool held = steps_.in_flight() == 0 && awaited_ != nullptr && is_decided(*awaited_);
  if (held) return go_on_if_ready();
  return may_be_tried_again ? settle() : state_;
}

void Attempt::fail_step(const RunStep& step, const StepFailure& failure) {
  fail(failure.failure.code, failure.failure.message, failure.retry_after);
  error_->related_command = step.command;
  error_->related_command_name = step.name;
  error_->related_command_type = "Run";
  if (step.options && !failure.retry_after) {
    error_->next_retry_delay_ms = step_delay_ms(step, start_);
  }
}

}  // namespace holdfast::runtime
