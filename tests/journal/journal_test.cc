// Journal: what was staged and made durable is what is loaded again. Lives of invocations are led
// at random; after every batch the store must say what memory says.

#include "journal/journal.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "storage/committer.h"
#include "storage/local_log.h"
#include "storage/memory_store.h"
#include "tests/journal/machine_samples.h"
#include "tests/journal/record_samples.h"
#include "tests/support/counts.h"
#include "tests/support/manual_clock.h"

namespace holdfast::journal {
namespace {

// A store with a committer that works when told to.
class Disk {
 public:
  const Journal& journal() const { return journal_; }

  // Makes `batch` durable and returns its consequences, with the stamps they got.
  Consequences commit(storage::Batch batch, Consequences consequences) {
    std::optional<Consequences> durable;
    committer_.submit_staged(std::move(batch), std::move(consequences),
                             [&](Consequences opened, const storage::CommitReceipt& receipt) {
                               opened.resolve(receipt.first_lsn().value());
                               durable = std::move(opened);
                             });
    BOOST_REQUIRE(committer_.step());
    BOOST_REQUIRE(durable.has_value());
    return *std::move(durable);
  }

  std::vector<Timer> timers_of(const InvocationId& id) const {
    std::vector<Timer> timers = journal_.tables().timers(std::nullopt, 100'000).value();
    std::erase_if(timers, [&](const Timer& timer) { return timer.invocation != id; });
    return timers;
  }

 private:
  testing::ManualClock clock_;
  storage::MemoryStore store_;
  std::unique_ptr<storage::LocalLog> log_ =
      std::move(storage::LocalLog::open(store_, {}, clock_, recount_invocations)).value();
  storage::Committer committer_{
      *log_, log_->epoch(), {storage::Committer::Drive::kManual, 4 << 20, {}}};
  const Journal journal_{store_};
};

// One invocation with its owner's memory, led at random.
class Life {
 public:
  Life(Disk& disk, std::uint64_t seed) : disk_(disk), random_(seed), samples_(seed) {
    state_.row.id = id_of(1 + below(190));
    const Target targets[] = {plain_target(), exclusive_target(), run_target()};
    state_.row.target = targets[below(3)];
    state_.row.completion_retention_ms = static_cast<std::int64_t>(below(3) * 500);
    state_.row.journal_retention_ms = static_cast<std::int64_t>(below(4) * 300);
    if (below(3) == 0) state_.row.scheduled_start_at = now_ + 50;
    Entry begins_with = input(samples_.bytes());
    expect(begins_with);
    accept(state_, std::move(begins_with), now_, decision_);
    if (below(10) == 0) finish(state_, Bytes("at once"), now_, decision_);
    act_ = "accept";
    store();
  }

  bool gone() const { return gone_; }

  // One turn of life that its status allows, made durable and looked at.
  void live() {
    now_ += static_cast<std::int64_t>(below(40));
    const int acts = below(5) == 0 ? 2 : 1;
    for (int i = 0; i < acts && !gone_; ++i) act();
    if (!decision_.empty()) store();
  }

 private:
  std::uint64_t below(std::uint64_t limit) { return random_.next() % limit; }

  void act() {
    const std::uint64_t chance = below(12);
    if (chance == 0 && !state_.row.target.service.empty()) {
      act_ = "attach";
      attach(state_, {id_of(200 + below(3)), 1 + static_cast<CompletionId>(below(3))},
             below(2) == 0, decision_);
      return;
    }
    if (chance == 1 && state_.row.status != Status::kCompleted) {
      act_ = "finish";
      recall();
      finish(state_, Bytes("out"), now_, decision_);
      return;
    }
    if (chance == 2 && state_.row.status != Status::kCompleted) {
      act_ = "signal";
      const Notification one{std::uint32_t{20}, Bytes("x")};
      expect(Entry{{}, one});
      signal(state_, one, now_, decision_);
      return;
    }
    switch (state_.row.status) {
      case Status::kScheduled:
        return fire({state_.row.scheduled_start_at, state_.row.id, TimerKind::kStart, 0});
      case Status::kQueued:
        act_ = "begin";
        return begin(state_, now_, decision_);
      case Status::kRunning:
        return run();
      case Status::kBackingOff:
        if (below(3) == 0) return sleep_ends();
        if (below(3) == 0) return pause(state_, now_, decision_);
        return fire({state_.row.next_retry_at, state_.row.id, TimerKind::kRetry, 0});
      case Status::kSuspended:
        if (below(4) == 0) return rest(state_, decision_);
        if (below(4) == 0) return pause(state_, now_, decision_);
        if (below(3) != 0) return sleep_ends();
        [[fallthrough]];
      case Status::kPaused:
        act_ = "wake";
        return wake(state_, now_, decision_);
      case Status::kCompleted:
        return remove();
    }
  }

  void run() {
    switch (below(7)) {
      case 0:
        act_ = "park";
        return park(state_, waiting_for(next_completion_), now_, decision_);
      case 1:
        act_ = "back off";
        return back_off(state_, {}, below(4) == 0 ? std::nullopt : std::optional(std::int64_t{70}),
                        now_, decision_);
      case 2:
        return sleep_ends();
      case 3: {
        act_ = "propose";
        expect(completion(++next_completion_, Bytes("x")));
        return propose(state_, next_completion_, Bytes("x"), decision_);
      }
      default:
        return ask();
    }
  }

  void ask() {
    const CompletionId next = ++next_completion_;
    Call call;
    call.id_completion = next;
    call.completion = ++next_completion_;
    const EntryBody bodies[] = {Sleep{now_ + static_cast<std::int64_t>(below(300)), next},
                                Run{next},
                                SendSignal{id_of(201), std::uint32_t{17}, Bytes("x")},
                                Promise{Promise::Act::kGet, "p", next, {}},
                                Attach{id_of(202), next, true},
                                call};
    const Entry entry{"step", bodies[below(6)]};
    Resolution resolution;
    resolution.target = below(2) == 0 ? plain_target() : exclusive_target();
    resolution.fresh_id = id_of(10'000 + next);
    act_ = "command";
    expect(entry);
    if (std::holds_alternative<Call>(entry.body)) expect(completion(next, resolution.fresh_id));
    command(state_, entry, &resolution, now_, decision_);
  }

  // A sleep that is open, or one long over: a timer may fire twice.
  void sleep_ends() {
    if (!state_.open_sleeps.empty() && below(4) != 0) {
      const Timer timer = state_.open_sleeps[below(state_.open_sleeps.size())];
      expect(completion(timer.completion, Empty{}));
      fired_.push_back(timer);
      fire(timer);
    } else if (!fired_.empty()) {
      fire(fired_[below(fired_.size())]);
    }
  }

  void fire(const Timer& timer) {
    act_ = "timer of kind " + std::to_string(static_cast<int>(timer.kind));
    timer_fired(state_, timer, now_, decision_);
  }

  void remove() {
    const bool row_too = below(3) == 0;
    act_ = row_too ? "purge" : "purge journal";
    if (!decision_.empty()) store();
    std::vector<Stamp> chunks;
    const auto stored = disk_.journal().tables().journal(state_.row.id).value();
    for (const StampedEntry& entry : stored) {
      if (chunks.empty() || chunks.back() != entry.stamp) chunks.push_back(entry.stamp);
    }
    purge(state_, chunks, row_too, decision_);
    journal_.clear();
    journal_gone_ = true;
    gone_ = row_too;
  }

  void recall() {
    BOOST_REQUIRE(disk_.journal().recall_waiters(state_.row.id, state_.later_waiters).has_value());
  }
  void expect(const Entry& entry) { journal_.push_back(describe(entry)); }

  void store() {
    storage::Batch batch;
    const std::vector<Stamp> seen = rows_.wake_ups;
    const WakeUp wake_up = decision_.wake_up;
    Consequences consequences =
        Journal::stage(state_, std::exchange(decision_, {}), rows_, now_, batch);
    if (wake_up == WakeUp::kTakeAll) {
      for (const Stamp stamp : seen) wake_ups_.erase(stamp);
    }
    consequences = disk_.commit(std::move(batch), std::move(consequences));
    if (consequences.wake_up) {
      rows_.wake_ups.push_back(*consequences.wake_up);
      wake_ups_.insert(*consequences.wake_up);
    }
    if (consequences.queue) rows_.queue = *consequences.queue;
    BOOST_TEST_CONTEXT("after " << act_ << ", " << status_text(state_.row.status)) { compare(); }
  }

  void compare() {
    const auto loaded = disk_.journal().load(state_.row.id).value();
    compare_timers();
    compare_rows();
    testing::check_counts(disk_.journal().tables());
    BOOST_REQUIRE(loaded.has_value() == !gone_);
    if (gone_) return;

    BOOST_TEST(describe(loaded->state.row) == describe(state_.row));
    std::vector<std::string> entries;
    const auto stored = disk_.journal().tables().journal(state_.row.id).value();
    for (const StampedEntry& entry : stored) entries.push_back(describe(entry.entry));
    BOOST_TEST(entries == journal_, boost::test_tools::per_element());
    // Nobody replays a completed one, so its entries are not loaded.
    const bool completed = state_.row.status == Status::kCompleted;
    BOOST_TEST(loaded->entries.size() == (completed ? 0u : stored.size()));
    if (!completed) {
      BOOST_TEST(loaded->state.entries == state_.entries);
      BOOST_TEST(loaded->state.commands == state_.commands);
      BOOST_TEST((as_set(loaded->state.open_sleeps) == as_set(state_.open_sleeps)));
    }
    if (!loaded->entries.empty()) {
      BOOST_TEST(loaded->last_stamp == loaded->entries.back().stamp);
    }
    BOOST_TEST(std::set<Stamp>(loaded->wake_ups.begin(), loaded->wake_ups.end()) == wake_ups_,
               boost::test_tools::per_element());
  }

  // INV-7: the timers stored are those something waits for.
  void compare_timers() {
    const Invocation& row = state_.row;
    std::set<Timer> expected = as_set(state_.open_sleeps);
    if (row.status == Status::kBackingOff) {
      expected.insert({row.next_retry_at, row.id, TimerKind::kRetry, 0});
    }
    if (row.status == Status::kScheduled) {
      expected.insert({row.scheduled_start_at, row.id, TimerKind::kStart, 0});
    }
    if (row.status == Status::kCompleted && !gone_) {
      const std::int64_t end = row.completed_at;
      expected.insert({end + row.completion_retention_ms, row.id, TimerKind::kExpire, 0});
      if (row.journal_retention_ms < row.completion_retention_ms && !journal_gone_) {
        expected.insert({end + row.journal_retention_ms, row.id, TimerKind::kExpireJournal, 0});
      }
    }
    const std::vector<Timer> stored = disk_.timers_of(row.id);
    BOOST_TEST((as_set(stored) == expected),
               stored.size() << " timers are stored, " << expected.size() << " are expected");
  }

  // INV-5: it has its place in the queue from being queued to the end.
  void compare_rows() {
    const Target& target = state_.row.target;
    const Status status = state_.row.status;
    const bool holds =
        target.queued_by_key() && status != Status::kScheduled && status != Status::kCompleted;
    const auto queue = disk_.journal().tables().queue(target.service, target.key, 0, 100).value();
    const auto mine = std::count_if(queue.begin(), queue.end(), [&](const Tables::Queued& one) {
      return one.id == state_.row.id;
    });
    BOOST_TEST(mine == (holds ? 1 : 0));
    std::set<Waiter> later;
    BOOST_REQUIRE(disk_.journal().tables().later_waiters(state_.row.id, later).has_value());
    BOOST_TEST((later == state_.later_waiters.known));
    const bool active = status == Status::kRunning || status == Status::kQueued;
    if (active) BOOST_TEST(!wake_ups_.empty(), "nobody would bring it back after a restart");
  }

  static std::set<Timer> as_set(const std::vector<Timer>& timers) {
    return {timers.begin(), timers.end()};
  }

  Disk& disk_;
  SeededRandom random_;
  Samples samples_;
  std::int64_t now_ = kNow;
  InvocationState state_;
  OwnRows rows_;
  Decision decision_;
  std::string act_;
  // What the store must hold.
  std::vector<std::string> journal_;
  std::set<Stamp> wake_ups_;
  bool gone_ = false;
  bool journal_gone_ = false;
  // What the handler did so far.
  CompletionId next_completion_ = 0;
  std::vector<Timer> fired_;
};

Consequences stage_and_commit(Disk& disk, InvocationState& state, Decision decision,
                              OwnRows& rows) {
  storage::Batch batch;
  Consequences consequences = Journal::stage(state, std::move(decision), rows, kNow, batch);
  return disk.commit(std::move(batch), std::move(consequences));
}

BOOST_AUTO_TEST_SUITE(journal_of_invocations)

BOOST_AUTO_TEST_CASE(an_invocation_that_was_never_stored_is_not_there) {
  const Disk disk;

  BOOST_TEST(!disk.journal().load(id_of(1)).value().has_value());
}

BOOST_AUTO_TEST_CASE(inv_3_inv_5_inv_7_what_is_stored_is_what_is_loaded_whatever_happens) {
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      Disk disk;
      Life life(disk, seed);
      for (int turn = 0; turn < 60 && !life.gone(); ++turn) life.live();
    }
  }
}

BOOST_AUTO_TEST_CASE(a_stamp_told_is_the_stamp_stored) {
  Disk disk;
  InvocationState state = accepted(plain_target());
  Decision decision;
  decision.wake_up = WakeUp::kPut;
  decision.facts = {Tell{id_of(2), completion(5, Bytes("x"))}, Append{input()},
                    Tell{id_of(3), completion(6, Bytes("y"))}};
  OwnRows rows;

  const Consequences told = stage_and_commit(disk, state, std::move(decision), rows);

  const Tables& tables = disk.journal().tables();
  BOOST_REQUIRE(told.arrivals.size() == 2u);
  for (const Arrival& arrival : told.arrivals) {
    const auto entries = tables.journal(arrival.to).value();
    BOOST_REQUIRE(entries.size() == 1u);
    BOOST_TEST(entries[0].stamp == arrival.chunk);
    BOOST_TEST((tables.wake_ups(arrival.to).value() == std::vector<Stamp>{arrival.wake_up}));
  }
  BOOST_TEST(tables.journal(id_of(1)).value().at(0).stamp == told.chunk.value());
  BOOST_TEST((tables.wake_ups(id_of(1)).value() == std::vector<Stamp>{told.wake_up.value()}));
}

BOOST_AUTO_TEST_CASE(who_is_created_has_all_that_its_status_calls_for) {
  for (int i = 0; i < 6; ++i) {
    const Status status = std::vector{Status::kRunning, Status::kQueued, Status::kScheduled}[i / 2];
    const Bytes body(i % 2 == 0 ? 300 : 5, 'x');  // In a chunk; in the row.
    const bool scheduled = status == Status::kScheduled;
    Disk disk;
    InvocationState state = accepted(plain_target());
    Invocation row;
    row.id = id_of(9);
    row.target = status == Status::kQueued ? exclusive_target() : plain_target();
    row.status = status;
    row.scheduled_start_at = scheduled ? kNow + 50 : 0;
    OwnRows rows;
    Decision decision{.facts = {Append{input()}, Create{row, input(body), {}}}};

    const Consequences told = stage_and_commit(disk, state, std::move(decision), rows);

    const Loaded loaded = disk.journal().load(id_of(9)).value().value();
    BOOST_REQUIRE(told.created.size() == 1u);
    const Created& created = told.created[0];
    BOOST_TEST(describe(loaded.state.row) == describe(created.invocation));
    BOOST_TEST(std::get<Input>(loaded.entries.at(0).entry.body).value == body);
    BOOST_TEST(loaded.born == (body.size() == 5 ? 1 : created.born));
    BOOST_TEST((loaded.wake_ups == std::vector<Stamp>(scheduled ? 0 : 1, created.wake_up)));
    BOOST_TEST((told.timers == disk.timers_of(id_of(9))));
    BOOST_TEST(told.timers.size() == (scheduled ? 1u : 0u));
    const auto queue = disk.journal().tables().queue("Counter", "ann", 0, 10).value();
    BOOST_TEST(queue.size() == (status == Status::kQueued ? 1u : 0u));
    BOOST_TEST(created.queue == (queue.empty() ? 0u : queue[0].stamp));
  }
}

BOOST_AUTO_TEST_CASE(only_wake_ups_that_were_seen_are_taken) {
  Disk disk;
  InvocationState state = suspended();
  InvocationState other = accepted(plain_target());
  other.row.id = id_of(2);
  OwnRows rows, other_rows;
  Decision store_row, first;
  store_row.row_changed = true;
  stage_and_commit(disk, state, store_row, rows);
  first.facts = {Tell{id_of(1), completion(1, Bytes("x"))}};
  rows.wake_ups = {stage_and_commit(disk, other, first, other_rows).arrivals[0].wake_up};
  Decision second;
  second.facts = {Tell{id_of(1), completion(2, Bytes("x"))}};
  const Stamp unseen = stage_and_commit(disk, other, second, other_rows).arrivals[0].wake_up;
  Decision decision;
  rest(state, decision);

  stage_and_commit(disk, state, std::move(decision), rows);

  BOOST_TEST((disk.journal().tables().wake_ups(id_of(1)).value() == std::vector<Stamp>{unseen}));
  BOOST_TEST(rows.wake_ups.empty());
}

BOOST_AUTO_TEST_CASE(of_one_that_waits_for_a_tree_only_the_row_and_its_news_are_read) {
  Disk disk;
  InvocationState state = asleep();
  InvocationState other = accepted(plain_target());
  other.row.id = id_of(2);
  OwnRows rows, other_rows;
  Decision parking;
  parking.facts = {Append{input()}, Append{Entry{{}, Sleep{kNow + 5000, 7}}}};
  park(state, WaitSet{{1, 2, 7}, {}, {}, WaitSet::Combinator::kAll, {}}, kNow, parking);
  stage_and_commit(disk, state, std::move(parking), rows);
  const auto tell = [&](CompletionId id) {
    Decision decision;
    decision.facts = {Tell{id_of(1), completion(id, Bytes("x"))}};
    return stage_and_commit(disk, other, std::move(decision), other_rows).arrivals[0];
  };
  tell(2);
  const Arrival last = tell(9);

  const Loaded news = disk.journal().load(id_of(1), Reading::kNewsIfParked).value().value();
  const Loaded whole = disk.journal().load(id_of(1)).value().value();

  BOOST_TEST(news.state.row_only);
  BOOST_TEST(news.entries.empty());
  BOOST_REQUIRE(news.news.size() == 2u);
  BOOST_TEST((completion_of(news.news[0]) == 2u && completion_of(news.news[1]) == 9u));
  BOOST_TEST(!whole.state.row_only);
  BOOST_TEST(whole.entries.size() == 4u);
  BOOST_TEST(whole.news.size() == 2u);
  BOOST_TEST(news.state.entries == whole.state.entries);
  BOOST_TEST(news.state.commands == whole.state.commands);
  BOOST_TEST(news.last_stamp == last.chunk);
  BOOST_TEST((news.wake_ups == whole.wake_ups));

  // Once they are in the row, nothing but the row is read.
  InvocationState owner = news.state;
  for (const Notification& one : news.news) BOOST_TEST(!told(owner, one));
  OwnRows owner_rows{news.wake_ups, 0, {}};
  Decision resting;
  rest(owner, resting);
  stage_and_commit(disk, owner, std::move(resting), owner_rows);
  const Loaded later = disk.journal().load(id_of(1), Reading::kNewsIfParked).value().value();
  BOOST_TEST(later.news.empty());
  BOOST_TEST(later.state.entries == 4u);
  BOOST_TEST((later.state.row.waits.completions == std::vector<CompletionId>{1, 7}));
}

BOOST_AUTO_TEST_CASE(inv_6_an_entry_told_by_another_stands_after_what_was_durable_before) {
  Disk disk;
  InvocationState state = accepted(plain_target());
  InvocationState other = accepted(plain_target());
  other.row.id = id_of(2);
  OwnRows rows, other_rows;
  Decision one, two, three;
  one.row_changed = true;
  one.facts = {Append{input()}};
  stage_and_commit(disk, state, one, rows);
  two.facts = {Tell{id_of(1), completion(1, Bytes("x"))}};
  stage_and_commit(disk, other, two, other_rows);
  three.facts = {Append{Entry{{}, Run{2}}}, Append{completion(2, Bytes("y"))}};
  stage_and_commit(disk, state, three, rows);

  const Loaded loaded = disk.journal().load(id_of(1)).value().value();

  BOOST_REQUIRE(loaded.entries.size() == 4u);
  BOOST_TEST(std::holds_alternative<Input>(loaded.entries[0].entry.body));
  BOOST_TEST(std::holds_alternative<Notification>(loaded.entries[1].entry.body));
  BOOST_TEST(std::holds_alternative<Run>(loaded.entries[2].entry.body));
  BOOST_TEST(loaded.entries[2].stamp == loaded.entries[3].stamp);
  BOOST_TEST(loaded.entries[0].stamp < loaded.entries[1].stamp);
  BOOST_TEST(loaded.entries[1].stamp < loaded.entries[2].stamp);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::journal
