#pragma once
// QuietScheduler: CAF's scheduler by work sharing, with a clock that is not woken for nothing.
//
// An actor that ends has its timeouts cancelled by an event to the clock's thread, which wakes up
// for it (CAF 0.17, scheduled_actor and detail/thread_safe_actor_clock). Thousands of owners end in
// a second, and none of them sets a timeout; delayed messages are no timeouts.

#include <atomic>
#include <caf/detail/thread_safe_actor_clock.hpp>
#include <caf/policy/work_sharing.hpp>
#include <caf/scheduler/coordinator.hpp>
#include <utility>

namespace holdfast::actors {

// Passes on to the clock whose thread runs; of cancellations only those that can matter.
class QuietClock final : public caf::detail::thread_safe_actor_clock {
 public:
  using Inner = caf::detail::thread_safe_actor_clock;
  explicit QuietClock(Inner& inner) : inner_(inner) {}

  void set_ordinary_timeout(time_point time, caf::abstract_actor* self, caf::atom_value type,
                            std::uint64_t id) override {
    any_set_.store(true);
    inner_.set_ordinary_timeout(time, self, type, id);
  }
  void set_request_timeout(time_point time, caf::abstract_actor* self,
                           caf::message_id id) override {
    any_set_.store(true);
    inner_.set_request_timeout(time, self, id);
  }
  void set_multi_timeout(time_point time, caf::abstract_actor* self, caf::atom_value type,
                         std::uint64_t id) override {
    any_set_.store(true);
    inner_.set_multi_timeout(time, self, type, id);
  }
  void cancel_ordinary_timeout(caf::abstract_actor* self, caf::atom_value type) override {
    inner_.cancel_ordinary_timeout(self, type);
  }
  void cancel_request_timeout(caf::abstract_actor* self, caf::message_id id) override {
    inner_.cancel_request_timeout(self, id);
  }
  void cancel_timeouts(caf::abstract_actor* self) override {
    if (any_set_.load()) inner_.cancel_timeouts(self);
  }
  void schedule_message(time_point time, caf::strong_actor_ptr receiver,
                        caf::mailbox_element_ptr content) override {
    inner_.schedule_message(time, std::move(receiver), std::move(content));
  }
  void schedule_message(time_point time, caf::group target, caf::strong_actor_ptr sender,
                        caf::message content) override {
    inner_.schedule_message(time, std::move(target), std::move(sender), std::move(content));
  }
  void cancel_all() override { inner_.cancel_all(); }

 private:
  Inner& inner_;
  std::atomic<bool> any_set_{false};
};

class QuietScheduler final : public caf::scheduler::coordinator<caf::policy::work_sharing> {
 public:
  using Base = caf::scheduler::coordinator<caf::policy::work_sharing>;
  explicit QuietScheduler(caf::actor_system& system) : Base(system), quiet_(Base::clock()) {}

  QuietClock& clock() noexcept override { return quiet_; }

  // For caf::actor_system_config::load.
  static caf::actor_system::module* make(caf::actor_system& system, caf::detail::type_list<>) {
    return new QuietScheduler(system);
  }

 private:
  QuietClock quiet_;
};

}  // namespace holdfast::actors
