#include "net/admin/sql/invocation_rows.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace holdfast::net::sql {
namespace {

using journal::InvocationId;
using journal::PartitionKey;
using journal::Status;
using journal::Timer;
using journal::TimerKind;
using InvocationPage = Page<InvocationRow>;

Fill<InvocationRow> one(const Sources& sources, const std::string& text) {
  return once<InvocationRow>([sources, text](InvocationPage& page) -> Result<void> {
    const auto id = InvocationId::from_text(text);
    // Another spelling of the same id is not equal to it.
    if (!id.has_value() || id->text() != text) return {};
    const auto invocation = sources.store.invocation(*id);
    if (!invocation.has_value()) {
      page.add(InvocationRow(sources, *id), kInvocationRowBytes);
    } else if (invocation->has_value()) {
      page.add(InvocationRow(sources, **invocation), kInvocationRowBytes);
    }
    return {};
  });
}

// All that lie under one of the partition keys.
Fill<InvocationRow> under(const Sources& sources, std::vector<PartitionKey> keys) {
  return [sources, keys = std::move(keys), at = std::size_t{0},
          after = std::optional<InvocationId>()](InvocationPage& page) mutable -> Result<bool> {
    while (at < keys.size()) {
      TRY(sources.watch.check());
      TRY(sources.store.each_stored(keys[at], after, [&](journal::StoredInvocation stored) {
        after = stored.id();
        return page.add(InvocationRow(sources, std::move(stored)), kInvocationRowBytes);
      }));
      if (!page.room()) return true;
      ++at;
      after.reset();
    }
    return false;
  };
}

Fill<InvocationRow> all(const Sources& sources) {
  return [sources,
          after = std::optional<InvocationId>()](InvocationPage& page) mutable -> Result<bool> {
    TRY(sources.store.each_stored(std::nullopt, after, [&](journal::StoredInvocation stored) {
      after = stored.id();
      const std::size_t bytes = stored.size();
      return page.add(InvocationRow(sources, std::move(stored)), bytes);
    }));
    return !page.room();
  };
}

// Where the invocations of a target lie: service/handler, or service/key/handler, whose key may
// hold slashes itself.
std::vector<PartitionKey> keys_of_target(const std::string& target) {
  const std::size_t first = target.find('/');
  if (first == std::string::npos) return {};
  const std::size_t last = target.rfind('/');
  if (last > first) {
    return {
        journal::partition_key_of(std::string_view(target).substr(first + 1, last - first - 1))};
  }
  std::vector<PartitionKey> keys;
  for (std::uint64_t bucket = 0; bucket < journal::kServiceBuckets; ++bucket) {
    keys.push_back(journal::bucket_key(std::string_view(target).substr(0, first), bucket));
  }
  return keys;
}

// Invocations that may have a status, and all that have it, each once. None: there are so many that
// a look at all rows, one after the other, is cheaper.
using Candidates = std::optional<std::vector<InvocationId>>;
constexpr std::size_t kCandidatesMax = 4096;

// Each running one has a wake-up, until it parks or ends (docs/decisions/0006-wake-up-rows.md).
Result<Candidates> woken(const Sources& sources) {
  std::vector<InvocationId> found;
  TRY(sources.store.each_woken_after(std::nullopt, [&found](const InvocationId& id) {
    found.push_back(id);
    return found.size() <= kCandidatesMax;
  }));
  return found.size() > kCandidatesMax ? Candidates() : Candidates(std::move(found));
}

// Who waits for a key has a place in its queue.
Result<Candidates> queued(const Sources& sources) {
  std::vector<InvocationId> found;
  TRY(sources.store.each_queued(
      {}, {}, [&](const journal::ObjectRow&, const Result<journal::Tables::Queued>& one) {
        if (one.has_value()) found.push_back(one->id);
        return found.size() <= kCandidatesMax;
      }));
  return found.size() > kCandidatesMax ? Candidates() : Candidates(std::move(found));
}

// A delayed start and a retry have a timer.
Result<Candidates> timed(const Sources& sources, TimerKind kind) {
  constexpr std::size_t kAtOnce = 1024;
  std::vector<InvocationId> found;
  std::optional<Timer> after;
  for (;;) {
    TRY(sources.watch.check());
    const auto timers = TRY(sources.store.timers(after, kAtOnce));
    for (const Timer& timer : timers) {
      if (timer.kind == kind) found.push_back(timer.invocation);
    }
    if (found.size() > kCandidatesMax) return Candidates();
    if (timers.size() < kAtOnce) return Candidates(std::move(found));
    after = timers.back();
  }
}

Result<Candidates> candidates(const Sources& sources, Status status) {
  switch (status) {
    case Status::kRunning:
      return woken(sources);
    case Status::kQueued:
      return queued(sources);
    case Status::kScheduled:
      return timed(sources, TimerKind::kStart);
    case Status::kBackingOff:
      return timed(sources, TimerKind::kRetry);
    case Status::kSuspended:
    case Status::kPaused:
    case Status::kCompleted:
      break;
  }
  return Candidates();
}

// Adds the invocation when it has one of the statuses. An unreadable one has none.
Result<void> add_if(const Sources& sources, const InvocationId& id,
                    const std::vector<Status>& statuses, InvocationPage& page) {
  auto invocation = sources.store.invocation(id);
  if (!invocation.has_value()) {
    if (invocation.error().code() != ErrorCode::kCorruption) return invocation.error();
    sources.watch.count_unreadable();
    return {};
  }
  if (!invocation->has_value()) return {};
  const Status status = (*invocation)->status;
  if (std::find(statuses.begin(), statuses.end(), status) == statuses.end()) return {};
  page.add(InvocationRow(sources, std::move(**invocation)), kInvocationRowBytes);
  return {};
}

Fill<InvocationRow> listed(const Sources& sources, std::vector<InvocationId> ids,
                           const std::vector<Status>& statuses) {
  // A timer or two may be left of an earlier wait.
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return [sources, ids = std::move(ids), statuses,
          at = std::size_t{0}](InvocationPage& page) mutable -> Result<bool> {
    while (at < ids.size() && page.room()) TRY(add_if(sources, ids[at++], statuses, page));
    return at < ids.size();
  };
}

Result<Fill<InvocationRow>> of_statuses(const Sources& sources,
                                        const std::vector<Status>& statuses) {
  std::vector<InvocationId> ids;
  for (const Status status : statuses) {
    const Candidates found = TRY(candidates(sources, status));
    if (!found.has_value()) return all(sources);
    ids.insert(ids.end(), found->begin(), found->end());
  }
  return listed(sources, std::move(ids), statuses);
}

// Those whose status has this word. How to find them is decided when the first page is read.
Fill<InvocationRow> of_status(const Sources& sources, const std::string& word,
                              const char* (*text_of)(Status)) {
  std::vector<Status> statuses;
  for (const Status status :
       {Status::kScheduled, Status::kQueued, Status::kRunning, Status::kBackingOff,
        Status::kSuspended, Status::kPaused, Status::kCompleted}) {
    if (word == text_of(status)) statuses.push_back(status);
  }
  return [sources, statuses = std::move(statuses),
          fill = Fill<InvocationRow>()](InvocationPage& page) mutable -> Result<bool> {
    if (!fill) fill = TRY(of_statuses(sources, statuses));
    return fill(page);
  };
}

}  // namespace

const char* stored_status_text(Status status) {
  switch (status) {
    case Status::kQueued:
      return "inboxed";
    case Status::kRunning:
    case Status::kBackingOff:
      return "invoked";
    default:
      return journal::status_text(status);
  }
}

Result<std::optional<journal::Invocation>> InvocationRow::read() const {
  if (!stored_.has_value()) return sources_.store.invocation(id_);
  return std::optional<journal::Invocation>(TRY(stored_->read()));
}

const journal::Invocation* InvocationRow::invocation() {
  if (!read_) {
    read_ = true;
    auto result = read();
    if (result.has_value()) {
      invocation_ = std::move(*result);
    } else {
      problem_ = result.error().message();
      sources_.watch.count_unreadable();
    }
    stored_.reset();
  }
  return invocation_.has_value() ? &*invocation_ : nullptr;
}

std::optional<InvocationRow::Sizes> InvocationRow::journal_sizes() {
  if (sizes_.has_value()) return *sizes_;
  sizes_.emplace();
  const journal::Invocation* const row = invocation();
  if (row == nullptr) return *sizes_;
  if (row->status == Status::kCompleted) {  // Its numbers change no more.
    *sizes_ = Sizes{row->journal_entries, row->journal_commands};
    return *sizes_;
  }
  const auto journal = sources_.store.journal(*row);
  if (!journal.has_value()) {
    sources_.watch.count_unreadable();
    return *sizes_;
  }
  const auto commands = std::count_if(journal->begin(), journal->end(), [](const auto& stamped) {
    return stamped.entry.is_command();
  });
  *sizes_ =
      Sizes{static_cast<std::uint32_t>(journal->size()), static_cast<std::uint32_t>(commands)};
  return *sizes_;
}

Fill<InvocationRow> invocations(const Sources& sources, InvocationWay way,
                                const std::string& value) {
  switch (way) {
    case InvocationWay::kId:
      return one(sources, value);
    case InvocationWay::kTarget:
      return under(sources, keys_of_target(value));
    case InvocationWay::kKey:
      return under(sources, {journal::partition_key_of(value)});
    case InvocationWay::kStatus:
      return of_status(sources, value, journal::status_text);
    case InvocationWay::kStoredStatus:
      return of_status(sources, value, stored_status_text);
    case InvocationWay::kAll:
      break;
  }
  return all(sources);
}

}  // namespace holdfast::net::sql
