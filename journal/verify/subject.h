#pragma once
// Subject: one invocation with all that is stored under its id; and the way to look up others. Of
// use inside journal/verify only.

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "journal/journal_index.h"
#include "journal/tables/tables.h"

namespace holdfast::journal {

struct Subject {
  InvocationId id;
  std::optional<Invocation> row;
  bool is_readable = true;  // Both row and journal.
  std::vector<StampedEntry> entries;
  std::vector<Stamp> wake_ups;  // Ascending.

  bool is_live() const { return row && row->status != Status::kCompleted; }
  bool has_wake_up(Stamp stamp) const;
};

// All timers it should have. REQUIRES: readable, with a row.
std::vector<Timer> timers_of(const Subject& subject, const JournalIndex& journal);

// Reads others by id; the last few are kept, because neighbours tend to ask for the same.
class Lookups {
 public:
  explicit Lookups(const storage::Reader& store) : tables_(store) {}

  // With its journal or without. What cannot be read is not readable.
  std::shared_ptr<const Subject> row(const InvocationId& id);
  struct WithJournal {
    std::shared_ptr<const Subject> subject;
    std::shared_ptr<const JournalIndex> journal;  // Into the subject's.
  };
  WithJournal with_journal(const InvocationId& id);
  const Tables& tables() const { return tables_; }

 private:
  const Tables tables_;
  std::list<std::shared_ptr<const Subject>> rows_;
  std::list<WithJournal> journals_;
};

}  // namespace holdfast::journal
