#pragma once
// Committer: many batches, one sync. Whatever is submitted while one sync runs goes to the log
// together as the next; the receipts are handed out in the order of submission.
//
// Invariants
//   INV-1  A receipt exists only after the log said kCommitted for its batch. Receipts are made
//   here and
//          nowhere else.
//   INV-9  After any other outcome nothing is acknowledged any more: on_fatal is called once, and
//   every
//          batch not yet acknowledged, or submitted later, is dropped without a word. By default
//          on_fatal logs an error and ends the process with kExitStorageFailed, as recovery at the
//          next start is the only one who can tell what was stored.
//
// Threads: submit() from any thread. Callbacks run on the committer's thread, in step(), or on a
// thread that lends a Hand, one after the other; they may submit, must not block, and must not
// stop() or destroy the committer. An idle committer sleeps; nothing wakes it but a submission.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "storage/append_log.h"
#include "storage/base/unique_function.h"
#include "storage/batch.h"
#include "storage/commit.h"

namespace holdfast::storage {

inline constexpr int kExitStorageFailed = 74;

class Committer {
 public:
  using OnDurable = UniqueFunction<void(const CommitReceipt&)>;
  using OnFatal = std::function<void(const AppendOutcome&)>;

  enum class Drive {
    kThread,  // A thread of its own.
    kManual,  // Whoever calls step(); for tests on virtual time.
  };

  enum class Wanted {
    kNow,
    kSoon,  // Nobody waits for this one alone: it goes with the next, at the latest 2 ms later.
  };

  struct Options {
    Drive drive = Drive::kThread;
    // An append takes batches until it holds this much, so that a round stays short.
    std::size_t append_bytes_max = 4 << 20;
    OnFatal on_fatal;  // Empty: the default above.
  };

  Committer(Log& log, Epoch epoch, Options options);
  // Stops.
  ~Committer();
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  // Queues `batch` and calls `on_durable` once it, and everything submitted before it, is durable.
  // An empty batch is a barrier: it writes nothing and waits for what came before. After stop() or
  // a failure the batch is dropped and on_durable never called.
  Ticket submit(Batch batch, OnDurable on_durable, Wanted wanted = Wanted::kNow);

  // As submit(), for what must not be seen before the batch is durable: `then` gets the value with
  // the receipt that opened it.
  template <class T, class Then>
  Ticket submit_staged(Batch batch, T&& value, Then then, Wanted wanted = Wanted::kNow) {
    static_assert(!std::is_reference_v<T>, "what is staged is given away");
    return submit_with(std::move(batch), wanted, [&](Ticket ticket) -> OnDurable {
      return [staged = Staged<T>(std::forward<T>(value), ticket),
              then = std::move(then)](const CommitReceipt& receipt) mutable {
        then(std::move(staged).release(receipt), receipt);
      };
    });
  }

  // All that is queued is wanted now. Any thread.
  void hurry();

  // Of the log. Any thread.
  Epoch epoch() const { return epoch_; }
  // Everything up to this ticket is durable. Any thread.
  Ticket durable_through() const { return Ticket(durable_.load(std::memory_order_acquire)); }
  // Bytes submitted and not durable yet. Any thread.
  std::size_t bytes_in_flight() const { return in_flight_.load(std::memory_order_relaxed); }
  // Appends to the log so far. Any thread.
  std::uint64_t appends() const { return appends_.load(std::memory_order_relaxed); }

  // Somebody begins, or ends, work during which he submits again and again. With many of them
  // rounds are let grow. Any thread.
  void begin_work() { at_work_.fetch_add(1, std::memory_order_relaxed); }
  void end_work() { at_work_.fetch_sub(1, std::memory_order_relaxed); }
  std::size_t at_work() const { return at_work_.load(std::memory_order_relaxed); }

  // One round in the calling thread: makes durable what is queued, calls back. False when nothing
  // was queued. REQUIRES: Drive::kManual; one thread at a time, not from a callback.
  bool step();
  // As step(), only the next part: an append, or one receipt, as other threads find things between
  // two of them. step() finishes what was begun.
  bool step_part();
  // As if the process had ended here: nothing more is appended or acknowledged. REQUIRES:
  // Drive::kManual.
  void abandon() { failed_ = true; }

  // A thread that may block lends a hand: while one is held, what this thread wants now does not
  // wake a sleeping committer. When it is given back and nothing else is wanted now, the thread
  // commits it itself, which saves a lone client two hand-overs between threads; else the committer
  // is woken then. With more than a few at work it is one batch or none. Short: who submits
  // meanwhile from elsewhere wakes the committer as ever.
  class Hand {
   public:
    // `owed`: what leave() of the hand before has told.
    explicit Hand(Committer& committer, std::size_t owed = 0);
    ~Hand();
    Hand(const Hand&) = delete;
    Hand& operator=(const Hand&) = delete;

    // Gives it back without committing: for a thread that has to do something else first, and is
    // not to be held up by a slow disk. How many batches wait and nobody was woken for them; the
    // thread sees to them soon, with a hand that owes so many. 0: nothing waits, or the committer
    // was woken, as it is for batches that would be left a second time.
    std::size_t leave();

   private:
    friend class Committer;
    Committer& committer_;
    Hand* const outer_;
    std::size_t owed_;            // Wanted now, and nobody was woken for them.
    const bool was_left_;         // Of these, some by a hand before.
    bool is_first_soon_ = false;  // A batch waits that the thread does not know of.
  };

  // Makes durable and acknowledges all that is queued, also what the callbacks submit, then stops.
  // Once it returns no callback runs. Calling it again does nothing.
  void stop();

 private:
  struct Submission {
    Batch batch;
    OnDurable on_durable;
  };

  // Gives out the ticket and queues the batch with the callback made for it.
  template <class Make>
  Ticket submit_with(Batch batch, Wanted wanted, const Make& make) {
    const std::size_t bytes = batch.size_bytes();
    bool wake = false;
    Ticket ticket;
    {
      const std::lock_guard lock(mutex_);
      ticket = Ticket(++last_ticket_);
      if (closed_) return ticket;
      in_flight_.fetch_add(bytes, std::memory_order_relaxed);
      queued_.push_back({std::move(batch), make(ticket)});
      wake = wanted == Wanted::kNow ? want_now() : linger();
    }
    if (wake) wake_.notify_one();
    return ticket;
  }

  void run();
  bool is_due() const;
  bool want_now();
  bool linger();
  Hand* hand_of_this_thread() const;
  bool left_to_a_hand() const;
  bool may_be_left(std::size_t owed) const;
  void see_to_lingering();
  void commit_by_hand(std::size_t owed);
  bool paced() const;
  std::size_t enough() const;
  bool take_queued();
  void commit_round();
  void commit_part();
  void append_some();
  void give_receipt();
  void fail(const AppendOutcome& outcome);

  Log& log_;
  const Epoch epoch_;
  const Options options_;

  // Guarded by mutex_.
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Submission> queued_;
  std::size_t wanted_now_ = 0;  // Of those that are queued.
  std::uint64_t last_ticket_ = 0;
  bool sleeping_ = false;                               // The thread waits for wake_.
  bool lingering_ = false;                              // ... but not for ever.
  bool gathering_ = false;                              // It lets a round grow.
  bool hand_commits_ = false;                           // A hand has the round; the thread waits.
  bool stopping_ = false;                               // No more rounds once the queue is empty.
  bool closed_ = false;                                 // Submissions are dropped.
  std::chrono::steady_clock::time_point last_taken_;    // When it began.
  std::chrono::steady_clock::time_point linger_until_;  // While none that is queued is wanted now.

  // Only who commits; passed on by mutex_.
  std::vector<Submission> round_;
  std::vector<const Batch*> append_;
  std::uint64_t round_first_ticket_ = 0;     // Of round_[0].
  std::size_t appended_ = 0, receipts_ = 0;  // So many of the round have been.
  std::uint64_t acknowledged_ = 0;
  Lsn last_lsn_;  // Before the batch whose receipt is next.
  bool failed_ = false;

  std::atomic<std::uint64_t> durable_ = 0;
  std::atomic<std::size_t> in_flight_ = 0;
  std::atomic<std::uint64_t> appends_ = 0;
  std::atomic<std::size_t> at_work_ = 0;
  std::atomic<bool> slow_ = false;  // The last append took long.

  std::thread thread_;  // Last: it uses all of the above.
};

}  // namespace holdfast::storage
