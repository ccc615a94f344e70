#include "actors/engine.h"

#include <algorithm>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/send.hpp>
#include <condition_variable>
#include <thread>

#include "actors/catalog/resolve.h"
#include "actors/engine_impl.h"
#include "actors/quiet_scheduler.h"
#include "storage/base/log.h"

namespace holdfast::actors {

namespace {

constexpr Logger kLog("actors");

// Work sharing: workers without work sleep on one condition; the default (work stealing) polls.
class SystemConfig : public caf::actor_system_config {
 public:
  explicit SystemConfig(std::size_t workers) {
    load<QuietScheduler>();
    set("scheduler.max-threads", workers);
    set("scheduler.max-throughput", std::size_t{64});
  }
};

std::size_t worker_count(const EngineOptions& options) {
  if (options.worker_threads > 0) return options.worker_threads;
  return std::max<std::size_t>(1, std::thread::hardware_concurrency());
}

}  // namespace

// The engine of the program: threads and time are real.
class ThreadedEngine final : public Engine {
 public:
  ThreadedEngine(const Parts& parts, const EngineOptions& options)
      : config_(worker_count(options)),
        system_(std::make_unique<caf::actor_system>(config_)),
        impl_(std::make_unique<EngineImpl>(*system_, parts, options, StepPool::Drive::kThreads)) {
    impl_->recover();
  }
  ~ThreadedEngine() override {
    // Actors hold references to what the engine is made of: they go first.
    impl_->end();
    system_->await_all_actors_done();
    impl_->release();
    system_.reset();
  }

  void stop(Millis deadline) override {
    impl_->drain();
    const auto until = std::chrono::steady_clock::now() + deadline;
    while (impl_->counts().active > 0 && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    kLog.info("engine stopped", "still_active={}", impl_->counts().active);
    impl_->close();
  }
  void send(InvokeRequest request, std::function<void(Result<Accepted>)> on_accepted) override {
    impl_->send(std::move(request), std::move(on_accepted));
  }
  WaitHandle call(InvokeRequest request,
                  std::function<void(Result<Finished>)> on_finished) override {
    return impl_->call(std::move(request), std::move(on_finished));
  }
  WaitHandle attach(const journal::InvocationId& id,
                    std::function<void(Result<Finished>)> on_finished) override {
    return impl_->attach(id, std::move(on_finished));
  }
  void output(const journal::InvocationId& id,
              std::function<void(Result<std::optional<Finished>>)> on_answer) override {
    impl_->output(id, std::move(on_answer));
  }
  void forget(const WaitHandle& handle) override { impl_->forget(handle); }
  void signal(const journal::InvocationId& id, journal::Notification signal,
              std::function<void(Result<ActResult>)> on_done) override {
    impl_->signal(id, std::move(signal), std::move(on_done));
  }
  void act(const journal::InvocationId& id, Act act,
           std::function<void(Result<ActResult>)> on_done) override {
    impl_->act(id, act, std::move(on_done));
  }
  void resume_on(const journal::InvocationId& id, std::string deployment,
                 std::function<void(Result<ActResult>)> on_done) override {
    impl_->resume_on(id, std::move(deployment), std::move(on_done));
  }
  void restart_as_new(const journal::InvocationId& id, Restart restart,
                      std::function<void(Result<journal::InvocationId>)> on_done) override {
    impl_->restart_as_new(id, std::move(restart), std::move(on_done));
  }
  void replace_state(std::string service, std::string key, std::map<Bytes, Bytes> state,
                     std::function<void(Result<void>)> on_done) override {
    impl_->replace_state(std::move(service), std::move(key), std::move(state), std::move(on_done));
  }
  void set_service(std::string service, journal::ServiceSettings settings,
                   std::function<void(Result<void>)> on_done) override {
    impl_->set_service(std::move(service), std::move(settings), std::move(on_done));
  }
  const journal::Tables& tables() const override { return impl_->tables(); }
  Catalog& catalog() override { return impl_->catalog(); }
  void clock_was_set() override { impl_->clock_was_set(); }
  Counts counts() const override { return impl_->counts(); }

 private:
  SystemConfig config_;
  std::unique_ptr<caf::actor_system> system_;
  std::unique_ptr<EngineImpl> impl_;
};

Result<std::unique_ptr<Engine>> Engine::start(const Parts& parts, const EngineOptions& options) {
  return std::unique_ptr<Engine>(std::make_unique<ThreadedEngine>(parts, options));
}

}  // namespace holdfast::actors
