// A closure may block for minutes: neither other invocations nor timers nor new calls wait for it.
// Real threads and real time; only the disk is not real.

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <future>
#include <latch>
#include <mutex>
#include <thread>

#include <holdfast/sdk.h>

#include "actors/engine.h"
#include "net/egress/embedded_handlers.h"
#include "storage/base/random.h"
#include "storage/committer.h"
#include "storage/local_log.h"
#include "storage/memory_store.h"

namespace holdfast::testing {

namespace {

using namespace std::chrono_literals;

constexpr int kBlocked = 20;
constexpr auto kSoon = 20s;  // Bounds the test; nothing here takes a second.

// An engine as the program runs it.
class ThreadedWorld {
 public:
  explicit ThreadedWorld(const std::vector<ServiceDefinition>& services)
      : catalog_(net::catalog_of(services)), handlers_(services) {
    auto log = storage::LocalLog::open(store_, {0, UINT64_MAX}, clock_);
    BOOST_REQUIRE(log.has_value());
    log_ = std::move(*log);
    committer_ =
        std::make_unique<storage::Committer>(*log_, log_->epoch(), storage::Committer::Options{});
    actors::EngineOptions options;
    options.worker_threads = 2;
    auto engine =
        actors::Engine::start({store_, *committer_, clock_, random_, catalog_, handlers_}, options);
    BOOST_REQUIRE(engine.has_value());
    engine_ = std::move(*engine);
  }
  ~ThreadedWorld() {
    engine_->stop(Millis(5'000));
    committer_->stop();
    engine_.reset();
  }

  std::future<std::string> call(const std::string& service, const std::string& handler) {
    actors::InvokeRequest request;
    request.service = service;
    request.handler = handler;
    auto answer = std::make_shared<std::promise<std::string>>();
    (void)engine_->call(std::move(request), [answer](Result<actors::Finished> finished) {
      if (!finished) return answer->set_value("refused: " + finished.error().message());
      const auto* value = std::get_if<Bytes>(&finished->outcome);
      answer->set_value(value != nullptr ? *value : Bytes("failed"));
    });
    return answer->get_future();
  }

 private:
  storage::MemoryStore store_;
  SystemClock clock_;
  SystemRandom random_;
  actors::Catalog catalog_;
  net::EmbeddedHandlers handlers_;
  std::unique_ptr<storage::LocalLog> log_;
  std::unique_ptr<storage::Committer> committer_;
  std::unique_ptr<actors::Engine> engine_;
};

std::string answer(std::future<std::string>& future) {
  return future.wait_for(kSoon) == std::future_status::ready ? future.get() : "no answer";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(blocking)

BOOST_AUTO_TEST_CASE(closures_that_block_hold_nobody_up) {
  std::latch inside(kBlocked);
  std::promise<void> gate;
  const std::shared_future<void> open = gate.get_future().share();
  const auto block = [&](Context& ctx) -> Task<int> {
    co_return co_await ctx.run("block", [&] {
      inside.count_down();
      open.wait();
      return 1;
    });
  };
  const auto quick = [](Context& ctx) -> Task<int> {
    const int a = co_await ctx.run("a", [] { return 1; });
    const int b = co_await ctx.run("b", [] { return 2; });
    co_return a + b;
  };
  const auto nap = [](Context& ctx) -> Task<int> {
    co_await ctx.sleep(50ms);
    co_return co_await ctx.call<int>("Shop", "quick");
  };
  const std::vector<ServiceDefinition> services = {
      Service("Shop").handler("block", block).handler("quick", quick).handler("nap", nap)};
  ThreadedWorld world(services);

  auto began_before = world.call("Shop", "nap");
  std::vector<std::future<std::string>> blocked;
  for (int i = 0; i < kBlocked; ++i) blocked.push_back(world.call("Shop", "block"));
  const auto until = std::chrono::steady_clock::now() + kSoon;
  while (!inside.try_wait() && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(1ms);
  }
  BOOST_TEST(inside.try_wait());  // All of them at once.
  auto began_later = world.call("Shop", "nap");
  std::vector<std::future<std::string>> others;
  for (int i = 0; i < 50; ++i) others.push_back(world.call("Shop", "quick"));

  BOOST_TEST(answer(began_before) == "3");
  BOOST_TEST(answer(began_later) == "3");
  for (auto& one : others) BOOST_TEST(answer(one) == "3");
  for (auto& one : blocked) BOOST_TEST((one.wait_for(0s) == std::future_status::timeout));
  gate.set_value();
  for (auto& one : blocked) BOOST_TEST(answer(one) == "1");
}

// The same for a closure that waits without a thread, and reports from one of its own.
BOOST_AUTO_TEST_CASE(a_closure_may_end_on_any_thread_long_after_it_returned) {
  struct OnAnotherThread {
    std::vector<std::thread>& threads;
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> handle) const {
      threads.emplace_back([handle] {
        std::this_thread::sleep_for(20ms);
        handle.resume();
      });
    }
    int await_resume() const { return 5; }
  };
  std::vector<std::thread> threads;
  const auto handler = [&threads](Context& ctx) -> Task<int> {
    co_return co_await ctx.run("elsewhere", [&threads]() -> Task<int> {
      const int value = co_await OnAnotherThread{threads};
      co_return value + 1;
    });
  };
  {
    ThreadedWorld world({Service("Shop").handler("go", handler)});
    auto result = world.call("Shop", "go");
    BOOST_TEST(answer(result) == "6");
  }
  for (std::thread& thread : threads) thread.join();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::testing
