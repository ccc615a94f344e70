#include "storage/committer.h"

#include <cstdlib>
#include <utility>

#include "storage/base/check.h"
#include "storage/base/log.h"
#include "storage/base/thread_name.h"

namespace holdfast::storage {
namespace {

const Logger log("storage");

// Room for submissions that is kept between rounds; a burst gives its memory back.
constexpr std::size_t kRoundKept = 16384;
constexpr int kRoundsAfterStop = 256;

// With so many at work, rounds begin at most this often, unless enough batches wait: a sync costs
// about as much processor time as 20 small batches, and rounds that follow each other too closely
// stay small for ever. Few never meet this; for them each round counts.
constexpr std::size_t kManyAtWork = 16;
constexpr std::chrono::microseconds kPace(1000);

// With so few at work a hand commits more than one batch: all are of one chain of work, such as the
// end of a call and the turn of the next on the same key.
constexpr std::size_t kFewAtWork = 2;
constexpr std::size_t kOwedMax = 4;
// And so many that are wanted soon.
constexpr std::size_t kSoonByHandMax = 16;

// How long a batch that is wanted soon waits for another one to go with.
constexpr std::chrono::milliseconds kLinger(2);

// After an append that took longer, a thread that may not be held up leaves the next one to the
// committer's.
constexpr std::chrono::milliseconds kSlowAppend(2);

const char* name(AppendOutcome::Kind kind) {
  switch (kind) {
    case AppendOutcome::Kind::kCommitted:
      return "committed";
    case AppendOutcome::Kind::kFenced:
      return "fenced";
    case AppendOutcome::Kind::kRefused:
      return "refused";
    case AppendOutcome::Kind::kUnknown:
      break;
  }
  return "unknown";
}

[[noreturn]] void end_process(const AppendOutcome& outcome) {
  log.error("append failed, stopping so that recovery decides", "outcome={} why=\"{}\"",
            name(outcome.kind), outcome.why);
  std::_Exit(kExitStorageFailed);
}

}  // namespace

Committer::Committer(Log& log, Epoch epoch, Options options)
    : log_(log), epoch_(epoch), options_(std::move(options)) {
  if (options_.drive == Drive::kThread) thread_ = std::thread([this] { run(); });
}

Committer::~Committer() { stop(); }

Ticket Committer::submit(Batch batch, OnDurable on_durable, Wanted wanted) {
  return submit_with(std::move(batch), wanted, [&](Ticket) { return std::move(on_durable); });
}

void Committer::hurry() {
  {
    const std::lock_guard lock(mutex_);
    if (queued_.empty() || wanted_now_ > 0 || !want_now()) return;
  }
  wake_.notify_one();
}

bool Committer::step() {
  if (!step_part()) return false;
  commit_round();
  return true;
}

bool Committer::step_part() {
  CHECK(options_.drive == Drive::kManual, "a committer with a thread steps by itself");
  if (round_.empty()) {
    const std::lock_guard lock(mutex_);
    if (!take_queued()) return false;
  }
  commit_part();
  return true;
}

void Committer::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    sleeping_ = false;
  }
  if (options_.drive == Drive::kManual) {
    while (step()) {
    }
    const std::lock_guard lock(mutex_);
    closed_ = true;
    return;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Committer::run() {
  name_this_thread("hf-committer");
  // Callbacks submit what follows; a workflow without end must not keep the process from ending.
  int rounds_left = kRoundsAfterStop;
  std::unique_lock lock(mutex_);
  for (;;) {
    while (hand_commits_ || (!is_due() && !stopping_)) {
      sleeping_ = !hand_commits_;
      if (sleeping_ && !queued_.empty()) {
        lingering_ = true;
        wake_.wait_until(lock, linger_until_);
        lingering_ = false;
      } else {
        wake_.wait(lock);
      }
      sleeping_ = false;
    }
    if (paced()) {
      gathering_ = true;
      wake_.wait_until(lock, last_taken_ + kPace,
                       [this] { return stopping_ || queued_.size() >= enough(); });
      gathering_ = false;
    }
    last_taken_ = std::chrono::steady_clock::now();
    if (!take_queued() || (stopping_ && rounds_left-- == 0)) {
      closed_ = true;
      return;
    }
    lock.unlock();
    commit_round();
    lock.lock();
  }
}

namespace {
thread_local Committer::Hand* innermost_hand = nullptr;
}  // namespace

// REQUIRES: mutex_ is held.
bool Committer::is_due() const {
  return !queued_.empty() && (wanted_now_ > 0 || std::chrono::steady_clock::now() >= linger_until_);
}

// REQUIRES: mutex_ is held. One of those that are queued is wanted now. True: the caller wakes the
// thread.
bool Committer::want_now() {
  ++wanted_now_;
  const bool wake = (sleeping_ && !left_to_a_hand()) || (gathering_ && queued_.size() >= enough());
  if (wake) sleeping_ = false;
  return wake;
}

// As want_now(), of one that may wait: the thread may go on to sleep, but not for ever. A hand
// knows at its end whether the thread must hear of it at all.
bool Committer::linger() {
  if (gathering_) return queued_.size() >= enough();
  if (queued_.size() > 1) return false;
  linger_until_ = std::chrono::steady_clock::now() + kLinger;
  if (!sleeping_ || lingering_) return false;
  Hand* const hand = hand_of_this_thread();
  if (hand != nullptr) hand->is_first_soon_ = true;
  return hand == nullptr;
}

void Committer::see_to_lingering() {
  {
    const std::lock_guard lock(mutex_);
    if (!sleeping_ || lingering_ || queued_.empty() || wanted_now_ > 0) return;
  }
  wake_.notify_one();
}

Committer::Hand::Hand(Committer& committer, std::size_t owed)
    : committer_(committer), outer_(innermost_hand), owed_(owed), was_left_(owed > 0) {
  innermost_hand = this;
}

Committer::Hand::~Hand() {
  innermost_hand = outer_;
  if (owed_ > 0) committer_.commit_by_hand(owed_);
  if (is_first_soon_) committer_.see_to_lingering();
}

std::size_t Committer::Hand::leave() {
  const std::size_t owed = std::exchange(owed_, 0);
  if (owed == 0) return 0;
  const std::lock_guard lock(committer_.mutex_);
  if (!committer_.sleeping_ || committer_.wanted_now_ == 0) return 0;
  if (!was_left_ && committer_.may_be_left(owed) &&
      !committer_.slow_.load(std::memory_order_relaxed)) {
    is_first_soon_ = false;  // It goes with them.
    return owed;
  }
  committer_.sleeping_ = false;
  committer_.wake_.notify_one();
  return 0;
}

// Null: it lends none.
Committer::Hand* Committer::hand_of_this_thread() const {
  const bool is_ours = innermost_hand != nullptr && &innermost_hand->committer_ == this;
  return is_ours ? innermost_hand : nullptr;
}

bool Committer::left_to_a_hand() const {
  Hand* const hand = hand_of_this_thread();
  if (hand != nullptr) ++hand->owed_;
  return hand != nullptr;
}

// REQUIRES: mutex_ is held. Whether a hand that owes so many commits them.
bool Committer::may_be_left(std::size_t owed) const {
  if (wanted_now_ > owed || queued_.size() > owed + kSoonByHandMax || paced()) return false;
  return owed == 1 || (owed <= kOwedMax && at_work_.load(std::memory_order_relaxed) <= kFewAtWork);
}

void Committer::commit_by_hand(std::size_t owed) {
  {
    const std::lock_guard lock(mutex_);
    // Not asleep: the thread was woken by somebody, or another hand has it, and sees to the queue.
    if (!sleeping_ || wanted_now_ == 0) return;
    sleeping_ = false;
    if (!may_be_left(owed) || stopping_ || closed_) {
      wake_.notify_one();
      return;
    }
    hand_commits_ = true;
    last_taken_ = std::chrono::steady_clock::now();
    take_queued();
  }
  commit_round();
  const std::lock_guard lock(mutex_);
  hand_commits_ = false;
  if (queued_.empty() && !stopping_) {
    sleeping_ = true;
  } else {
    wake_.notify_one();
  }
}

bool Committer::paced() const { return at_work_.load(std::memory_order_relaxed) >= kManyAtWork; }

// Batches that are worth a round at once: when half of those at work have submitted, the rest may
// wait for them.
std::size_t Committer::enough() const { return at_work_.load(std::memory_order_relaxed) / 2; }

// REQUIRES: mutex_ is held. Moves the queue to round_; false when it is empty.
bool Committer::take_queued() {
  CHECK(round_.empty(), "the last round is over");
  if (queued_.empty()) return false;
  round_.swap(queued_);
  wanted_now_ = 0;
  round_first_ticket_ = last_ticket_ - round_.size() + 1;
  return true;
}

void Committer::commit_round() {
  while (!round_.empty()) commit_part();
}

// REQUIRES: a round.
void Committer::commit_part() {
  if (receipts_ < appended_ && !failed_) {
    give_receipt();
  } else if (!failed_) {
    append_some();
  }
  if (receipts_ < round_.size() && !failed_) return;
  round_.clear();
  if (round_.capacity() > kRoundKept) round_ = std::vector<Submission>();
  appended_ = receipts_ = 0;
}

// The next batches of the round, as one.
void Committer::append_some() {
  append_.clear();
  std::size_t to = appended_;
  std::size_t bytes = 0;
  do {
    bytes += round_[to].batch.size_bytes();
    if (!round_[to].batch.empty()) append_.push_back(&round_[to].batch);
    ++to;
  } while (to < round_.size() &&
           bytes + round_[to].batch.size_bytes() <= options_.append_bytes_max);
  if (!append_.empty()) {
    const auto began = std::chrono::steady_clock::now();
    const AppendOutcome outcome = log_.append(epoch_, append_);
    slow_.store(std::chrono::steady_clock::now() - began > kSlowAppend, std::memory_order_relaxed);
    if (outcome.kind != AppendOutcome::Kind::kCommitted) return fail(outcome);
    appends_.fetch_add(1, std::memory_order_relaxed);
    last_lsn_ = outcome.first_lsn;
  }
  appended_ = to;
  durable_.store(round_first_ticket_ + to - 1, std::memory_order_release);
  in_flight_.fetch_sub(bytes, std::memory_order_relaxed);
}

// REQUIRES: one that was appended and has none.
void Committer::give_receipt() {
  Submission& submission = round_[receipts_++];
  ++acknowledged_;
  CHECK(acknowledged_ == round_first_ticket_ + receipts_ - 1,
        "receipts come in the order of tickets");
  const Ticket through(round_first_ticket_ + appended_ - 1);
  if (submission.on_durable) submission.on_durable(CommitReceipt(through, last_lsn_));
  last_lsn_ = last_lsn_.plus(submission.batch.stamped_count());
}

void Committer::fail(const AppendOutcome& outcome) {
  failed_ = true;
  // Before anything is let go of: a callback that goes away takes its open request with it, and
  // would tell the client in the last moment that it failed.
  if (!options_.on_fatal) end_process(outcome);
  std::vector<Submission> dropped;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    wanted_now_ = 0;
    dropped.swap(queued_);
  }
  options_.on_fatal(outcome);
}

}  // namespace holdfast::storage
