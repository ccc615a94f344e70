#pragma once
// Doctored: a copy of the busy store in which something was changed, and what verify says of it.

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <map>
#include <string>

#include "journal/codec/codec.h"
#include "journal/tables/key.h"
#include "journal/tables/tables.h"
#include "journal/verify/verify.h"
#include "storage/local_log.h"
#include "storage/memory_store.h"
#include "tests/support/busy_store.h"
#include "tests/support/log_capture.h"

namespace holdfast::testing {

using journal::Invocation;
using journal::InvocationId;
using journal::Key;
using journal::Status;
using journal::StoreReport;
using journal::Timer;
using journal::TimerKind;
using journal::Waiter;
using storage::Table;
using Rows = std::map<Bytes, Bytes>;

inline StoreReport verified(const Rows& rows, journal::VerifyOptions options = {}) {
  LogCapture errors;  // Rows that are passed over are logged.
  storage::MemoryStore store;
  fill(store, rows);
  return journal::verify_store(store, options);
}

// The problems in lines, for messages.
inline std::string text_of(const StoreReport& report) {
  std::string text;
  for (const auto& problem : report.problems) text += "\n  " + problem.text();
  return text;
}

inline bool says(const StoreReport& report, const std::string& check, const std::string& what) {
  return std::any_of(report.problems.begin(), report.problems.end(), [&](const auto& problem) {
    return problem.check == check && problem.text().find(what) != std::string::npos;
  });
}

// A doctored copy of the busy store.
class Doctored {
 public:
  Rows rows = busy_store().rows;

  Rows::iterator first(Table table, const InvocationId& id) {
    const Key prefix = Key(table).id(id);
    const auto found = rows.lower_bound(Bytes(prefix.view()));
    BOOST_REQUIRE(found != rows.end());
    BOOST_REQUIRE(BytesView(found->first).starts_with(prefix.view()));
    return found;
  }
  Invocation row(const InvocationId& id) {
    return *journal::decode_invocation(first(Table::kInvocation, id)->second);
  }
  void change(const InvocationId& id, const std::function<void(Invocation&)>& change) {
    auto& record = first(Table::kInvocation, id)->second;
    Invocation row = *journal::decode_invocation(record);
    change(row);
    journal::encode_invocation(record, row);
  }
  void put_timer(const Timer& timer) { rows[Bytes(journal::timer_key(timer))] = ""; }
  // The one of this kind.
  Timer timer(const InvocationId& id, TimerKind kind) {
    for (const auto& [key, value] : rows) {
      if (key[0] != 't') continue;
      const auto timer = journal::timer_in(key);
      if (timer->invocation == id && timer->kind == kind) return *timer;
    }
    BOOST_FAIL("no such timer");
    return {};
  }
  void erase_timer(const InvocationId& id, TimerKind kind) {
    rows.erase(Bytes(journal::timer_key(timer(id, kind))));
  }
  // The last stamp of the log, which no row has.
  std::uint64_t last_stamp() const {
    storage::MemoryStore store;
    fill(store, busy_store().rows);
    return (*storage::LocalLog::stored_lsn(store, storage::KeyRange{}))->value();
  }
  // Adds an entry behind the journal.
  void append(const InvocationId& id, const journal::Entry& entry) {
    Bytes record;
    journal::encode_chunk(record, 1, &entry, 1);
    rows[Bytes(Key(Table::kJournal).id(id).u64(last_stamp() - 1))] = record;
  }

  void expect(const std::string& check, const std::string& what) const {
    const StoreReport report = verified(rows);
    BOOST_TEST(says(report, check, what),
               "'" << check << "' does not say '" << what << "'" << text_of(report));
  }
};

// Whom the busy store does not know.
inline InvocationId stranger() { return InvocationId{77, {1, 2, 3}}; }

}  // namespace holdfast::testing
