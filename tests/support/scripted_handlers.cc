#include "tests/support/scripted_handlers.h"

#include <algorithm>

namespace holdfast::testing {

namespace {

using actors::AttemptState;
using Kind = Op::Kind;

journal::Call call_of(const Op& op, journal::CompletionId id_completion,
                      journal::CompletionId completion, std::int64_t not_before_unix_ms) {
  return {op.service,         op.key,        op.name,    op.value,          {},
          op.idempotency_key, id_completion, completion, not_before_unix_ms};
}

// The outcome of a script is that of its last operation, or of the first that failed.
class ScriptedAttempt final : public actors::Attempt {
 public:
  ScriptedAttempt(const std::vector<Op>& ops, actors::AttemptHost& host) : ops_(ops), host_(host) {}

  AttemptState start(actors::AttemptStart start) override {
    result_ = std::get<journal::Input>(start.journal.front().body).value;
    for (std::size_t i = 1; i < start.journal.size(); ++i) {
      journal::Entry& entry = start.journal[i];
      if (auto* notification = std::get_if<journal::Notification>(&entry.body)) {
        note(std::move(*notification));
      } else {
        recorded_.push_back(std::move(entry));
      }
    }
    return go_on();
  }
  AttemptState notify(const journal::Notification& notification) override {
    note(notification);
    return go_on();
  }
  AttemptState step_done(journal::CompletionId completion, actors::StepOutcome outcome) override {
    if (const auto* failure = std::get_if<actors::StepFailure>(&outcome)) {
      if (!failure->terminal) return fail(failure->failure.message);
      host_.on_proposal(completion, failure->failure);
    } else {
      host_.on_proposal(completion, std::get<Bytes>(std::move(outcome)));
    }
    return AttemptState::kBlocked;
  }
  journal::WaitSet waiting() const override {
    if (ops_[at_].kind == Kind::kAwakeable) return {{}, {17}, {}};
    return {{awaited_}, {}, {}};
  }
  actors::AttemptError error() const override { return error_; }

 private:
  void note(journal::Notification notification) {
    if (const auto* done = std::get_if<journal::Notification::Completion>(&notification.of)) {
      completed_.emplace(done->id, std::move(notification.result));
    } else if (notification.of == decltype(notification.of)(std::uint32_t{17})) {
      signals_.push_back(std::move(notification.result));
    } else if (notification.of == decltype(notification.of)(journal::kCancelSignal)) {
      cancelled_ = true;
    }
  }

  // Issues the command unless the journal holds it.
  void issue(journal::Entry entry) {
    if (!recorded_.empty()) {
      CHECK(recorded_.front().body.index() == entry.body.index(), "replay took another way");
      recorded_.erase(recorded_.begin());
      replayed_ = true;
      return;
    }
    replayed_ = false;
    host_.on_command(std::move(entry));
  }

  AttemptState go_on() {
    if (state_ != AttemptState::kBlocked) return state_;
    while (at_ < ops_.size()) {
      if (cancelled_) return end(journal::Failure{409, "Cancelled", {}});
      const Op& op = ops_[at_];
      if (op.kind == Kind::kFail) return fail(op.name);
      if (!issued_) begin(op);
      if (!issued_) {  // Needed no waiting.
        ++at_;
        continue;
      }
      if (op.kind == Kind::kAwakeable) {
        if (signals_.empty()) return state_;
        take(signals_.front());
      } else {
        const auto done = completed_.find(awaited_);
        if (done == completed_.end()) {
          if (op.kind == Kind::kRun && !given_away_) give_away(op);
          return state_;
        }
        take(done->second);
      }
      issued_ = false;
      given_away_ = false;
      if (failure_) return end(*failure_);
      ++at_;
    }
    return end(result_);
  }

  void begin(const Op& op) {
    awaited_ = next_completion_;
    switch (op.kind) {
      case Kind::kRun:
        issue({op.name, journal::Run{next_completion_++}});
        break;
      case Kind::kSleep:
        issue({{}, journal::Sleep{host_.now_unix_ms() + op.millis, next_completion_++}});
        break;
      case Kind::kCall:
        awaited_ = next_completion_ + 1;
        next_completion_ += 2;
        issue({{}, call_of(op, awaited_ - 1, awaited_, 0)});
        break;
      case Kind::kSend: {
        const std::int64_t at = op.millis == 0 ? 0 : host_.now_unix_ms() + op.millis;
        issue({{}, call_of(op, next_completion_++, 0, at)});
        return;
      }
      case Kind::kGet: {
        const bool known = !recorded_.empty();
        const auto value = known ? std::get<journal::ReadState>(recorded_.front().body).value
                                 : host_.read_state(op.name);
        issue({{}, journal::ReadState{op.name, 0, value}});
        result_ = value.value_or("");
        return;
      }
      case Kind::kSet:
        issue({{},
               journal::WriteState{op.name, op.value == "+1"
                                                ? std::to_string(std::atoi(result_.c_str()) + 1)
                                                : op.value}});
        if (op.value == "+1") result_ = std::to_string(std::atoi(result_.c_str()) + 1);
        return;
      case Kind::kAwakeable:
        break;
      case Kind::kPromiseGet:
        issue({{}, journal::Promise{journal::Promise::Act::kGet, op.name, next_completion_++, {}}});
        break;
      case Kind::kPromiseSet:
        issue({{},
               journal::Promise{journal::Promise::Act::kComplete, op.name, next_completion_++,
                                journal::Outcome{op.value}}});
        break;
      case Kind::kAttach: {
        journal::Attach attach;
        attach.target = op.other;
        attach.completion = next_completion_++;
        issue({{}, std::move(attach)});
        break;
      }
      case Kind::kResolve:
        issue({{}, journal::SendSignal{op.other, std::uint32_t{17}, op.value}});
        return;
      case Kind::kFail:
        break;
    }
    issued_ = true;
  }

  void give_away(const Op& op) {
    given_away_ = true;
    host_.on_step({awaited_, [closure = op.closure, held = op.held](auto done) {
                     if (held) return held(std::move(done));
                     done(closure());
                   }});
  }

  void take(const decltype(journal::Notification::result)& result) {
    if (const auto* value = std::get_if<Bytes>(&result)) result_ = *value;
    if (const auto* failure = std::get_if<journal::Failure>(&result)) failure_ = *failure;
  }

  AttemptState end(journal::Outcome outcome) {
    host_.on_command({{}, journal::Output{std::move(outcome)}});
    return state_ = AttemptState::kEnded;
  }
  AttemptState fail(const std::string& message) {
    error_.failure.message = message;
    return state_ = AttemptState::kFailed;
  }

  const std::vector<Op>& ops_;
  actors::AttemptHost& host_;
  AttemptState state_ = AttemptState::kBlocked;
  std::vector<journal::Entry> recorded_;  // Commands not yet matched.
  std::map<journal::CompletionId, decltype(journal::Notification::result)> completed_;
  std::vector<decltype(journal::Notification::result)> signals_;
  std::size_t at_ = 0;
  bool issued_ = false;
  bool given_away_ = false;
  bool replayed_ = false;
  bool cancelled_ = false;
  journal::CompletionId next_completion_ = 1;
  journal::CompletionId awaited_ = 0;
  Bytes result_;
  std::optional<journal::Failure> failure_;
  actors::AttemptError error_;
};

}  // namespace

Op run(std::string name, std::function<actors::StepOutcome()> closure) {
  return {Kind::kRun, std::move(name), {}, {}, {}, 0, {}, std::move(closure)};
}
Op run_held(std::string name, std::function<void(std::function<void(actors::StepOutcome)>)> held) {
  return {Kind::kRun, std::move(name), {}, {}, {}, 0, {}, {}, std::move(held)};
}
Op sleep(std::int64_t millis) { return {Kind::kSleep, {}, {}, {}, {}, millis, {}, {}}; }
Op call(std::string service, std::string key, std::string handler, Bytes parameter) {
  return {Kind::kCall,
          std::move(handler),
          std::move(service),
          std::move(key),
          std::move(parameter),
          0,
          {},
          {}};
}
Op send(std::string service, std::string key, std::string handler, Bytes parameter,
        std::int64_t delay_ms) {
  return {Kind::kSend,
          std::move(handler),
          std::move(service),
          std::move(key),
          std::move(parameter),
          delay_ms,
          {},
          {}};
}
Op get(std::string key) { return {Kind::kGet, std::move(key), {}, {}, {}, 0, {}, {}}; }
Op set(std::string key, Bytes value) {
  return {Kind::kSet, std::move(key), {}, {}, std::move(value), 0, {}, {}};
}
Op awakeable() { return {Kind::kAwakeable, {}, {}, {}, {}, 0, {}, {}}; }
Op promise_get(std::string name) {
  return {Kind::kPromiseGet, std::move(name), {}, {}, {}, 0, {}, {}};
}
Op promise_set(std::string name, Bytes value) {
  return {Kind::kPromiseSet, std::move(name), {}, {}, std::move(value), 0, {}, {}};
}
Op attach(const journal::InvocationId& to) {
  Op op{Kind::kAttach};
  op.other = to;
  return op;
}
Op resolve(const journal::InvocationId& of, Bytes value) {
  Op op{Kind::kResolve};
  op.other = of;
  op.value = std::move(value);
  return op;
}
Op fail(std::string message) { return {Kind::kFail, std::move(message), {}, {}, {}, 0, {}, {}}; }

void ScriptedHandlers::add(journal::ServiceKind kind, const std::string& service,
                           const std::string& handler, Script script) {
  actors::ServiceInfo& info = services_[service];
  info.name = service;
  info.kind = kind;
  actors::HandlerInfo one;
  one.name = handler;
  one.kind = script.kind;
  one.retry = script.retry;
  info.handlers.push_back(std::move(one));
  scripts_[{service, handler}] = std::move(script);
}

void ScriptedHandlers::add_plain(const std::string& service, const std::string& handler,
                                 std::vector<Op> ops) {
  add(journal::ServiceKind::kService, service, handler,
      {journal::HandlerKind::kPlain, std::move(ops), {}});
}

std::vector<actors::ServiceInfo> ScriptedHandlers::catalog() const {
  std::vector<actors::ServiceInfo> all;
  for (const auto& [name, info] : services_) all.push_back(info);
  return all;
}

Result<actors::OpenedAttempt> ScriptedHandlers::open(const journal::Invocation& invocation,
                                                     actors::AttemptHost& host,
                                                     std::function<void()>) {
  const journal::Target& target = invocation.target;
  const auto script = scripts_.find({target.service, target.handler});
  if (script == scripts_.end()) return Error(ErrorCode::kNotFound, "no such script");
  ++attempts_;
  return actors::OpenedAttempt{std::make_unique<ScriptedAttempt>(script->second.ops, host), {}, 0};
}

}  // namespace holdfast::testing
