#pragma once
// Step: the closure of a ctx.run, wrapped so that it can be executed anywhere and reports once.
//
// The closure gives a value, nothing, or something awaitable that gives one of these. An awaitable
// is driven on the thread that executes the step, and goes on wherever it resumes the coroutine.

#include <concepts>
#include <coroutine>
#include <exception>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include <holdfast/runtime/context_core.h>
#include <holdfast/serde.h>

namespace holdfast::runtime {

template <class T>
concept HasMemberCoAwait = requires(T value) {
  std::move(value).operator co_await();
};
template <class T>
concept HasFreeCoAwait = requires(T value) {
  operator co_await(std::move(value));
};
template <class T>
concept IsAwaiter = requires(T value) {
  { value.await_ready() } -> std::convertible_to<bool>;
  value.await_resume();
};
template <class T>
concept Awaitable = HasMemberCoAwait<T> || HasFreeCoAwait<T> || IsAwaiter<T>;

template <class T>
struct StepValue {
  using Type = std::remove_cvref_t<T>;
};
template <>
struct StepValue<void> {
  using Type = void;
};
template <HasMemberCoAwait T>
struct StepValue<T> : StepValue<decltype(std::declval<T>().operator co_await().await_resume())> {};
template <HasFreeCoAwait T>
requires(!HasMemberCoAwait<T>) struct StepValue<T>
    : StepValue<decltype(operator co_await(std::declval<T>()).await_resume())> {
};
template <IsAwaiter T>
requires(!HasMemberCoAwait<T> && !HasFreeCoAwait<T>) struct StepValue<T>
    : StepValue<decltype(std::declval<T>().await_resume())> {
};

// What ctx.run(..., F) gives.
template <class F>
using StepValueOf = typename StepValue<std::invoke_result_t<F&>>::Type;

// The exception that is being handled, as a failure. REQUIRES: inside a catch block.
StepFailed current_step_failure() noexcept;

// A coroutine that nobody waits for.
struct Detached {
  struct promise_type {
    Detached get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }
  };
};

using StepDone = std::function<void(StepResult)>;

template <class F>
Detached drive_awaitable(std::shared_ptr<F> closure, StepDone done) {
  StepResult result;
  try {
    using T = StepValueOf<F>;
    if constexpr (std::is_void_v<T>) {
      co_await (*closure)();
    } else {
      const T value = co_await (*closure)();
      result = Serde<T>::encode(value);
    }
  } catch (...) {
    result = current_step_failure();
  }
  closure.reset();
  done(std::move(result));
}

template <class F>
StepResult execute_plain(F& closure) noexcept {
  try {
    using T = StepValueOf<F>;
    if constexpr (std::is_void_v<T>) {
      closure();
      return Bytes();
    } else {
      const T value = closure();
      return Serde<T>::encode(value);
    }
  } catch (...) {
    return current_step_failure();
  }
}

template <class F>
StepBody step_body(F closure) {
  auto shared = std::make_shared<F>(std::move(closure));
  return [shared](StepDone done) {
    if constexpr (Awaitable<std::invoke_result_t<F&>>) {
      drive_awaitable(shared, std::move(done));
    } else {
      done(execute_plain(*shared));
    }
  };
}

}  // namespace holdfast::runtime
