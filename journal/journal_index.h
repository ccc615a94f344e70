#pragma once
// JournalIndex: the commands of a journal and what completed them, for who reads a journal to say
// something about it. Pure.

#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "journal/tables/tables.h"

namespace holdfast::journal {

// What a journal says, by completion. Borrows from the entries.
struct JournalIndex {
  explicit JournalIndex(const std::vector<StampedEntry>& entries);

  std::unordered_map<CompletionId, const Entry*> commands;  // By each of its completions.
  std::unordered_map<CompletionId, const Notification*> completed;
  std::uint32_t command_count = 0;

  bool is_open(CompletionId id) const { return id != 0 && !completed.contains(id); }
};

// Completions that come for a command; 0 for those it does not have.
std::pair<CompletionId, CompletionId> completions_of(const Entry& command);

}  // namespace holdfast::journal
