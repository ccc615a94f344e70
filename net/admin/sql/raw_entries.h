#pragma once
// RawEntries: the entries of one journal as the bytes that the handler protocol has for them: what
// a replay would send of each, without the header of its frame.

#include <optional>
#include <vector>

#include "journal/tables/tables.h"
#include "net/protocol/restate/completion_kinds.h"
#include "net/protocol/restate/version.h"

namespace holdfast::net::sql {

class RawEntries {
 public:
  // `entries` is the whole journal and outlives this object. `version` is the number of the version
  // that is spoken with its handler; 0, or one that is not spoken here: the newest.
  RawEntries(const std::vector<journal::StampedEntry>& entries, std::uint8_t version);

  // None: no such bytes could be sent, as the entry answers a command that is not in the journal.
  std::optional<Bytes> at(std::size_t index) const;

 private:
  const std::vector<journal::StampedEntry>& entries_;
  const protocol::restate::Version version_;
  protocol::restate::CompletionKinds kinds_;
};

}  // namespace holdfast::net::sql
