#include "journal/verify/queue_check.h"

#include <algorithm>

#include "journal/codec/codec.h"
#include "journal/tables/key.h"
#include "journal/verify/row_text.h"

namespace holdfast::journal {

Result<void> QueueCheck::add(const Subject& subject) {
  if (subject.id.partition_key != partition_key_) TRY(close(subject.id.partition_key));
  if (!subject.is_readable) {
    members_.push_back({subject.id, 0, Status::kQueued, false, false});
    return {};
  }
  if (!subject.is_live() || !subject.row->target.queued_by_key()) return {};
  if (subject.row->status == Status::kScheduled) return {};
  members_.push_back(
      {subject.id, object_number(subject.row->target), subject.row->status, true, false});
  return {};
}

Result<void> QueueCheck::finish() { return close(std::nullopt); }

std::uint32_t QueueCheck::object_number(const Target& target) {
  const std::pair object(target.service, target.key);
  const auto known = std::find(objects_.begin(), objects_.end(), object);
  const auto number = static_cast<std::uint32_t>(known - objects_.begin());
  if (known == objects_.end()) objects_.push_back(object);
  return number;
}

Result<void> QueueCheck::close(std::optional<PartitionKey> next) {
  for (;;) {
    const Cursor::Row* const row = TRY(rows_.peek());
    if (row == nullptr) break;
    if (next && row->key.size() >= 9) {
      const auto key = read_big_endian<std::uint64_t>(BytesView(row->key).substr(1));
      if (key >= *next) break;
    }
    check_place(*row);
    rows_.advance();
  }
  report_missing();
  members_.clear();
  objects_.clear();
  partition_key_ = next.value_or(0);
  return {};
}

void QueueCheck::check_place(const Cursor::Row& row) {
  reporter_.look(Part::kPlaces);
  const auto object = object_in(row.key);
  const auto id = decode_queued(row.value);
  if (!object || object->rest.size() != 8) return;  // Reported with the row.
  const std::string name = row.key.substr(0, row.key.size() - 8);
  const bool is_first = name != last_object_;
  last_object_ = name;
  if (!id) return;

  const auto below = [](const Member& member, const InvocationId& other) {
    return member.id < other;
  };
  const auto member = std::lower_bound(members_.begin(), members_.end(), *id, below);
  if (member == members_.end() || member->id != *id) {
    problem("a place in a queue whose invocation is over, gone, or of another key",
            key_text(row.key) + " for " + id->text(),
            is_first ? "nobody leaves it, so the key is never free again; restore a backup"
                     : "it blocks the key once it is first; restore a backup");
    return;
  }
  if (!member->is_readable) return;
  const auto& wanted = objects_[member->object];
  if (wanted.first != object->service || wanted.second != object->key) {
    problem("a place in the queue of another key than its invocation's",
            key_text(row.key) + " for " + id->text(), "it blocks that key; restore a backup");
    return;
  }
  if (member->has_place) {
    problem("a second place in a queue for one invocation",
            key_text(row.key) + " for " + id->text(),
            "one of them is never left; restore a backup");
  }
  member->has_place = true;
  if (!is_first && member->status != Status::kQueued) {
    problem("an invocation that has begun is not the first of its queue (INV-5)",
            key_text(row.key) + " for " + id->text() + ", " + status_text(member->status),
            "two may run at once under this key; please report it, with the server's log");
  }
}

void QueueCheck::report_missing() {
  for (const Member& member : members_) {
    if (!member.is_readable) continue;
    reporter_.look(Part::kPlaces);
    if (member.has_place) continue;
    const auto& [service, key] = objects_[member.object];
    problem("an invocation without its place in the queue",
            "invocation " + member.id.text() + " of " + object_text(service, key) + ", " +
                status_text(member.status),
            member.status == Status::kQueued ? "its turn never comes; cancel it"
                                             : "another one may run beside it under this key");
  }
}

void QueueCheck::problem(std::string what, std::string row, std::string advice) {
  reporter_.problem(Part::kPlaces, std::move(what), std::move(row), std::move(advice));
}

}  // namespace holdfast::journal
