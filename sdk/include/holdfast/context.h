#pragma once
// Context: what a handler may do so that it survives. Everything else it does must be a function of
// its input and of what came out of the context.
//
// An operation begins when it is called and is recorded; its outcome is awaited (future.h). When
// the handler runs again, after a crash or a long wait, recorded operations are not done again:
// they give what they gave. A handler whose code asks for something else than what is recorded is
// stopped with a journal mismatch (INV-2).
//
//   SharedObjectContext, SharedWorkflowContext   read state
//   ObjectContext, WorkflowContext               read and write it
//   both workflow contexts                       durable promises
//
// Failure: a TerminalError that leaves the handler is its result. Any other exception ends the
// attempt, and the handler is run again later. Cancellation: CancelledError at the await that waits
// when it arrives, or at the next one; calls under way are cancelled first. Afterwards the handler
// may go on, to undo what it did. Threads: the handler's own; never inside the closure of a step.

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <holdfast/future.h>
#include <holdfast/runtime/context_core.h>
#include <holdfast/runtime/step.h>
#include <holdfast/serde.h>
#include <holdfast/task.h>

namespace holdfast {

// Text that is read during a call and belongs to somebody else. A temporary std::string is refused:
// it needs a name on a line before.
class BorrowedText {
 public:
  BorrowedText() = default;
  BorrowedText(const char* text) : text_(text), given_(true) {}         // NOLINT: implicit
  BorrowedText(std::string_view text) : text_(text), given_(true) {}    // NOLINT: implicit
  BorrowedText(const std::string& text) : text_(text), given_(true) {}  // NOLINT: implicit
  BorrowedText(std::string&&) = delete;

  std::optional<std::string> copy() const {
    return given_ ? std::optional<std::string>(text_) : std::nullopt;
  }

 private:
  std::string_view text_;
  bool given_ = false;
};

// The same for headers.
class BorrowedHeaders {
 public:
  BorrowedHeaders() = default;
  BorrowedHeaders(const Headers& headers) : headers_(&headers) {}  // NOLINT: implicit
  BorrowedHeaders(Headers&&) = delete;

  Headers copy() const { return headers_ != nullptr ? *headers_ : Headers(); }

 private:
  const Headers* headers_ = nullptr;
};

// These own nothing, because g++ 12 destroys twice what a struct that is built inside a co_await
// expression owns. For the same reason it is told to refuse the two other things that would be: a
// closure and an argument that own something and have no name (kMustBeNamed).
struct CallOptions {
  BorrowedText idempotency_key = {};
  BorrowedHeaders headers = {};
};
struct SendOptions {
  std::chrono::milliseconds delay{0};
  BorrowedText idempotency_key = {};
  BorrowedHeaders headers = {};
};

// Where a call goes, with the types of its two ends (handler_ref.h). `key` is empty for a service.
template <class T>
concept CallTarget = requires(const T& target) {
  typename T::Input;
  typename T::Output;
  { target.service } -> std::convertible_to<std::string>;
  { target.key } -> std::convertible_to<std::string>;
  { target.handler } -> std::convertible_to<std::string>;
};

namespace detail {

#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
inline constexpr bool kDestroysTwice = true;
#else
inline constexpr bool kDestroysTwice = false;
#endif
// F: the type of a forwarding reference; a reference for what has a name.
template <class F>
inline constexpr bool kMustBeNamed =
    kDestroysTwice && !std::is_reference_v<F> && !std::is_trivially_destructible_v<F> &&
    (std::is_aggregate_v<F> || std::is_invocable_v<F&>);

template <class T>
Bytes encode(const T& value) {
  if constexpr (std::is_convertible_v<const T&, std::string_view> &&
                !std::is_same_v<T, std::string>) {
    return Serde<std::string>::encode(std::string(std::string_view(value)));
  } else {
    return Serde<T>::encode(value);
  }
}

// `Argument` is the type of a forwarding reference.
template <class Argument>
Bytes encode_argument(const std::remove_reference_t<Argument>& value) {
  static_assert(!kMustBeNamed<Argument>,
                "g++ 12 destroys twice what this argument owns: give it a name on a line before");
  return encode(value);
}

// Rounds up: a wait is never shorter than asked for. What is too long becomes the longest.
template <class Rep, class Period>
std::chrono::milliseconds to_millis(std::chrono::duration<Rep, Period> duration) {
  using Exact = std::chrono::duration<long double, std::milli>;
  constexpr std::int64_t kMillisMax = std::numeric_limits<std::int64_t>::max() / 4;
  const long double exact = Exact(duration).count();
  if (!(exact < static_cast<long double>(kMillisMax))) return std::chrono::milliseconds(kMillisMax);
  if (exact <= 0) return std::chrono::milliseconds(0);
  return std::chrono::ceil<std::chrono::milliseconds>(duration);
}

inline runtime::Failed rejection(std::string reason, std::uint16_t code) {
  return runtime::Failed{code, std::move(reason), {}};
}

}  // namespace detail

// Something that another handler or an HTTP caller completes by its id.
template <class T>
struct Awakeable {
  std::string id;
  Future<T> future;
};

// Random numbers that are the same in every attempt. Fits <random>.
class RandomBits {
 public:
  using result_type = std::uint64_t;

  explicit RandomBits(runtime::ContextCore& core) : core_(&core) {}
  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }
  result_type operator()() { return core_->random_bits(); }

 private:
  runtime::ContextCore* core_;
};

// Lines that are written once, not again in replay.
class Log {
 public:
  explicit Log(runtime::ContextCore& core) : core_(&core) {}

  void debug(const std::string& line) const { core_->log(runtime::Severity::kDebug, line); }
  void info(const std::string& line) const { core_->log(runtime::Severity::kInfo, line); }
  void warn(const std::string& line) const { core_->log(runtime::Severity::kWarn, line); }
  void error(const std::string& line) const { core_->log(runtime::Severity::kError, line); }

 private:
  runtime::ContextCore* core_;
};

// Another invocation whose result can be had.
class AttachableInvocation {
 public:
  AttachableInvocation(runtime::ContextCore& core, runtime::Target target)
      : core_(&core), target_(std::move(target)) {}

  // Waits for its result; its failure is thrown. 404 when there is no such invocation.
  template <class T = void>
  [[nodiscard]] Future<T> attach() const {
    return Future<T>(*core_, *core_->attach(target_));
  }
  // Its result, or nothing while it runs.
  template <class T>
  [[nodiscard]] Future<std::optional<T>> output() const {
    return Future<std::optional<T>>(*core_, *core_->output(target_), &runtime::take_optional<T>);
  }

 protected:
  runtime::ContextCore* core_;
  runtime::Target target_;
};

// Another invocation, known by its id.
class Invocation : public AttachableInvocation {
 public:
  Invocation(runtime::ContextCore& core, std::string id)
      : AttachableInvocation(core, runtime::IdTarget{id}), id_(std::move(id)) {}

  const std::string& id() const { return id_; }
  // Completes ctx.signal<T>(name) over there.
  template <class T>
  void signal(std::string name, const T& value) const {
    core_->send_signal(id_, std::move(name), detail::encode(value));
  }
  void signal(std::string name) const { core_->send_signal(id_, std::move(name), Bytes()); }
  // Makes it throw TerminalError.
  void reject(std::string name, std::string reason, std::uint16_t code = 500) const {
    core_->send_signal(id_, std::move(name), detail::rejection(std::move(reason), code));
  }
  void cancel() const { core_->cancel(id_); }

 private:
  std::string id_;
};

// A value of one workflow run that is set once, from any of its handlers, and read by all.
template <class T>
class DurablePromise {
 public:
  DurablePromise(runtime::ContextCore& core, std::string name)
      : core_(&core), name_(std::move(name)) {}

  [[nodiscard]] Future<T> get() const { return Future<T>(*core_, *core_->get_promise(name_)); }
  // The value, or nothing while it is open.
  [[nodiscard]] auto peek() const requires(!std::is_void_v<T>) {
    return Future<std::optional<T>>(*core_, *core_->peek_promise(name_),
                                    &runtime::take_optional<T>);
  }
  // Both throw TerminalError 409 at the await when it is complete already.
  template <class Value = T>
  Future<void> resolve(Value&& value) const {
    static_assert(!detail::kMustBeNamed<Value>,
                  "g++ 12 destroys twice what this value owns: give it a name on a line before");
    return complete(Serde<T>::encode(std::forward<Value>(value)));
  }
  Future<void> resolve() const requires std::is_void_v<T> { return complete(Bytes()); }
  Future<void> reject(std::string reason, std::uint16_t code = 500) const {
    return complete(detail::rejection(std::move(reason), code));
  }

 private:
  Future<void> complete(runtime::Resolution result) const {
    return Future<void>(*core_, *core_->complete_promise(name_, std::move(result)));
  }

  runtime::ContextCore* core_;
  std::string name_;
};

class Context {
 public:
  explicit Context(runtime::ContextCore& core) : core_(&core) {}
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  // --- Steps ---

  // Executes `closure` elsewhere, outside the engine's threads, and records what it gives: a value,
  // nothing, or what a Task or another awaitable gives. A TerminalError is recorded too, and thrown
  // at the await; any other exception ends the attempt as soon as the handler waits for the step,
  // and the closure is tried again (at least once, maybe more often: make it idempotent). Without
  // options by the retry policy of the handler. A step that was cancelled, or lost a race, is not
  // tried again unless it is awaited again.
  //
  // `[&]` is fine while the future is awaited before what it refers to goes away. A closure that
  // may be left behind (a race, a timeout) must own what it uses.
  template <class F>
  [[nodiscard]] auto run(std::string name, F&& closure) {
    return run_step<F>(std::move(name), std::nullopt, std::forward<F>(closure));
  }
  template <class F>
  [[nodiscard]] auto run(std::string name, F&& closure, const RunOptions& options) {
    return run_step<F>(std::move(name), options, std::forward<F>(closure));
  }

  // --- Time, chance, words ---

  template <class Rep, class Period>
  [[nodiscard]] Future<void> sleep(std::chrono::duration<Rep, Period> duration,
                                   std::string name = {}) {
    return Future<void>(*core_, *core_->sleep(detail::to_millis(duration), std::move(name)));
  }
  [[nodiscard]] Future<void> sleep_until(std::chrono::system_clock::time_point time,
                                         std::string name = {}) {
    const auto unix_ms = std::chrono::ceil<std::chrono::milliseconds>(time.time_since_epoch());
    return Future<void>(*core_, *core_->sleep_until(unix_ms.count(), std::move(name)));
  }
  // The wall clock, to the millisecond, recorded.
  std::chrono::system_clock::time_point now() {
    return std::chrono::system_clock::time_point(std::chrono::milliseconds(core_->now_unix_ms()));
  }
  RandomBits random() { return RandomBits(*core_); }
  // A random (version 4) UUID as text.
  std::string uuid();
  Log log() const { return Log(*core_); }

  // --- Who am I ---

  const std::string& invocation_id() const { return core_->invocation_id(); }
  // Of the request that started this invocation.
  const Headers& headers() const { return core_->headers(); }

  // --- Other handlers ---

  template <CallTarget T>
  [[nodiscard]] CallFuture<typename T::Output> call(const T& target,
                                                    const typename T::Input& argument,
                                                    CallOptions options = {}) {
    return call_bytes<typename T::Output>(target.service, target.key, target.handler,
                                          Serde<typename T::Input>::encode(argument), options);
  }
  // An argument that must be named (kMustBeNamed): give it a name on a line before.
  template <CallTarget T>
  requires detail::kMustBeNamed<typename T::Input> CallFuture<typename T::Output> call(
      const T& target, typename T::Input&& argument, CallOptions options = {})
  = delete;
  template <CallTarget T>
  requires std::is_void_v<typename T::Input>
  [[nodiscard]] CallFuture<typename T::Output> call(const T& target, CallOptions options = {}) {
    return call_bytes<typename T::Output>(target.service, target.key, target.handler, Bytes(),
                                          options);
  }
  template <class Output, class Input>
  [[nodiscard]] CallFuture<Output> call(std::string service, std::string handler, Input&& argument,
                                        CallOptions options = {}) {
    return call_bytes<Output>(std::move(service), {}, std::move(handler),
                              detail::encode_argument<Input>(argument), options);
  }
  template <class Output>
  [[nodiscard]] CallFuture<Output> call(std::string service, std::string handler) {
    return call_bytes<Output>(std::move(service), {}, std::move(handler), {}, {});
  }
  template <class Output, class Input>
  [[nodiscard]] CallFuture<Output> object_call(std::string service, std::string key,
                                               std::string handler, Input&& argument,
                                               CallOptions options = {}) {
    return call_bytes<Output>(std::move(service), std::move(key), std::move(handler),
                              detail::encode_argument<Input>(argument), options);
  }
  template <class Output>
  [[nodiscard]] CallFuture<Output> object_call(std::string service, std::string key,
                                               std::string handler) {
    return call_bytes<Output>(std::move(service), std::move(key), std::move(handler), {}, {});
  }
  template <class Output, class... Rest>
  [[nodiscard]] CallFuture<Output> workflow_call(std::string workflow, std::string key,
                                                 std::string handler, Rest&&... rest) {
    return object_call<Output>(std::move(workflow), std::move(key), std::move(handler),
                               std::forward<Rest>(rest)...);
  }

  // Calls that nobody waits for. The future is the id of the new invocation.
  template <CallTarget T>
  Future<std::string> send(const T& target, const typename T::Input& argument,
                           SendOptions options = {}) {
    return send_bytes(target.service, target.key, target.handler,
                      Serde<typename T::Input>::encode(argument), options);
  }
  // An argument that must be named (kMustBeNamed): give it a name on a line before.
  template <CallTarget T>
  requires detail::kMustBeNamed<typename T::Input> Future<std::string> send(
      const T& target, typename T::Input&& argument, SendOptions options = {})
  = delete;
  template <CallTarget T>
  requires std::is_void_v<typename T::Input> Future<std::string> send(const T& target,
                                                                      SendOptions options = {}) {
    return send_bytes(target.service, target.key, target.handler, Bytes(), options);
  }
  template <class Input>
  Future<std::string> send(std::string service, std::string handler, Input&& argument,
                           SendOptions options = {}) {
    return send_bytes(std::move(service), {}, std::move(handler),
                      detail::encode_argument<Input>(argument), options);
  }
  Future<std::string> send(std::string service, std::string handler) {
    return send_bytes(std::move(service), {}, std::move(handler), {}, {});
  }
  template <class Input>
  Future<std::string> object_send(std::string service, std::string key, std::string handler,
                                  Input&& argument, SendOptions options = {}) {
    return send_bytes(std::move(service), std::move(key), std::move(handler),
                      detail::encode_argument<Input>(argument), options);
  }
  Future<std::string> object_send(std::string service, std::string key, std::string handler) {
    return send_bytes(std::move(service), std::move(key), std::move(handler), {}, {});
  }
  template <class... Rest>
  Future<std::string> workflow_send(std::string workflow, std::string key, std::string handler,
                                    Rest&&... rest) {
    return object_send(std::move(workflow), std::move(key), std::move(handler),
                       std::forward<Rest>(rest)...);
  }

  // --- Other invocations ---

  Invocation invocation(std::string id) { return Invocation(*core_, std::move(id)); }
  // The one that was called with this idempotency key.
  AttachableInvocation request(std::string service, std::string handler,
                               std::string idempotency_key) {
    return {*core_, runtime::RequestTarget{std::move(service), std::nullopt, std::move(handler),
                                           std::move(idempotency_key)}};
  }
  AttachableInvocation object_request(std::string service, std::string key, std::string handler,
                                      std::string idempotency_key) {
    return {*core_, runtime::RequestTarget{std::move(service), std::move(key), std::move(handler),
                                           std::move(idempotency_key)}};
  }
  // The run of a workflow.
  AttachableInvocation workflow(std::string workflow, std::string key) {
    return {*core_, runtime::RunTarget{std::move(workflow), std::move(key)}};
  }

  // --- Completed from outside ---

  // Its id is to be given away; who has it completes the future, once.
  template <class T = void>
  [[nodiscard]] Awakeable<T> awakeable() {
    runtime::AwakeableSlot made = core_->awakeable();
    return Awakeable<T>{std::move(made.id), Future<T>(*core_, *made.slot)};
  }
  template <class T>
  void resolve_awakeable(std::string id, const T& value) {
    core_->complete_awakeable(std::move(id), detail::encode(value));
  }
  void resolve_awakeable(std::string id) { core_->complete_awakeable(std::move(id), Bytes()); }
  void reject_awakeable(std::string id, std::string reason, std::uint16_t code = 500) {
    core_->complete_awakeable(std::move(id), detail::rejection(std::move(reason), code));
  }
  // The next signal of this name; the n-th call gives the n-th, also one that has arrived before.
  template <class T = void>
  [[nodiscard]] Future<T> signal(std::string name) {
    return Future<T>(*core_, *core_->signal(std::move(name)));
  }

 protected:
  runtime::ContextCore* core_;

 private:
  template <class F>
  auto run_step(std::string name, const std::optional<RunOptions>& options, F&& closure) {
    using Closure = std::remove_cvref_t<F>;
    static_assert(std::is_invocable_v<Closure&>, "the closure of a step takes no arguments");
    static_assert(!detail::kMustBeNamed<F>,
                  "g++ 12 destroys twice what this closure owns: give it a name on a line before");
    using T = runtime::StepValueOf<Closure>;
    return Future<T>(*core_, *core_->run(std::move(name), options,
                                         runtime::step_body<Closure>(std::forward<F>(closure))));
  }
  template <class Output>
  CallFuture<Output> call_bytes(std::string service, std::string key, std::string handler,
                                Bytes parameter, CallOptions options) {
    return CallFuture<Output>(
        *core_,
        core_->call({std::move(service), std::move(key), std::move(handler), std::move(parameter),
                     options.headers.copy(), options.idempotency_key.copy()}));
  }
  Future<std::string> send_bytes(std::string service, std::string key, std::string handler,
                                 Bytes parameter, SendOptions options) {
    runtime::Slot* slot =
        core_->send({std::move(service), std::move(key), std::move(handler), std::move(parameter),
                     options.headers.copy(), options.idempotency_key.copy()},
                    options.delay);
    return Future<std::string>(*core_, *slot, &runtime::take_invocation_id);
  }
};

class SharedObjectContext : public Context {
 public:
  using Context::Context;

  const std::string& key() const { return core_->key(); }
  // The value as it is now, own writes included; nothing when it is not set.
  template <class T>
  [[nodiscard]] Future<std::optional<T>> get(std::string name) {
    return Future<std::optional<T>>(*core_, *core_->get_state(std::move(name)),
                                    &runtime::take_optional<T>);
  }
  // In order.
  [[nodiscard]] Future<std::vector<std::string>> keys() {
    return Future<std::vector<std::string>>(*core_, *core_->get_state_keys(), &runtime::take_keys);
  }
};

class ObjectContext : public SharedObjectContext {
 public:
  using SharedObjectContext::SharedObjectContext;

  template <class T>
  void set(std::string name, const T& value) {
    core_->set_state(std::move(name), detail::encode(value));
  }
  void clear(std::string name) { core_->clear_state(std::move(name)); }
  void clear_all() { core_->clear_all_state(); }
};

class SharedWorkflowContext : public SharedObjectContext {
 public:
  using SharedObjectContext::SharedObjectContext;

  template <class T = void>
  DurablePromise<T> promise(std::string name) {
    return DurablePromise<T>(*core_, std::move(name));
  }
};

class WorkflowContext : public ObjectContext {
 public:
  using ObjectContext::ObjectContext;

  template <class T = void>
  DurablePromise<T> promise(std::string name) {
    return DurablePromise<T>(*core_, std::move(name));
  }
};

}  // namespace holdfast
