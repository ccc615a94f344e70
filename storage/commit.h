#pragma once
// Commit: INV-1 as types. What must not be seen before it is durable is a Staged<T>; the only way
// to take it out is to show a CommitReceipt, and only the Committer makes receipts.
//
// Invariants
//   INV-1  No effect before its cause is durable. A Staged<T> opens only to a receipt that covers
//   the
//          ticket of its batch.

#include <cstdint>
#include <optional>
#include <utility>

#include "storage/base/check.h"
#include "storage/base/strong_id.h"

namespace holdfast::storage {

// A place in the log of one partition. Unique, increasing, with gaps.
using Lsn = StrongId<struct LsnTag>;

// A reign over one partition: each start of a process begins a new one.
using Epoch = StrongId<struct EpochTag>;

// A place in the order of submission to one Committer; the first is 1. Not stored.
using Ticket = StrongId<struct TicketTag>;

// Proof that a batch, and everything submitted before it, is durable. A value.
class CommitReceipt {
 public:
  // Everything submitted up to and including this ticket is durable.
  Ticket through() const { return through_; }
  // The Lsn of the first stamped put of the batch; its other stamped puts follow one by one.
  // Of a batch that has none: no Lsn that was given out later is smaller.
  Lsn first_lsn() const { return first_lsn_; }

 private:
  friend class Committer;
  CommitReceipt(Ticket through, Lsn first_lsn) : through_(through), first_lsn_(first_lsn) {}

  Ticket through_;
  Lsn first_lsn_;
};

// A value that waits for its batch to be durable. Dropping it unopened is allowed.
template <class T>
class Staged {
 public:
  // Not bound to a batch yet: nothing opens it.
  explicit Staged(T value) : value_(std::move(value)) {}
  Staged(T&& value, Ticket ticket) : value_(std::move(value)), ticket_(ticket) {}

  // REQUIRES: not bound yet. `ticket` is what submitting the batch returned.
  void bind(Ticket ticket) {
    CHECK(!ticket_.has_value(), "staged once, bound once");
    ticket_ = ticket;
  }

  // Whether `receipt` opens it.
  bool covered_by(const CommitReceipt& receipt) const {
    return ticket_.has_value() && receipt.through() >= *ticket_;
  }

  // REQUIRES: covered_by(receipt).
  T release(const CommitReceipt& receipt) && {
    CHECK(covered_by(receipt), "INV-1: released before durable");
    return std::move(value_);
  }

 private:
  T value_;
  std::optional<Ticket> ticket_;
};

}  // namespace holdfast::storage
