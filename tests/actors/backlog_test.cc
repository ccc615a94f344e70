// More is sent than can run: the rest waits in the store, not in memory.

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <vector>

#include "tests/support/engine_fixture.h"
#include "tests/support/scripted_handlers.h"

namespace holdfast::testing {

namespace {

using journal::HandlerKind;
using journal::ServiceKind;
using journal::Status;

constexpr std::size_t kAtOnce = 5;

// Handlers whose one step ends when the test says so.
class Slow {
 public:
  explicit Slow(std::uint64_t seed = 1, std::size_t active_max = 100'000) {
    const auto hold = [this](auto done) { open_.push_back(std::move(done)); };
    handlers_.add(ServiceKind::kService, "Slow", "run",
                  {HandlerKind::kPlain, {run_held("work", hold)}, {}});
    handlers_.add(ServiceKind::kService, "Nap", "run", {HandlerKind::kPlain, {sleep(50)}, {}});
    std::vector<Op> sends;
    for (int i = 0; i < 40; ++i) sends.push_back(send("Slow", "", "run", ""));
    handlers_.add(ServiceKind::kService, "Fan", "run", {HandlerKind::kPlain, sends, {}});
    EngineFixture::Options options;
    options.engine.begin_at_once_max = kAtOnce;
    options.engine.active_max = active_max;
    world_.emplace(handlers_, handlers_.catalog(), seed, options, clock_);
  }

  EngineFixture& world() { return *world_; }
  std::size_t open() const { return open_.size(); }
  void end_one() {
    auto done = std::move(open_.front());
    open_.erase(open_.begin());
    ++ended_;
    done(Bytes("done"));
  }
  int ended() const { return ended_; }
  // What its closures had begun does not end.
  void crash() {
    open_.clear();
    world_->crash();
    world_->start();
  }
  // Ends what runs until nothing does; the most that was in memory meanwhile.
  std::size_t drain() {
    std::size_t most = 0;
    for (int round = 0; round < 10'000; ++round) {
      world_->advance(Millis(10));
      most = std::max(most, world_->engine().counts().active);
      if (open_.empty()) break;
      while (!open_.empty()) end_one();
    }
    return most;
  }

 private:
  ManualClock clock_;
  std::vector<std::function<void(actors::StepOutcome)>> open_;
  int ended_ = 0;
  ScriptedHandlers handlers_;
  std::optional<EngineFixture> world_;
};

// Between the look at how many there are and their coming to life some more may slip in.
constexpr std::size_t kSlack = 256 + 2;

}  // namespace

BOOST_AUTO_TEST_SUITE(backlog)

BOOST_AUTO_TEST_CASE(a_thousand_sends_to_a_slow_handler_wait_in_the_store_and_all_run) {
  Slow slow;

  for (int i = 0; i < 1000; ++i) {
    const auto accepted = slow.world().send(request("Slow", "run"));
    BOOST_TEST(accepted.scheduled_start_at == 0);
  }
  slow.world().advance(Millis(1000));
  BOOST_TEST(slow.world().engine().counts().active <= kAtOnce);

  BOOST_TEST(slow.drain() <= kAtOnce + kSlack);
  BOOST_TEST(slow.ended() == 1000);
}

BOOST_AUTO_TEST_CASE(the_backlog_is_there_after_a_crash) {
  Slow slow;
  for (int i = 0; i < 300; ++i) slow.world().send(request("Slow", "run"));

  slow.crash();
  slow.drain();

  BOOST_TEST(slow.ended() == 300);
  int left = 0;
  (void)slow.world().tables().each_invocation(std::nullopt, [&](Result<journal::Invocation> row) {
    left += row->status != Status::kCompleted;
    return true;
  });
  BOOST_TEST(left == 0);
}

BOOST_AUTO_TEST_CASE(where_calls_are_refused_for_want_of_memory_sends_are_accepted_and_run) {
  Slow slow(1, 8);
  std::vector<Result<actors::Finished>> told;
  for (int i = 0; i < 12; ++i) {
    slow.world().engine().call(request("Slow", "run"),
                               [&](Result<actors::Finished> one) { told.push_back(one); });
  }
  // Those that were refused are told at once.
  BOOST_REQUIRE(!told.empty());
  for (const auto& one : told) BOOST_TEST((one.error().code() == ErrorCode::kUnavailable));

  for (int i = 0; i < 100; ++i) slow.world().send(request("Slow", "run"));
  const int refused = static_cast<int>(told.size());
  BOOST_TEST(slow.drain() <= 12u + kSlack);

  BOOST_TEST(slow.ended() == 100 + 12 - refused);
}

BOOST_AUTO_TEST_CASE(a_delayed_send_takes_no_memory_before_its_time) {
  Slow slow;
  auto later = request("Slow", "run");
  later.not_before_unix_ms = to_unix_millis(slow.world().clock().now()) + 60'000;

  const auto accepted = slow.world().send(later);

  BOOST_TEST(accepted.scheduled_start_at == later.not_before_unix_ms);
  BOOST_TEST(slow.world().engine().counts().active == 0u);
  slow.world().advance(Millis(59'000));
  BOOST_TEST(slow.open() == 0u);
  slow.world().advance(Millis(2'000));
  BOOST_TEST(slow.open() == 1u);
}

BOOST_AUTO_TEST_CASE(what_a_handler_sends_waits_too) {
  Slow slow;

  slow.world().send(request("Fan", "run"));
  slow.world().send(request("Fan", "run"));
  BOOST_TEST(slow.drain() <= 40 + kAtOnce + kSlack);

  BOOST_TEST(slow.ended() == 80);
}

BOOST_AUTO_TEST_CASE(inv_7_who_sleeps_does_not_wait_behind_the_backlog) {
  Slow slow;
  for (int i = 0; i < 100; ++i) slow.world().send(request("Slow", "run"));
  BOOST_TEST(slow.world().engine().counts().active <= kAtOnce);

  bool woke = false;
  slow.world().engine().call(request("Nap", "run"),
                             [&](const auto& done) { woke = done.has_value(); });
  slow.world().advance(Millis(60));

  BOOST_TEST(woke);
  BOOST_TEST(slow.ended() == 0);
  slow.drain();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::testing
