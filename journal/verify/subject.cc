#include "journal/verify/subject.h"

#include <algorithm>

namespace holdfast::journal {
namespace {

constexpr std::size_t kKept = 8;

// Of numbers that come from a store that may be wrong.
std::int64_t sum(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

Subject read_row(const Tables& tables, const InvocationId& id) {
  Subject subject;
  subject.id = id;
  auto row = tables.invocation(id);
  subject.is_readable = row.has_value();
  if (row) subject.row = std::move(*row);
  return subject;
}

}  // namespace

bool Subject::has_wake_up(Stamp stamp) const {
  return std::binary_search(wake_ups.begin(), wake_ups.end(), stamp);
}

std::vector<Timer> timers_of(const Subject& subject, const JournalIndex& journal) {
  std::vector<Timer> timers;
  const Invocation& row = *subject.row;
  const auto add = [&](std::int64_t due, TimerKind kind, CompletionId completion = 0) {
    timers.push_back({due, subject.id, kind, completion});
  };
  if (row.status == Status::kCompleted) {
    const std::int64_t end = sum(row.completed_at, row.completion_retention_ms);
    const std::int64_t journal_end = sum(row.completed_at, row.journal_retention_ms);
    add(end, TimerKind::kExpire);
    if (journal_end < end && row.journal_entries > 0) add(journal_end, TimerKind::kExpireJournal);
    return timers;
  }
  if (row.status == Status::kScheduled) add(row.scheduled_start_at, TimerKind::kStart);
  if (row.status == Status::kBackingOff) add(row.next_retry_at, TimerKind::kRetry);
  for (const StampedEntry& one : subject.entries) {
    const auto* sleep = std::get_if<Sleep>(&one.entry.body);
    if (sleep == nullptr || !journal.is_open(sleep->completion)) continue;
    add(sleep->wake_up_unix_ms, TimerKind::kSleep, sleep->completion);
  }
  return timers;
}

std::shared_ptr<const Subject> Lookups::row(const InvocationId& id) {
  const auto known =
      std::find_if(rows_.begin(), rows_.end(), [&](const auto& one) { return one->id == id; });
  if (known != rows_.end()) {
    rows_.splice(rows_.begin(), rows_, known);
    return rows_.front();
  }
  rows_.push_front(std::make_shared<const Subject>(read_row(tables_, id)));
  if (rows_.size() > kKept) rows_.pop_back();
  return rows_.front();
}

Lookups::WithJournal Lookups::with_journal(const InvocationId& id) {
  const auto known = std::find_if(journals_.begin(), journals_.end(),
                                  [&](const auto& one) { return one.subject->id == id; });
  if (known != journals_.end()) {
    journals_.splice(journals_.begin(), journals_, known);
    return journals_.front();
  }
  Subject subject = *row(id);
  auto entries = subject.row ? tables_.journal(*subject.row) : tables_.chunks(id);
  subject.is_readable = subject.is_readable && entries.has_value();
  if (entries) subject.entries = std::move(*entries);
  std::erase_if(subject.entries, [&](const StampedEntry& one) {
    const auto* told = std::get_if<Notification>(&one.entry.body);
    return told != nullptr && subject.row && subject.row->is_stale(*told);
  });
  WithJournal both;
  both.subject = std::make_shared<const Subject>(std::move(subject));
  both.journal = std::make_shared<const JournalIndex>(both.subject->entries);
  journals_.push_front(std::move(both));
  if (journals_.size() > kKept) journals_.pop_back();
  return journals_.front();
}

}  // namespace holdfast::journal
