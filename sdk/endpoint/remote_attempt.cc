#include "sdk/endpoint/remote_attempt.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>
#include <variant>

#include "net/protocol/restate/command_codec.h"
#include "net/protocol/restate/message_type.h"
#include "sdk/runtime/failure.h"
#include "storage/base/big_endian.h"
#include "storage/base/log.h"

namespace holdfast::runtime {
namespace {

namespace restate = protocol::restate;

constexpr Logger kLog("sdk");
constexpr Logger kHandlerLog("handler");

// For engines that send none: the same for every attempt.
std::uint64_t seed_of(BytesView raw_id) {
  return read_big_endian<std::uint64_t>(raw_id) ^
         read_big_endian<std::uint64_t>(raw_id.substr(8)) * 0x9E3779B97F4A7C15u ^
         read_big_endian<std::uint64_t>(raw_id.substr(16));
}

// The cancel signal wakes every handler.
restate::Future with_cancel(protocol::WaitSet waits) {
  constexpr auto kAny = protocol::WaitSet::Combinator::kAny;
  if (waits.combinator == kAny) {
    waits.signals.push_back(protocol::kCancelSignal);
    return waits;
  }
  return {{}, {protocol::kCancelSignal}, {}, kAny, {std::move(waits)}};
}

}  // namespace

RemoteAttempt::RemoteAttempt(std::shared_ptr<const HandlerDefinition> handler,
                             restate::Version version, std::shared_ptr<Surroundings> surroundings,
                             std::shared_ptr<AttemptOutput> output)
    : handler_(std::move(handler)),
      version_(version),
      surroundings_(std::move(surroundings)),
      output_(std::move(output)) {}

RemoteAttempt::~RemoteAttempt() { release_journal(); }

// --- What comes in ---

void RemoteAttempt::receive(BytesView bytes) {
  if (stage_ == Stage::kOver || stage_ == Stage::kFailing) return;
  received_ += bytes.size();
  surroundings_->journal_bytes += bytes.size();
  if (surroundings_->journal_bytes > surroundings_->journal_bytes_max) {
    fail(503, "the attempts of this endpoint hold too many bytes; try again later");
  }
  while (stage_ != Stage::kOver && stage_ != Stage::kFailing) {
    auto frame = reader_.next(bytes);
    if (!frame) {
      fail(protocol::kProtocolViolation, frame.error().message());
    } else if (!*frame) {
      break;
    } else {
      take(std::move(**frame));
    }
  }
  flush();
}

void RemoteAttempt::receive_end() {
  if (stage_ == Stage::kOver) return;
  suspending_ = true;
  if (stage_ == Stage::kStart || stage_ == Stage::kJournal) {
    fail(protocol::kProtocolViolation, "the request ended before the journal was whole");
  } else if (!reader_.at_boundary()) {
    fail(protocol::kProtocolViolation, "the request ended in the middle of a frame");
  } else {
    settle();
  }
  flush();
}

void RemoteAttempt::suspend() {
  if (stage_ == Stage::kOver) return;
  suspending_ = true;
  if (stage_ == Stage::kStart || stage_ == Stage::kJournal) {
    protocol::AttemptError error;
    error.code = 503;
    error.message = "the endpoint is shutting down";
    error.next_retry_delay_ms = 0;
    fail(std::move(error));
  } else {
    settle();
  }
  flush();
}

void RemoteAttempt::abandon() {
  if (stage_ == Stage::kOver) return;
  stage_ = Stage::kOver;
  leave();
}

void RemoteAttempt::take(restate::Frame frame) {
  auto message = restate::decode_to_handler(frame, version_);
  if (!message) {
    fail(protocol::kProtocolViolation, message.error().message());
  } else if (stage_ == Stage::kStart) {
    take_start(std::move(*message));
  } else if (stage_ == Stage::kJournal) {
    take_entry(std::move(*message));
  } else {
    take_news(std::move(*message));
  }
}

void RemoteAttempt::take_start(restate::ToHandler message) {
  auto* const head = std::get_if<restate::StartHead>(&message);
  if (head == nullptr) return fail(protocol::kProtocolViolation, "the first message is not Start");
  invocation_ = head->invocation_id;
  start_.raw_id = std::move(head->raw_id);
  start_.invocation_id = std::move(head->invocation_id);
  start_.key = std::move(head->key);
  start_.random_seed = head->random_seed != 0 ? head->random_seed : seed_of(start_.raw_id);
  start_.retry_count = head->retry_count;
  start_.retrying_for_ms = static_cast<std::int64_t>(
      std::min<std::uint64_t>(head->duration_ms, std::numeric_limits<std::int64_t>::max()));
  state_is_partial_ = head->partial_state;
  for (auto& [key, value] : head->state_map) {
    state_.insert_or_assign(std::move(key), std::move(value));
  }
  entries_awaited_ = head->known_entries;
  stage_ = Stage::kJournal;
}

void RemoteAttempt::take_entry(restate::ToHandler message) {
  if (auto* const command = std::get_if<protocol::Command>(&message)) {
    ++commands_;
    start_.journal.emplace_back(std::move(*command));
  } else if (auto* const notification = std::get_if<protocol::Notification>(&message)) {
    start_.journal.emplace_back(std::move(*notification));
  } else {
    return fail(protocol::kProtocolViolation, "a control message stands inside the journal");
  }
  if (--entries_awaited_ == 0) begin();
}

void RemoteAttempt::begin() {
  stage_ = Stage::kRunning;
  session_.reset(new Session(*handler_, *this));  // The base is private: no make_unique.
  session_->start(std::move(start_));
  settle();
}

void RemoteAttempt::take_news(restate::ToHandler message) {
  advised_.reset();
  if (auto* const notification = std::get_if<protocol::Notification>(&message)) {
    if (const auto* of = std::get_if<protocol::CompletionRef>(&notification->of)) {
      runs_.erase(of->id);
    }
    session_->notify(std::move(*notification));
    return settle();
  }
  if (const auto* const ack = std::get_if<restate::ProposalAck>(&message)) {
    auto run = runs_.extract(ack->completion);
    if (!run.empty() && run.mapped()) {
      protocol::Notification notification{protocol::CompletionRef{ack->completion}, {}};
      std::visit([&](auto& outcome) { notification.result = std::move(outcome); }, *run.mapped());
      session_->notify(std::move(notification));
    }
    return settle();
  }
  if (std::holds_alternative<restate::CommandAck>(message)) return;  // Never asked for.
  fail(protocol::kProtocolViolation, "only notifications may follow the journal");
}

void RemoteAttempt::step_done(protocol::CompletionId completion, StepOutcome outcome) {
  ended_step_ = completion;
  session_->step_done(completion, std::move(outcome));
  ended_step_.reset();
  if (stage_ == Stage::kOver) return leave();
  settle();
  flush();
}

// --- What the session wants ---

void RemoteAttempt::on_command(protocol::Command command) {
  if (stage_ != Stage::kRunning || error_) return;
  const std::size_t began = out_.size();
  restate::append_command(out_, command, version_);
  if (!is_sendable(began, restate::name_of(restate::type_of(command)))) {
    error_->related_command = commands_;
    error_->related_command_name = command.name;
    error_->related_command_type = restate::name_of(restate::type_of(command));
  }
  ++commands_;
}

void RemoteAttempt::on_proposal(protocol::CompletionId completion, protocol::Outcome outcome) {
  if (stage_ != Stage::kRunning || error_) return;
  const bool wants_ack = version_ >= restate::Version::k7;
  const std::size_t began = out_.size();
  restate::FromHandler message(std::in_place_type<restate::ProposeRun>);
  auto& proposal = std::get<restate::ProposeRun>(message);
  proposal.completion = completion;
  proposal.outcome = std::move(outcome);
  proposal.wants_ack = wants_ack;
  restate::append_from_handler(out_, message, version_);
  if (!is_sendable(began, "the outcome of a run")) return;
  // What needed no closure is used at once; the session waits for nothing.
  std::optional<protocol::Outcome>& kept = runs_[completion];
  if (ended_step_ == completion && wants_ack) kept = std::move(proposal.outcome);
}

// What is executed may refer to the handler's frame, so it goes before `attempt` does.
struct RemoteAttempt::Closure {
  void operator()() const {
    run([attempt = attempt, completion = completion](StepOutcome outcome) {
      attempt->surroundings_->post([attempt, completion, outcome = std::move(outcome)]() mutable {
        attempt->step_done(completion, std::move(outcome));
      });
    });
  }

  std::shared_ptr<RemoteAttempt> attempt;
  protocol::CompletionId completion;
  std::function<void(std::function<void(StepOutcome)>)> run;
};

void RemoteAttempt::on_step(Step step) {
  runs_.try_emplace(step.completion);
  steps_.push_back(std::move(step));
}

void RemoteAttempt::on_log(int level, const std::string& line) {
  const std::string& id = invocation_;
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

SessionHost::Lookup RemoteAttempt::read_state(BytesView key, Bytes* value) {
  const auto found = state_.find(Bytes(key));
  if (found == state_.end()) return state_is_partial_ ? Lookup::kUnknown : Lookup::kAbsent;
  *value = found->second;
  return Lookup::kPresent;
}

bool RemoteAttempt::read_state_keys(std::vector<Bytes>* keys) {
  if (state_is_partial_) return false;
  for (const auto& [key, value] : state_) keys->push_back(key);
  return true;
}

// --- What goes out ---

void RemoteAttempt::settle() {
  if (stage_ == Stage::kOver) return;
  if (!error_ && session_->state() == SessionState::kFailed) error_ = session_->error();
  if (error_) {
    stage_ = Stage::kFailing;
    if (session_ == nullptr || session_->steps_in_flight() == 0) {
      error_->message = readable(std::move(error_->message));
      error_->related_command_name = readable(std::move(error_->related_command_name));
      kLog.warn("attempt failed", "invocation={} code={} reason={}", invocation_, error_->code,
                error_->message);
      send(restate::HandlerError{std::move(*error_)});
      end();
    }
    return;
  }
  if (session_->state() == SessionState::kBlocked) return settle_blocked();
  send(restate::End{});
  end();
}

void RemoteAttempt::settle_blocked() {
  if (suspending_) {
    if (session_->steps_in_flight() > 0) return;
    send(restate::Suspension{with_cancel(session_->waiting())});
    return end();
  }
  if (version_ >= restate::Version::k7) advise(session_->waiting());
}

// Who waits for runs of its own is busy; only other waits are worth telling.
void RemoteAttempt::advise(const protocol::WaitSet& waits) {
  const bool closures = session_->steps_in_flight() > 0;
  const bool is_known = advised_ && advised_->waits == waits && advised_->closures == closures;
  if (awaits_only_runs(waits) || is_known) return;
  send(restate::AwaitingOn{with_cancel(waits), closures});
  advised_ = {waits, closures};
}

bool RemoteAttempt::awaits_only_runs(const protocol::WaitSet& waits) const {
  return waits.signals.empty() && waits.named_signals.empty() &&
         std::all_of(waits.completions.begin(), waits.completions.end(),
                     [this](protocol::CompletionId id) { return runs_.contains(id); }) &&
         std::all_of(waits.nested.begin(), waits.nested.end(),
                     [this](const protocol::WaitSet& one) { return awaits_only_runs(one); });
}

void RemoteAttempt::send(const restate::FromHandler& message) {
  restate::append_from_handler(out_, message, version_);
}

bool RemoteAttempt::is_sendable(std::size_t began, const std::string& what) {
  const std::size_t payload = out_.size() - began - restate::kFrameHeaderBytes;
  if (payload < restate::kFramePayloadMax) return true;
  out_.resize(began);
  error_.emplace();
  error_->message = fmt::format("{} has {} bytes, over the limit of 32 MiB", what, payload);
  return false;
}

void RemoteAttempt::fail(std::uint16_t code, std::string message) {
  protocol::AttemptError error;
  error.code = code;
  error.message = std::move(message);
  fail(std::move(error));
}

void RemoteAttempt::fail(protocol::AttemptError error) {
  if (!error_) error_ = std::move(error);
  settle();
}

void RemoteAttempt::flush() {
  if (!out_.empty()) {
    output_->write(out_);
    out_.clear();
  }
  for (Step& step : std::exchange(steps_, {})) {
    surroundings_->run_step(Closure{shared_from_this(), step.completion, std::move(step.run)});
  }
  if (stage_ == Stage::kOver) {
    output_->finish();
  } else if (output_->unsent() > surroundings_->unsent_max) {
    kLog.warn("attempt reset", "invocation={} reason=the engine does not read what it is sent",
              invocation_);
    output_->reset();
    abandon();
  }
}

void RemoteAttempt::end() {
  stage_ = Stage::kOver;
  leave();
}

// The session ends with its last closure; meanwhile it is only told of their ends.
void RemoteAttempt::leave() {
  if (session_ != nullptr && session_->steps_in_flight() > 0) return;
  session_.reset();
  release_journal();
}

void RemoteAttempt::release_journal() {
  surroundings_->journal_bytes -= std::exchange(received_, 0);
}

}  // namespace holdfast::runtime
