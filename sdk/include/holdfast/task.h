#pragma once
// Task<T>: a coroutine that has not begun yet. A handler is one, and so is what a handler splits
// off.
//
//   Task<int> twice(Context& ctx, int x) { co_return 2 * x; }
//   int y = co_await twice(ctx, 21);
//
// It begins when it is awaited, on the awaiting coroutine's thread, and hands back its value or its
// exception. The stack grows with the depth of nested tasks, never with the number of awaits: a
// task that ends without waiting returns to its awaiter, one that ends later transfers to it. That
// does not depend on the compiler's tail calls, which g++ leaves out below -O2.
//
// Lifetime: a Task owns its frame. Destroying it while it is suspended destroys its locals, and
// with them the tasks it waits for. Parameters taken by reference must outlive the task. Threads: a
// task is resumed by whoever completes what it waits for; never by two at once.

#include <atomic>
#include <coroutine>
#include <exception>
#include <type_traits>
#include <utility>
#include <variant>

namespace holdfast {

template <class T>
class Task;

namespace detail {

class TaskPromiseBase {
 public:
  struct ResumeContinuation {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
      TaskPromiseBase& promise = ended.promise();
      // Once it is marked, an awaiter on another thread may destroy the frame.
      const std::coroutine_handle<> continuation = promise.continuation_;
      if (promise.mark()) return continuation;
      return std::noop_coroutine();
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() const noexcept { return {}; }
  ResumeContinuation final_suspend() const noexcept { return {}; }
  void continue_with(std::coroutine_handle<> continuation) noexcept {
    continuation_ = continuation;
  }
  // Called when the task has ended and when its awaiter has suspended, maybe on two threads at
  // once. True for who comes second: the awaiter then goes on at once, or is transferred to.
  bool mark() noexcept { return marked_.exchange(true, std::memory_order_acq_rel); }

 private:
  std::atomic<bool> marked_ = false;
  std::coroutine_handle<> continuation_ = std::noop_coroutine();
};

template <class T>
class TaskPromise : public TaskPromiseBase {
 public:
  Task<T> get_return_object() noexcept;
  template <class Value = T>
  requires std::is_convertible_v<Value&&, T>
  void return_value(Value&& value) { result_.template emplace<1>(std::forward<Value>(value)); }
  void unhandled_exception() noexcept { result_.template emplace<2>(std::current_exception()); }
  T take() {
    if (result_.index() == 2) std::rethrow_exception(std::get<2>(result_));
    return std::move(std::get<1>(result_));
  }

 private:
  std::variant<std::monostate, T, std::exception_ptr> result_;
};

template <>
class TaskPromise<void> : public TaskPromiseBase {
 public:
  Task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void unhandled_exception() noexcept { exception_ = std::current_exception(); }
  void take() const {
    if (exception_) std::rethrow_exception(exception_);
  }

 private:
  std::exception_ptr exception_;
};

}  // namespace detail

template <class T = void>
class [[nodiscard]] Task {
  static_assert(!std::is_reference_v<T>, "a Task gives a value; use a pointer to give a reference");

 public:
  using promise_type = detail::TaskPromise<T>;
  using value_type = T;
  using Handle = std::coroutine_handle<promise_type>;

  Task() noexcept = default;
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    Task old(std::move(*this));
    handle_ = std::exchange(other.handle_, nullptr);
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  // REQUIRES: neither empty nor awaited before.
  auto operator co_await() const noexcept {
    struct Awaiter {
      Handle task;
      bool await_ready() const noexcept { return false; }
      bool await_suspend(std::coroutine_handle<> awaiting) const noexcept {
        const Handle begun = task;  // `this` is gone when the awaiter is resumed elsewhere.
        begun.promise().continue_with(awaiting);
        begun.resume();
        return !begun.promise().mark();
      }
      T await_resume() const { return task.promise().take(); }
    };
    return Awaiter{handle_};
  }

  // For who drives a task without being a coroutine: begins it, tells whether it has ended, takes
  // what it came to (throws what it threw). REQUIRES: not empty.
  void start() const { handle_.resume(); }
  bool done() const noexcept { return handle_.done(); }
  T take() const { return handle_.promise().take(); }

 private:
  friend promise_type;
  explicit Task(Handle handle) noexcept : handle_(handle) {}

  Handle handle_ = nullptr;
};

namespace detail {

template <class T>
Task<T> TaskPromise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<TaskPromise>::from_promise(*this));
}
inline Task<void> TaskPromise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<TaskPromise>::from_promise(*this));
}

}  // namespace detail

}  // namespace holdfast
