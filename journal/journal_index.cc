#include "journal/journal_index.h"

namespace holdfast::journal {

std::pair<CompletionId, CompletionId> completions_of(const Entry& command) {
  if (const auto* call = std::get_if<Call>(&command.body)) {
    return {call->completion, call->id_completion};
  }
  if (const auto* sleep = std::get_if<Sleep>(&command.body)) return {sleep->completion, 0};
  if (const auto* run = std::get_if<Run>(&command.body)) return {run->completion, 0};
  if (const auto* promise = std::get_if<Promise>(&command.body)) return {promise->completion, 0};
  if (const auto* attach = std::get_if<Attach>(&command.body)) return {attach->completion, 0};
  if (const auto* read = std::get_if<ReadState>(&command.body)) return {read->completion, 0};
  if (const auto* list = std::get_if<ListState>(&command.body)) return {list->completion, 0};
  return {0, 0};
}

JournalIndex::JournalIndex(const std::vector<StampedEntry>& entries) {
  for (const StampedEntry& one : entries) {
    if (one.entry.is_command()) {
      ++command_count;
      const auto [first, second] = completions_of(one.entry);
      if (first != 0) commands.emplace(first, &one.entry);
      if (second != 0) commands.emplace(second, &one.entry);
      continue;
    }
    const auto& notification = std::get<Notification>(one.entry.body);
    if (const auto* of = std::get_if<Notification::Completion>(&notification.of)) {
      completed.emplace(of->id, &notification);
    }
  }
}

}  // namespace holdfast::journal
