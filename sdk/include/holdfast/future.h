#pragma once
// Future<T>: the outcome of something that has been asked for already and is still to come.
//
// The operation begins when it is called; awaiting only waits. So two calls side by side are two
// futures awaited one after the other, or together (combinators.h).
//
//   auto price = ctx.call(pricing, item);        // both under way
//   auto stock = ctx.call(warehouse, item);
//   co_await price, then co_await stock
//
// Awaiting throws TerminalError when the operation failed, CancelledError when this invocation is
// cancelled meanwhile. A future that is dropped takes nothing back: the operation goes on, its
// outcome is not looked at. An outcome can be taken once.
//
// Why decisions are the same in replay (INV-2, INV-3). All that a handler can learn from a future
// is its outcome, or that it threw; there is no way to ask "is it there yet?". An outcome is a pure
// function of the one order in which notifications are journaled: each operation is decided at the
// position of its notification, a composition at a position computed from those of its parts, and
// an await ends with a cancellation exactly when that stands before the position of what is
// awaited. A handler waits for one thing at a time and goes on when that is decided; notifications
// that came in addition cannot change what was decided at an earlier position. So it issues the
// same commands no matter how many later notifications are known already, and replay may know all
// recorded ones from the start, wherever between them the handler's own commands were stored.
//
// Lifetime: futures live in the handler's frame. Threads: the handler's.

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <holdfast/runtime/context_core.h>
#include <holdfast/serde.h>

namespace holdfast {

namespace runtime {

// Several futures that are one.
template <class T>
class Composite {
 public:
  virtual ~Composite() = default;
  virtual Verdict verdict() const = 0;
  virtual void collect(std::vector<const Slot*>& slots) const = 0;
  // REQUIRES: not decided.
  virtual void describe(WaitWriter& writer) const = 0;
  // REQUIRES: decided.
  virtual T take() = 0;
};

// The outcome of a slot, moved out. Throws when it is a failure, or was taken before.
template <class T>
T take_value(Slot& slot) {
  if (slot.failure) throw_failed(*slot.failure);
  if constexpr (!std::is_void_v<T>) {
    if (slot.taken) throw std::logic_error("the outcome of this future has been taken already");
    slot.taken = true;
    const Bytes bytes = std::move(slot.value);
    return Serde<T>::decode(bytes);
  }
}

// The same where "nothing" is an answer.
template <class T>
std::optional<T> take_optional(Slot& slot) {
  if (!slot.failure && slot.kind == Slot::Kind::kVoid) return std::nullopt;
  return take_value<T>(slot);
}

std::string take_invocation_id(Slot& slot);
std::vector<std::string> take_keys(Slot& slot);

}  // namespace runtime

template <class T>
class Future {
 public:
  using value_type = T;
  using Take = T (*)(runtime::Slot&);

  Future() = default;  // Empty: never decided, not to be awaited.
  Future(runtime::ContextCore& core, runtime::Slot& slot, Take take = &runtime::take_value<T>)
      : core_(&core), slot_(&slot), take_(take) {}
  // `core` is null when there is nothing to wait for.
  Future(runtime::ContextCore* core, std::unique_ptr<runtime::Composite<T>> composite)
      : core_(core), composite_(std::move(composite)) {}

  Future(Future&& other) noexcept
      : core_(std::exchange(other.core_, nullptr)),
        slot_(std::exchange(other.slot_, nullptr)),
        take_(other.take_),
        composite_(std::move(other.composite_)) {}
  Future& operator=(Future&& other) noexcept {
    core_ = std::exchange(other.core_, nullptr);
    slot_ = std::exchange(other.slot_, nullptr);
    take_ = other.take_;
    composite_ = std::move(other.composite_);
    return *this;
  }

  class Awaiter final : public runtime::Awaited {
   public:
    explicit Awaiter(Future& future) : future_(&future) {}

    bool await_ready() const {
      future_->require_content();
      return future_->core_ == nullptr || future_->core_->begin_await(*this);
    }
    void await_suspend(std::coroutine_handle<> handle) const {
      future_->core_->block(*this, handle);
    }
    T await_resume() const {
      if (future_->core_ != nullptr) future_->core_->end_await();
      return future_->take();
    }

    runtime::Verdict verdict() const override { return future_->verdict(); }
    void collect(std::vector<const runtime::Slot*>& slots) const override {
      future_->collect(slots);
    }
    void describe(runtime::WaitWriter& writer) const override { future_->describe(writer); }

   private:
    Future* future_;
  };
  Awaiter operator co_await() { return Awaiter(*this); }

  // For compositions.
  runtime::ContextCore* core() const { return core_; }
  runtime::Verdict verdict() const {
    if (slot_ != nullptr) return slot_->verdict();
    return composite_ ? composite_->verdict() : runtime::Verdict{};
  }
  void collect(std::vector<const runtime::Slot*>& slots) const {
    if (composite_) {
      composite_->collect(slots);
    } else if (slot_ != nullptr && !slot_->verdict().decided()) {
      slots.push_back(slot_);
    }
  }
  // REQUIRES: not decided.
  void describe(runtime::WaitWriter& writer) const {
    if (composite_) {
      composite_->describe(writer);
    } else if (slot_ != nullptr) {
      writer.leaf(*slot_);
    } else {
      writer.never();
    }
  }
  // REQUIRES: decided.
  T take() { return slot_ != nullptr ? take_(*slot_) : composite_->take(); }

 private:
  void require_content() const {
    if (slot_ == nullptr && !composite_) throw std::logic_error("an empty future is awaited");
  }

  runtime::ContextCore* core_ = nullptr;
  runtime::Slot* slot_ = nullptr;  // This or the composite.
  Take take_ = nullptr;
  std::unique_ptr<runtime::Composite<T>> composite_;
};

// The result of a call, and beside it the id of the invocation that works on it.
template <class T>
class CallFuture : public Future<T> {
 public:
  CallFuture(runtime::ContextCore& core, runtime::CallSlots slots)
      : Future<T>(core, *slots.result), invocation_id_(slots.invocation_id) {}

  // Known as soon as the call is durable.
  Future<std::string> invocation_id() const {
    return Future<std::string>(*this->core(), *invocation_id_, &runtime::take_invocation_id);
  }

 private:
  runtime::Slot* invocation_id_;
};

}  // namespace holdfast
