#pragma once
// Service: a name with handlers behind it, and how a program declares one.
//
//   holdfast::Service("Greeter").handler("greet", greet)
//   holdfast::Object("Counter").exclusive("add", add).shared("get", get)
//   holdfast::Workflow("Signup").run(run).shared("approve", approve)
//
// A handler is a function or a lambda without `mutable`:  Task<R>(C&)  or  Task<R>(C&, Input).
// R may be void. Input is taken by value or const reference; R and Input need a Serde. The context
// C says what the handler may do, and must fit the place where it is registered:
//
//   Service   handler    Context
//   Object    exclusive  ObjectContext or SharedObjectContext
//             shared     SharedObjectContext
//   Workflow  run        WorkflowContext or SharedWorkflowContext
//             shared     SharedWorkflowContext
//
// A definition is a value. Its handlers are called by many invocations at once, on several threads,
// so what a lambda captures must bear that.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <holdfast/error.h>
#include <holdfast/task.h>

#include "storage/base/bytes.h"

namespace holdfast {

namespace runtime {
class ContextCore;
}

class Context;
class ObjectContext;
class SharedObjectContext;
class WorkflowContext;
class SharedWorkflowContext;
template <class T>
struct Serde;

enum class ServiceKind { kService, kObject, kWorkflow };

enum class HandlerKind {
  kPlain,      // Of a service.
  kExclusive,  // Of an object: one at a time for a key; may write state.
  kShared,     // Of an object or a workflow: any number at once; reads state.
  kRun,        // Of a workflow: once for a key.
};

enum class OnMaxAttempts {
  kPause,  // The invocation waits for an operator.
  kKill,   // The invocation fails.
};

// When a failed attempt is tried again: after initial_interval, then each time `factor` times as
// long, never longer than max_interval, give or take the share `jitter` of it.
struct RetryPolicy {
  std::chrono::milliseconds initial_interval{500};
  double factor = 2;
  std::chrono::milliseconds max_interval{60'000};
  std::optional<std::uint32_t> max_attempts = 70;  // None: for ever.
  OnMaxAttempts on_max_attempts = OnMaxAttempts::kPause;
  double jitter = 0.3;
};

// What is not set comes from the service, and what the service does not set from the server. (Each
// default is spelled out so that {.abort_timeout = 5min} compiles without a warning.)
struct HandlerOptions {
  // How long an attempt may wait without a word before it is put away, to be replayed later.
  std::optional<std::chrono::milliseconds> inactivity_timeout = std::nullopt;
  // How long after that it may still live.
  std::optional<std::chrono::milliseconds> abort_timeout = std::nullopt;
  // How long after the end these are kept: the journal; the result under its idempotency key; the
  // result, state and promises of a workflow (a workflow itself or its run handler only).
  std::optional<std::chrono::milliseconds> journal_retention = std::nullopt;
  std::optional<std::chrono::milliseconds> idempotency_retention = std::nullopt;
  std::optional<std::chrono::milliseconds> workflow_retention = std::nullopt;
  std::optional<RetryPolicy> retry_policy = std::nullopt;
  std::optional<bool> ingress_private = std::nullopt;  // True: callable by other handlers only.
  // True: an attempt in an endpoint of its own is not sent the state of its key; it asks for each
  // entry it reads. For much state of which little is read. Handlers inside the server read what
  // they need anyway.
  std::optional<bool> lazy_state = std::nullopt;
  std::optional<std::string> documentation = std::nullopt;
};
using ServiceOptions = HandlerOptions;

struct HandlerDefinition {
  std::string name;
  HandlerKind kind = HandlerKind::kPlain;
  HandlerOptions options = {};
  std::string input_content_type = {};   // "*/*": any. Empty: takes no input.
  std::string output_content_type = {};  // Empty: returns nothing.
  bool input_required = false;           // An empty input is an error.
  bool input_forbidden = false;          // The handler has no input parameter.
  // Makes the context, decodes the input (TerminalError 400 when it cannot), runs the handler,
  // encodes. The core outlives the task; the definition need not.
  std::function<Task<Bytes>(runtime::ContextCore&, Bytes)> invoke = {};
};

struct ServiceDefinition {
  std::string name;
  ServiceKind kind = ServiceKind::kService;
  ServiceOptions options;
  std::vector<HandlerDefinition> handlers;
};

// Why a server would refuse it, in one sentence: a name, a handler twice, a workflow without run,
// an option that makes no sense. None: it is fine.
std::optional<std::string> problem(const ServiceDefinition& service);
// The same for all services of a server; finds a name used twice as well.
std::optional<std::string> problem(const std::vector<ServiceDefinition>& services);

namespace detail {

template <class... C>
struct OneOf {
  template <class T>
  static constexpr bool kHas = (std::is_same_v<T, C> || ...);
};

template <class T>
inline constexpr bool kIsTask = false;
template <class T>
inline constexpr bool kIsTask<Task<T>> = true;

template <class T>
struct TaskValue;
template <class T>
struct TaskValue<Task<T>> {
  using Type = T;
};

// What a callable takes and returns. kIsCallable is false when that is not one single signature.
template <class R, class... Args>
struct Signature {
  static constexpr bool kIsCallable = true;
  static constexpr bool kIsMutable = false;
  static constexpr std::size_t kArity = sizeof...(Args);
  using Return = R;
  using Arguments = std::tuple<Args...>;
};
template <class F>
struct SignatureOf {
  static constexpr bool kIsCallable = false;
};
template <class F>
requires requires { &F::operator(); }
struct SignatureOf<F> : SignatureOf<decltype(&F::operator())> {};
template <class R, class... Args>
struct SignatureOf<R (*)(Args...)> : Signature<R, Args...> {};
template <class R, class... Args>
struct SignatureOf<R (*)(Args...) noexcept> : Signature<R, Args...> {};
template <class F, class R, class... Args>
struct SignatureOf<R (F::*)(Args...) const> : Signature<R, Args...> {};
template <class F, class R, class... Args>
struct SignatureOf<R (F::*)(Args...) const noexcept> : Signature<R, Args...> {};
template <class F, class R, class... Args>
struct SignatureOf<R (F::*)(Args...)> : Signature<R, Args...> {
  static constexpr bool kIsMutable = true;
};

template <class Input>
Input decode_input(const Bytes& bytes) {
  try {
    return Serde<Input>::decode(bytes);
  } catch (const SerdeError& error) {
    throw TerminalError("invalid input: " + error.message(), 400);
  }
}

// The frame of this coroutine keeps all that the handler may refer to: the handler itself (its
// captures), the context and the input.
template <class C, class R, class F>
Task<Bytes> invoke_without_input(std::shared_ptr<const F> handler, runtime::ContextCore& core,
                                 Bytes) {
  C context(core);
  Task<R> task = (*handler)(context);
  if constexpr (std::is_void_v<R>) {
    co_await std::move(task);
    co_return Bytes();
  } else {
    const R result = co_await std::move(task);
    co_return Serde<R>::encode(result);
  }
}

template <class C, class Input, class R, class F>
Task<Bytes> invoke_with_input(std::shared_ptr<const F> handler, runtime::ContextCore& core,
                              Bytes bytes) {
  C context(core);
  Input input = decode_input<Input>(bytes);
  Bytes().swap(bytes);
  Task<R> task = (*handler)(context, std::move(input));
  if constexpr (std::is_void_v<R>) {
    co_await std::move(task);
    co_return Bytes();
  } else {
    const R result = co_await std::move(task);
    co_return Serde<R>::encode(result);
  }
}

template <class T>
void describe_input(HandlerDefinition& definition) {
  definition.input_content_type = Serde<T>::content_type;
  if constexpr (requires { Serde<T>::input_content_type; }) {
    definition.input_content_type = Serde<T>::input_content_type;
  }
  definition.input_required = true;
  if constexpr (requires { Serde<T>::accepts_empty; }) {
    definition.input_required = !Serde<T>::accepts_empty;
  }
}

// REQUIRES: F has one signature and takes one or two arguments.
template <class Contexts, class F>
HandlerDefinition define_callable(std::string name, HandlerKind kind, F handler,
                                  HandlerOptions options) {
  using Found = SignatureOf<F>;
  using First = std::tuple_element_t<0, typename Found::Arguments>;
  using C = std::remove_reference_t<First>;
  constexpr bool context_fits = std::is_lvalue_reference_v<First> && Contexts::template kHas<C>;
  static_assert(context_fits,
                "this handler's first parameter is not the context of where it is registered. "
                "Service: Context&; Object: ObjectContext& when exclusive, "
                "SharedObjectContext& when shared; Workflow: WorkflowContext& for run, "
                "SharedWorkflowContext& when shared");
  static_assert(kIsTask<typename Found::Return>, "a handler returns holdfast::Task<R>");

  HandlerDefinition definition;
  definition.name = std::move(name);
  definition.kind = kind;
  definition.options = std::move(options);
  if constexpr (context_fits && kIsTask<typename Found::Return>) {
    using R = typename TaskValue<typename Found::Return>::Type;
    auto shared = std::make_shared<const F>(std::move(handler));
    if constexpr (!std::is_void_v<R>) definition.output_content_type = Serde<R>::content_type;
    if constexpr (Found::kArity == 1) {
      definition.input_forbidden = true;
      definition.invoke = [shared](runtime::ContextCore& core, Bytes bytes) {
        return invoke_without_input<C, R, F>(shared, core, std::move(bytes));
      };
    } else {
      using Second = std::tuple_element_t<1, typename Found::Arguments>;
      using Input = std::remove_cvref_t<Second>;
      constexpr bool is_taken_well =
          !std::is_lvalue_reference_v<Second> || std::is_const_v<std::remove_reference_t<Second>>;
      static_assert(is_taken_well, "a handler takes its input by value or by const reference");
      if constexpr (is_taken_well) {
        describe_input<Input>(definition);
        definition.invoke = [shared](runtime::ContextCore& core, Bytes bytes) {
          return invoke_with_input<C, Input, R, F>(shared, core, std::move(bytes));
        };
      }
    }
  }
  return definition;
}

template <class Contexts, class F>
HandlerDefinition define_handler(std::string name, HandlerKind kind, F handler,
                                 HandlerOptions options) {
  using Found = SignatureOf<F>;
  static_assert(Found::kIsCallable,
                "a handler is a function or a lambda with one signature (no auto parameters): "
                "Task<R>(Context&) or Task<R>(Context&, Input)");
  if constexpr (Found::kIsCallable) {
    constexpr bool has_shape = Found::kArity == 1 || Found::kArity == 2;
    static_assert(has_shape, "a handler is Task<R>(Context&) or Task<R>(Context&, Input)");
    static_assert(!Found::kIsMutable,
                  "a handler is called by many invocations at once, so its call must be const: "
                  "leave out `mutable`");
    if constexpr (has_shape && !Found::kIsMutable) {
      return define_callable<Contexts>(std::move(name), kind, std::move(handler),
                                       std::move(options));
    }
  }
  return {};
}

// What the three builders share.
class ServiceBuilder {
 public:
  operator ServiceDefinition() const& { return definition_; }         // NOLINT: implicit
  operator ServiceDefinition() && { return std::move(definition_); }  // NOLINT: implicit

 protected:
  ServiceBuilder(std::string name, ServiceKind kind, ServiceOptions options) {
    definition_.name = std::move(name);
    definition_.kind = kind;
    definition_.options = std::move(options);
  }

  template <class... Contexts, class F>
  void add(std::string name, HandlerKind kind, F handler, HandlerOptions options) {
    definition_.handlers.push_back(define_handler<OneOf<Contexts...>>(
        std::move(name), kind, std::move(handler), std::move(options)));
  }

 private:
  ServiceDefinition definition_;
};

}  // namespace detail

// Handlers without a key; any number at once.
class Service : public detail::ServiceBuilder {
 public:
  explicit Service(std::string name, ServiceOptions options = {})
      : ServiceBuilder(std::move(name), ServiceKind::kService, std::move(options)) {}

  template <class F>
  Service& handler(std::string name, F handler, HandlerOptions options = {}) {
    add<Context>(std::move(name), HandlerKind::kPlain, std::move(handler), std::move(options));
    return *this;
  }
};

// Handlers of a keyed entity with state.
class Object : public detail::ServiceBuilder {
 public:
  explicit Object(std::string name, ServiceOptions options = {})
      : ServiceBuilder(std::move(name), ServiceKind::kObject, std::move(options)) {}

  template <class F>
  Object& exclusive(std::string name, F handler, HandlerOptions options = {}) {
    add<ObjectContext, SharedObjectContext>(std::move(name), HandlerKind::kExclusive,
                                            std::move(handler), std::move(options));
    return *this;
  }
  template <class F>
  Object& shared(std::string name, F handler, HandlerOptions options = {}) {
    add<SharedObjectContext>(std::move(name), HandlerKind::kShared, std::move(handler),
                             std::move(options));
    return *this;
  }
};

// One run for a key, and handlers that talk to it by promises and state.
class Workflow : public detail::ServiceBuilder {
 public:
  explicit Workflow(std::string name, ServiceOptions options = {})
      : ServiceBuilder(std::move(name), ServiceKind::kWorkflow, std::move(options)) {}

  template <class F>
  Workflow& run(F handler, std::string name = "run", HandlerOptions options = {}) {
    add<WorkflowContext, SharedWorkflowContext>(std::move(name), HandlerKind::kRun,
                                                std::move(handler), std::move(options));
    return *this;
  }
  template <class F>
  Workflow& shared(std::string name, F handler, HandlerOptions options = {}) {
    add<SharedWorkflowContext>(std::move(name), HandlerKind::kShared, std::move(handler),
                               std::move(options));
    return *this;
  }
};

}  // namespace holdfast
