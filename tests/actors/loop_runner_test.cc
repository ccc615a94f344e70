// LoopRunner: actors on a thread that the test owns.

#include "actors/loop/loop_runner.h"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <caf/all.hpp>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "actors/caf_types.h"
#include "storage/append_log.h"

namespace holdfast::actors {
namespace {

// A thread that does what it is called for, in order, between begin() and end().
class TestLoop final : public Loop {
 public:
  ~TestLoop() override { end(); }
  void begin() {
    thread_ = std::thread([this] { run(); });
  }
  // What has been called for and not begun is dropped.
  void end() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
  }
  void call(std::function<void()> turn) override {
    const std::lock_guard lock(mutex_);
    turns_.push_back(std::move(turn));
    ++calls;
    wake_.notify_one();
  }
  std::thread::id id() const { return thread_.get_id(); }

  std::atomic<int> calls = 0;

 private:
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this] { return ended_ || !turns_.empty(); });
      if (ended_) return;
      const auto turn = std::move(turns_.front());
      turns_.pop_front();
      lock.unlock();
      turn();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> turns_;
  bool ended_ = false;
  std::thread thread_;
};

class CountingLog final : public storage::Log {
 public:
  storage::AppendOutcome append(storage::Epoch,
                                std::span<const storage::Batch* const> batches) override {
    const std::lock_guard lock(mutex);
    sizes.push_back(batches.size());
    by.push_back(std::this_thread::get_id());
    return {storage::AppendOutcome::Kind::kCommitted, storage::Lsn(1), {}};
  }
  std::mutex mutex;
  std::vector<std::size_t> sizes;  // Batches per append.
  std::vector<std::thread::id> by;
};

storage::Batch one_put() {
  storage::Batch batch;
  batch.put("key", "value");
  return batch;
}

// Does as told with the number of each mail.
class Acting : public caf::event_based_actor {
 public:
  using Act = std::function<void(std::uint64_t mail)>;
  Acting(caf::actor_config& config, Act act)
      : caf::event_based_actor(config), act_(std::move(act)) {}
  caf::behavior make_behavior() override {
    return {[this](InvocationMail& mail) { act_(std::get<Ask>(mail.body).waiter); }};
  }

 private:
  const Act act_;
};

struct World {
  World() { config.set("scheduler.policy", caf::atom("sharing")); }
  ~World() {
    loop.end();
    runner.close();
  }
  caf::actor spawn(Acting::Act act) { return system.spawn<Acting, caf::lazy_init>(std::move(act)); }
  // Until `count` mails were acted on.
  void wait(int count) {
    for (int seen = acted; seen < count; seen = acted) acted.wait(seen);
  }
  void note() {
    ++acted;
    acted.notify_all();
  }

  CountingLog log;
  storage::Committer committer{log, storage::Epoch(1), {}};
  caf::actor_system_config config;
  caf::actor_system system{config};
  TestLoop loop;
  LoopRunner runner{system, committer, loop};
  std::atomic<int> acted = 0;
};

InvocationMail mail(std::uint64_t number) { return InvocationMail{Ask{number}}; }

}  // namespace

BOOST_AUTO_TEST_SUITE(loop_runner)

BOOST_AUTO_TEST_CASE(mail_from_any_thread_is_acted_on_in_order_on_the_loops_thread) {
  World world;
  std::vector<std::uint64_t> got;
  bool elsewhere = false;
  const caf::actor actor = world.spawn([&](std::uint64_t number) {
    got.push_back(number);
    elsewhere |= std::this_thread::get_id() != world.loop.id();
    world.note();
  });
  world.loop.begin();
  for (std::uint64_t i = 0; i < 1000; ++i) world.runner.send(actor, mail(i));

  world.wait(1000);

  BOOST_TEST(!elsewhere);
  BOOST_TEST(got.size() == 1000u);
  BOOST_TEST(std::is_sorted(got.begin(), got.end()));
}

BOOST_AUTO_TEST_CASE(who_gets_mail_on_the_loop_runs_in_the_same_turn) {
  World world;
  const caf::actor second = world.spawn([&](std::uint64_t) { world.note(); });
  const caf::actor first = world.spawn([&](std::uint64_t number) {
    world.runner.send(second, mail(number));
    world.note();
  });
  world.loop.begin();
  world.runner.send(first, mail(1));
  world.wait(2);
  world.loop.end();

  BOOST_TEST(world.loop.calls == 1);
}

BOOST_AUTO_TEST_CASE(one_that_asks_to_be_handed_over_does_the_rest_on_a_worker) {
  World world;
  std::vector<std::thread::id> by;
  caf::actor actor;
  actor = world.spawn([&](std::uint64_t number) {
    by.push_back(std::this_thread::get_id());
    if (number == 1) {
      world.runner.hand_over();
      caf::anon_send(actor, mail(2));
    }
    world.note();
  });
  world.loop.begin();
  world.runner.send(actor, mail(1));
  world.wait(2);

  BOOST_TEST((by.at(0) == world.loop.id()));
  BOOST_TEST((by.at(1) != world.loop.id()));
}

BOOST_AUTO_TEST_CASE(a_lone_batch_is_committed_by_the_loop_after_its_other_duties) {
  World world;
  std::atomic<bool> other_duty = false, done = false;
  bool before_commit = false;
  const caf::actor actor = world.spawn([&](std::uint64_t) {
    world.loop.call([&] { other_duty = true; });
    world.committer.submit(one_put(), [&](const auto&) {
      before_commit = other_duty;
      done = true;
      done.notify_all();
    });
  });
  world.loop.begin();
  for (int tries = 0; tries < 100; ++tries) {
    other_duty = done = false;
    world.runner.send(actor, mail(1));
    done.wait(false);
    const std::lock_guard lock(world.log.mutex);
    if (world.log.by.back() == world.loop.id()) break;
    // The committer's thread was still awake from the time before.
  }
  const std::lock_guard lock(world.log.mutex);
  BOOST_TEST((world.log.by.back() == world.loop.id()));
  BOOST_TEST(before_commit);
}

BOOST_AUTO_TEST_CASE(what_is_submitted_in_one_turn_is_one_append_of_the_committer) {
  World world;
  constexpr int kActors = 50;
  std::atomic<int> durable = 0;
  std::vector<caf::actor> actors;
  for (int i = 0; i < kActors; ++i) {
    actors.push_back(world.spawn([&](std::uint64_t) {
      world.committer.submit(one_put(), [&](const auto&) {
        ++durable;
        durable.notify_all();
      });
    }));
  }
  // All before the loop's first turn.
  for (const caf::actor& actor : actors) world.runner.send(actor, mail(1));
  world.loop.begin();
  for (int seen = durable; seen < kActors; seen = durable) durable.wait(seen);

  const std::lock_guard lock(world.log.mutex);
  BOOST_TEST(world.log.sizes.size() == 1u);
  BOOST_TEST((world.log.by.front() != world.loop.id()));
}

BOOST_AUTO_TEST_CASE(what_is_left_when_the_loop_has_ended_goes_to_the_workers) {
  World world;
  const caf::actor actor = world.spawn([&](std::uint64_t) { world.note(); });
  world.runner.send(actor, mail(1));  // The loop has never begun.
  world.runner.close();
  world.runner.send(actor, mail(2));

  world.wait(2);

  BOOST_TEST(world.acted == 2);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::actors
