#pragma once
// UniqueFunction: a std::function that is moved and never copied, so that what it holds need not
// be copyable, and that is one pointer: to move it costs nothing, whatever it holds.
//
// Threads: one at a time.

#include <concepts>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

namespace holdfast {

template <class Signature>
class UniqueFunction;

template <class... Arguments>
class UniqueFunction<void(Arguments...)> {
 public:
  UniqueFunction() = default;
  UniqueFunction(std::nullptr_t) {}
  template <class Function>
  requires(!std::same_as<std::remove_cvref_t<Function>, UniqueFunction> &&
           std::invocable<std::remove_cvref_t<Function>&, Arguments...>)
      UniqueFunction(Function&& function)  // NOLINT: the constraint keeps copies and moves apart.
      : held_(
            std::make_unique<Of<std::remove_cvref_t<Function>>>(std::forward<Function>(function))) {
  }

  explicit operator bool() const { return held_ != nullptr; }
  // REQUIRES: it holds one.
  void operator()(Arguments... arguments) { held_->call(std::forward<Arguments>(arguments)...); }

 private:
  struct Held {
    virtual ~Held() = default;
    virtual void call(Arguments... arguments) = 0;
  };
  template <class Function>
  struct Of final : Held {
    template <class Given>
    explicit Of(Given&& given) : function(std::forward<Given>(given)) {}
    void call(Arguments... arguments) override { function(std::forward<Arguments>(arguments)...); }
    Function function;
  };

  std::unique_ptr<Held> held_;
};

}  // namespace holdfast
