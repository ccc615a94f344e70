#pragma once
// Combinators: several futures awaited as one.
//
//   all(f...), all(vector)             every value; throws as soon as one has failed
//   any(f...), any(vector)             the first that succeeds; throws when all have failed
//   race(f...), race(vector)           the first that ends, well or badly
//   all_settled(f...), ...(vector)     how each ended; never throws for one of them
//   with_timeout(f, duration)          f, or TimeoutError; a closure that is late goes on, and so
//                                      owns what it uses
//   settled(f), settled(task)          how it ended, as a value; a cancellation too
//
// C++ does not allow co_await inside a catch block. So what has to be undone after a failure reads
//
//   const auto credit = co_await settled(ctx.run("credit", ...));
//   if (!credit) {
//     co_await ctx.run("refund", ...);
//     credit.rethrow();
//   }
//
// Several futures give a std::tuple (all) or a std::variant with the winner's index (any, race); a
// vector gives a vector or a Winner. Instead of void stands std::monostate. A future that is moved
// in is owned; a named one is only borrowed: it must outlive the combination, and when it was not
// the winner it can be awaited afterwards.
//
// "First" means first in the journal, so that it is the same in every attempt (future.h). Losers go
// on where they are; what they come to is not looked at.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <holdfast/context.h>
#include <holdfast/error.h>
#include <holdfast/future.h>
#include <holdfast/task.h>

namespace holdfast {

template <class T>
struct Winner {
  std::size_t index;
  T value;
};
template <>
struct Winner<void> {
  std::size_t index;
};

template <class T>
using ValueOrMonostate = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

// How one future ended.
template <class T>
class Settled {
 public:
  explicit Settled(ValueOrMonostate<T> value) : value_(std::move(value)) {}
  // `thrown` is the same error as an exception, whose type may say more.
  Settled(const TerminalError& error, std::exception_ptr thrown)
      : error_(error), thrown_(std::move(thrown)) {}

  bool has_value() const { return value_.has_value(); }
  explicit operator bool() const { return has_value(); }
  // Throws the error when there is no value.
  const ValueOrMonostate<T>& value() const& {
    rethrow();
    return *value_;
  }
  ValueOrMonostate<T>&& value() && {
    rethrow();
    return std::move(*value_);
  }
  // REQUIRES: !has_value().
  const TerminalError& error() const { return error_.value(); }
  // Throws the error, if there is one.
  void rethrow() const {
    if (thrown_) std::rethrow_exception(thrown_);
  }

 private:
  std::optional<ValueOrMonostate<T>> value_;
  std::optional<TerminalError> error_;
  std::exception_ptr thrown_;
};

namespace detail {

template <class F>
using FutureValue = typename std::remove_cvref_t<F>::value_type;

template <class F>
concept SomeFuture = requires {
  typename std::remove_cvref_t<F>::value_type;
}
&&std::is_base_of_v<Future<FutureValue<F>>, std::remove_cvref_t<F>> &&
    !std::is_const_v<std::remove_reference_t<F>>;

// A future that a combination owns or borrows.
template <class T>
class Part {
 public:
  Part(Future<T>&& future) : owned_(std::move(future)) {}  // NOLINT: implicit
  Part(Future<T>& future) : borrowed_(&future) {}          // NOLINT: implicit

  const Future<T>& get() const { return borrowed_ != nullptr ? *borrowed_ : owned_; }
  runtime::ContextCore* core() const { return get().core(); }
  runtime::Verdict verdict() const { return get().verdict(); }
  void collect(std::vector<const runtime::Slot*>& slots) const { get().collect(slots); }
  void describe_if_open(runtime::WaitWriter& writer) const {
    if (!verdict().decided()) get().describe(writer);
  }
  T take() { return borrowed_ != nullptr ? borrowed_->take() : owned_.take(); }
  ValueOrMonostate<T> take_any() {
    if constexpr (std::is_void_v<T>) {
      take();
      return {};
    } else {
      return take();
    }
  }
  Settled<T> settle() {
    try {
      return Settled<T>(take_any());
    } catch (const TerminalError& error) {
      return Settled<T>(error, std::current_exception());
    }
  }

 private:
  Future<T> owned_;
  Future<T>* borrowed_ = nullptr;
};

// The parts of a combination, seen alike whether they are a tuple or a vector.
template <class... T>
class TupleParts {
 public:
  template <class... F>
  explicit TupleParts(std::in_place_t, F&&... futures) : parts_(std::forward<F>(futures)...) {}

  template <class Visit>
  void each(Visit&& visit) const {
    std::size_t index = 0;
    std::apply([&](const auto&... part) { (visit(index++, part), ...); }, parts_);
  }
  std::tuple<Part<T>...>& content() { return parts_; }

 private:
  std::tuple<Part<T>...> parts_;
};

template <class T>
class VectorParts {
 public:
  explicit VectorParts(std::vector<Future<T>> futures) {
    parts_.reserve(futures.size());
    for (Future<T>& future : futures) parts_.emplace_back(std::move(future));
  }

  template <class Visit>
  void each(Visit&& visit) const {
    for (std::size_t i = 0; i < parts_.size(); ++i) visit(i, parts_[i]);
  }
  std::vector<Part<T>>& content() { return parts_; }

 private:
  std::vector<Part<T>> parts_;
};

// How the verdict on the whole follows from those on the parts. Each is a function of positions
// only: a part that is decided later than the result never changes it.
struct Judgement {
  runtime::Verdict verdict;
  std::size_t index = 0;  // Of the part that decided.
};

template <class Parts>
Judgement first_of(const Parts& parts, bool successes, bool failures) {
  Judgement first;
  parts.each([&](std::size_t index, const auto& part) {
    const runtime::Verdict verdict = part.verdict();
    if (!verdict.decided() || !(verdict.failed ? failures : successes)) return;
    if (verdict.position < first.verdict.position) first = {verdict, index};
  });
  return first;
}

// Undecided while one part is.
template <class Parts>
runtime::Verdict last_of(const Parts& parts, bool failed) {
  runtime::Verdict last{runtime::kAtOnce, failed};
  parts.each([&](std::size_t, const auto& part) {
    last.position = std::max(last.position, part.verdict().position);
  });
  return last;
}

template <class Parts>
Judgement judge_all(const Parts& parts) {
  const Judgement failure = first_of(parts, false, true);
  return failure.verdict.decided() ? failure : Judgement{last_of(parts, false)};
}
template <class Parts>
Judgement judge_race(const Parts& parts) {
  return first_of(parts, true, true);
}
template <class Parts>
Judgement judge_any(const Parts& parts) {
  const Judgement success = first_of(parts, true, false);
  if (success.verdict.decided()) return success;
  const runtime::Verdict last = last_of(parts, true);
  return last.decided() ? Judgement{last, first_of(parts, false, true).index} : Judgement{};
}
template <class Parts>
Judgement judge_all_settled(const Parts& parts) {
  return Judgement{last_of(parts, false)};
}

// Takes part `index` as the alternative of that index; of a failed one this throws.
template <class Variant, class... T, std::size_t... index>
Variant take_alternative(std::tuple<Part<T>...>& parts, std::size_t wanted,
                         std::index_sequence<index...>) {
  std::optional<Variant> result;
  ((index == wanted
        ? void(result.emplace(std::in_place_index<index>, std::get<index>(parts).take_any()))
        : void()),
   ...);
  return std::move(result).value();
}

struct TakeAll {
  static constexpr auto kCombinator = runtime::WaitWriter::Combinator::kFirstFailure;

  template <class... T>
  static std::tuple<ValueOrMonostate<T>...> take(std::tuple<Part<T>...>& parts,
                                                 const Judgement& judgement) {
    if (judgement.verdict.failed) throw_part(parts, judgement.index);
    return std::apply(
        [](auto&... part) { return std::tuple<ValueOrMonostate<T>...>{part.take_any()...}; },
        parts);
  }
  template <class T>
  static auto take(std::vector<Part<T>>& parts, const Judgement& judgement) {
    if (judgement.verdict.failed) parts[judgement.index].take();
    if constexpr (!std::is_void_v<T>) {
      std::vector<T> values;
      values.reserve(parts.size());
      for (Part<T>& part : parts) values.push_back(part.take());
      return values;
    }
  }

 private:
  template <class Tuple>
  static void throw_part(Tuple& parts, std::size_t wanted) {
    std::size_t index = 0;
    std::apply([&](auto&... part) { (void(index++ == wanted ? void(part.take()) : void()), ...); },
               parts);
  }
};

struct TakeWinner {
  static constexpr auto kCombinator = runtime::WaitWriter::Combinator::kAny;

  template <class... T>
  static std::variant<ValueOrMonostate<T>...> take(std::tuple<Part<T>...>& parts,
                                                   const Judgement& judgement) {
    return take_alternative<std::variant<ValueOrMonostate<T>...>>(parts, judgement.index,
                                                                  std::index_sequence_for<T...>());
  }
  template <class T>
  static Winner<T> take(std::vector<Part<T>>& parts, const Judgement& judgement) {
    if constexpr (std::is_void_v<T>) {
      parts[judgement.index].take();
      return {judgement.index};
    } else {
      return {judgement.index, parts[judgement.index].take()};
    }
  }
};

struct TakeFirstSuccess : TakeWinner {
  static constexpr auto kCombinator = runtime::WaitWriter::Combinator::kFirstSuccess;
};

struct TakeSettled {
  static constexpr auto kCombinator = runtime::WaitWriter::Combinator::kAll;

  template <class... T>
  static std::tuple<Settled<T>...> take(std::tuple<Part<T>...>& parts, const Judgement&) {
    return std::apply([](auto&... part) { return std::tuple<Settled<T>...>{part.settle()...}; },
                      parts);
  }
  template <class T>
  static std::vector<Settled<T>> take(std::vector<Part<T>>& parts, const Judgement&) {
    std::vector<Settled<T>> settled;
    settled.reserve(parts.size());
    for (Part<T>& part : parts) settled.push_back(part.settle());
    return settled;
  }
};

template <class T, class Parts, Judgement (*judge)(const Parts&), class Taker>
class Combination final : public runtime::Composite<T> {
 public:
  explicit Combination(Parts parts) : parts_(std::move(parts)) {}

  runtime::Verdict verdict() const override { return judge(parts_).verdict; }
  void collect(std::vector<const runtime::Slot*>& slots) const override {
    parts_.each([&](std::size_t, const auto& part) { part.collect(slots); });
  }
  void describe(runtime::WaitWriter& writer) const override {
    writer.begin(Taker::kCombinator);
    parts_.each([&](std::size_t, const auto& part) { part.describe_if_open(writer); });
    writer.end();
  }
  T take() override { return Taker::take(parts_.content(), judge(parts_)); }

 private:
  Parts parts_;
};

template <class Taker, class Parts>
using Taken = decltype(Taker::take(std::declval<Parts&>().content(), Judgement{}));

template <class Taker, class Parts, Judgement (*judge)(const Parts&)>
Future<Taken<Taker, Parts>> combine(Parts parts) {
  using T = Taken<Taker, Parts>;
  runtime::ContextCore* core = nullptr;
  parts.each([&](std::size_t, const auto& part) {
    if (part.core() != nullptr) core = part.core();
  });
  return Future<T>(core, std::make_unique<Combination<T, Parts, judge, Taker>>(std::move(parts)));
}

template <class... F>
using PartsOf = TupleParts<FutureValue<F>...>;

template <class T>
VectorParts<T> some_parts(std::vector<Future<T>> futures) {
  if (futures.empty()) throw std::invalid_argument("nothing to wait for: no futures were given");
  return VectorParts<T>(std::move(futures));
}

// A future and the timer beside it.
template <class T>
class TimedFuture final : public runtime::Composite<T> {
 public:
  TimedFuture(Part<T> part, runtime::Slot& timer) : part_(std::move(part)), timer_(&timer) {}

  runtime::Verdict verdict() const override {
    const runtime::Verdict verdict = part_.verdict();
    if (timer_->position < verdict.position) return {timer_->position, true, true};
    return verdict;
  }
  void collect(std::vector<const runtime::Slot*>& slots) const override {
    part_.collect(slots);
    if (!timer_->verdict().decided()) slots.push_back(timer_);
  }
  // The timer is a failure here, which it is nowhere else. So whoever asks for the result of this
  // one is woken by either, and looks.
  void describe(runtime::WaitWriter& writer) const override {
    writer.begin(runtime::WaitWriter::Combinator::kUnknown);
    part_.describe_if_open(writer);
    writer.leaf(*timer_);
    writer.end();
  }
  T take() override {
    if (timer_->position < part_.verdict().position) throw TimeoutError();
    return part_.take();
  }

 private:
  Part<T> part_;
  runtime::Slot* timer_;
};

template <class F>
concept SomeTask = std::is_same_v<Task<FutureValue<F>>, std::remove_cvref_t<F>>;

// F is a reference when it is borrowed.
template <class F, class T = FutureValue<F>>
Task<Settled<T>> settle(F awaited) {
  try {
    if constexpr (std::is_void_v<T>) {
      co_await awaited;
      co_return Settled<T>(std::monostate());
    } else {
      co_return Settled<T>(co_await awaited);
    }
  } catch (const TerminalError& error) {
    co_return Settled<T>(error, std::current_exception());
  }
}

}  // namespace detail

// Unlike the other combinations it is a Task: what it catches may be thrown by the await itself.
template <class F>
requires(detail::SomeFuture<F> || detail::SomeTask<F>) [[nodiscard]] auto settled(F&& awaited) {
  return detail::settle<F>(std::forward<F>(awaited));
}

template <detail::SomeFuture... F>
requires(sizeof...(F) > 0) [[nodiscard]] auto all(F&&... futures) {
  using Parts = detail::PartsOf<F...>;
  return detail::combine<detail::TakeAll, Parts, &detail::judge_all<Parts>>(
      Parts(std::in_place, std::forward<F>(futures)...));
}
template <class T>
[[nodiscard]] auto all(std::vector<Future<T>> futures) {
  using Parts = detail::VectorParts<T>;
  return detail::combine<detail::TakeAll, Parts, &detail::judge_all<Parts>>(
      Parts(std::move(futures)));
}

template <detail::SomeFuture... F>
requires(sizeof...(F) > 0) [[nodiscard]] auto any(F&&... futures) {
  using Parts = detail::PartsOf<F...>;
  return detail::combine<detail::TakeFirstSuccess, Parts, &detail::judge_any<Parts>>(
      Parts(std::in_place, std::forward<F>(futures)...));
}
// Throws std::invalid_argument when there are none.
template <class T>
[[nodiscard]] auto any(std::vector<Future<T>> futures) {
  using Parts = detail::VectorParts<T>;
  return detail::combine<detail::TakeFirstSuccess, Parts, &detail::judge_any<Parts>>(
      detail::some_parts(std::move(futures)));
}

template <detail::SomeFuture... F>
requires(sizeof...(F) > 0) [[nodiscard]] auto race(F&&... futures) {
  using Parts = detail::PartsOf<F...>;
  return detail::combine<detail::TakeWinner, Parts, &detail::judge_race<Parts>>(
      Parts(std::in_place, std::forward<F>(futures)...));
}
// Throws std::invalid_argument when there are none.
template <class T>
[[nodiscard]] auto race(std::vector<Future<T>> futures) {
  using Parts = detail::VectorParts<T>;
  return detail::combine<detail::TakeWinner, Parts, &detail::judge_race<Parts>>(
      detail::some_parts(std::move(futures)));
}

template <detail::SomeFuture... F>
requires(sizeof...(F) > 0) [[nodiscard]] auto all_settled(F&&... futures) {
  using Parts = detail::PartsOf<F...>;
  return detail::combine<detail::TakeSettled, Parts, &detail::judge_all_settled<Parts>>(
      Parts(std::in_place, std::forward<F>(futures)...));
}
template <class T>
[[nodiscard]] auto all_settled(std::vector<Future<T>> futures) {
  using Parts = detail::VectorParts<T>;
  return detail::combine<detail::TakeSettled, Parts, &detail::judge_all_settled<Parts>>(
      Parts(std::move(futures)));
}

// The timer begins now. Throws std::invalid_argument for an empty future.
template <detail::SomeFuture F, class Rep, class Period>
[[nodiscard]] auto with_timeout(F&& future, std::chrono::duration<Rep, Period> timeout) {
  using T = detail::FutureValue<F>;
  runtime::ContextCore* core = future.core();
  if (core == nullptr) throw std::invalid_argument("a timeout for an empty future");
  runtime::Slot* timer = core->sleep(detail::to_millis(timeout), "timeout");
  return Future<T>(core, std::make_unique<detail::TimedFuture<T>>(
                             detail::Part<T>(std::forward<F>(future)), *timer));
}

}  // namespace holdfast
