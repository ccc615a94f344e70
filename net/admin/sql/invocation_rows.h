#pragma once
// InvocationRows: the invocations a query reads, and the ways to find them.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "journal/tables/tables.h"
#include "net/admin/sql/tables.h"
#include "net/admin/sql/typed_table.h"

namespace holdfast::net::sql {

// One invocation; decoded when a column asks for more than its id, its journal read when one asks
// for that.
class InvocationRow {
 public:
  InvocationRow(const Sources& sources, const journal::InvocationId& id)
      : sources_(sources), id_(id) {}
  InvocationRow(const Sources& sources, journal::StoredInvocation stored)
      : sources_(sources), id_(stored.id()), stored_(std::move(stored)) {}
  InvocationRow(const Sources& sources, journal::Invocation invocation)
      : sources_(sources), id_(invocation.id), invocation_(std::move(invocation)), read_(true) {}

  const journal::InvocationId& id() const { return id_; }
  // Null: it is not there (any more), or its record cannot be read; then problem() says why.
  const journal::Invocation* invocation();
  const std::string& problem() {
    static_cast<void>(invocation());
    return problem_;
  }

  const Facts& facts() const { return sources_.facts; }

  // Null when the journal cannot be read.
  struct Sizes {
    std::uint32_t entries = 0, commands = 0;
  };
  std::optional<Sizes> journal_sizes();

 private:
  Result<std::optional<journal::Invocation>> read() const;

  Sources sources_;
  journal::InvocationId id_;
  std::optional<journal::StoredInvocation> stored_;
  std::optional<journal::Invocation> invocation_;
  bool read_ = false;
  std::string problem_;
  std::optional<std::optional<Sizes>> sizes_;  // Once they were asked for.
};

// Bytes of `row` on a page, roughly.
inline constexpr std::size_t kInvocationRowBytes = 1024;

// The status as it is stored for Restate's tools: inboxed for pending, invoked for what has an
// attempt or will have the next one.
const char* stored_status_text(journal::Status status);

// The ways in, as columns: id; target; target_service_key; status; all; and by the stored status.
enum class InvocationWay : std::size_t { kId, kTarget, kKey, kStatus, kAll, kStoredStatus };
Fill<InvocationRow> invocations(const Sources& sources, InvocationWay way,
                                const std::string& value);

}  // namespace holdfast::net::sql
