#include "net/admin/sql/raw_entries.h"

#include <utility>

#include "net/egress/translate.h"
#include "net/protocol/restate/frame.h"
#include "net/protocol/restate/to_handler.h"

namespace holdfast::net::sql {

namespace restate = protocol::restate;

RawEntries::RawEntries(const std::vector<journal::StampedEntry>& entries, std::uint8_t version)
    : entries_(entries), version_(restate::to_version(version).value_or(restate::kVersionMax)) {
  for (const journal::StampedEntry& stamped : entries_) {
    if (!stamped.entry.is_command()) continue;
    const protocol::Entry entry = to_protocol(stamped.entry);
    // Ids that were given twice name the first command, as for the handler.
    static_cast<void>(kinds_.learn(std::get<protocol::Command>(entry)).has_value());
  }
}

std::optional<Bytes> RawEntries::at(std::size_t index) const {
  Bytes frame;
  const auto appended =
      restate::append_entry(frame, to_protocol(entries_[index].entry), kinds_, version_);
  if (!appended.has_value()) return std::nullopt;
  frame.erase(0, restate::kFrameHeaderBytes);
  return frame;
}

}  // namespace holdfast::net::sql
