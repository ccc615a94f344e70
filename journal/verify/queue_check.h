#pragma once
// QueueCheck: invocations of objects, and their places in the queues of their keys. Of use inside
// journal/verify only.
//
// An invocation and its place have the same partition key, by which both tables are ordered. So
// the invocations of one partition key are kept until its queues have been read.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "journal/tables/cursor.h"
#include "journal/verify/reporter.h"
#include "journal/verify/subject.h"

namespace holdfast::journal {

class QueueCheck {
 public:
  QueueCheck(const storage::Reader& store, Reporter& reporter, Lookups& lookups)
      : reporter_(reporter), lookups_(lookups), rows_(store, storage::Table::kInbox) {}

  // In the order of ids. A subject that is not readable may have a place or not.
  Result<void> add(const Subject& subject);
  // There are no more.
  Result<void> finish();

 private:
  struct Member {
    InvocationId id;
    std::uint32_t object = 0;  // In objects_.
    Status status = Status::kQueued;
    bool is_readable = true;
    bool has_place = false;
  };

  // Reads the queues of all partition keys below `next`, or all.
  Result<void> close(std::optional<PartitionKey> next);
  void check_place(const Cursor::Row& row);
  void report_missing();
  std::uint32_t object_number(const Target& target);
  void problem(std::string what, std::string row, std::string advice);

  Reporter& reporter_;
  Lookups& lookups_;
  Cursor rows_;
  // Of one partition key, in the order of ids.
  std::vector<Member> members_;
  std::vector<std::pair<std::string, std::string>> objects_;
  PartitionKey partition_key_ = 0;
  std::string last_object_;  // Of the row before: the first of an object holds its key.
};

}  // namespace holdfast::journal
