// Loading: what an owner may believe of what is stored.

#include <boost/test/unit_test.hpp>

#include "journal/journal.h"
#include "storage/memory_store.h"
#include "tests/journal/machine_samples.h"

namespace holdfast::journal {
namespace {

Invocation completed_row() {
  Invocation row = accepted(plain_target()).row;
  row.status = Status::kCompleted;
  row.result = Bytes("done");
  row.completed_at = kNow;
  row.completion_retention_ms = row.journal_retention_ms = 1000;
  return row;
}

// Refused as corrupt, not loaded.
bool refused(const Invocation& row) {
  storage::MemoryStore store;
  storage::Batch batch;
  put_invocation(batch, row);
  BOOST_REQUIRE(storage::write_one(store, batch, storage::Sync::kYes).has_value());
  const auto loaded = Journal(store).load(row.id);
  return !loaded.has_value() && loaded.error().code() == ErrorCode::kCorruption;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(load)

// A record may pass its check and say what no owner could act on.
BOOST_AUTO_TEST_CASE(inv_11_an_end_that_cannot_be_is_refused) {
  Invocation no_result = completed_row(), before_time = completed_row();
  Invocation kept_for_ever = completed_row(), journal_for_ever = completed_row();
  no_result.result.reset();
  before_time.completed_at = -1;
  kept_for_ever.completion_retention_ms = INT64_MAX;
  journal_for_ever.journal_retention_ms = INT64_MAX;

  BOOST_TEST(refused(no_result));
  BOOST_TEST(refused(before_time));
  BOOST_TEST(refused(kept_for_ever));
  BOOST_TEST(refused(journal_for_ever));
}

BOOST_AUTO_TEST_CASE(an_end_as_far_as_there_is_time_is_taken) {
  Invocation row = completed_row();
  row.completion_retention_ms = INT64_MAX - kNow;

  BOOST_TEST(!refused(row));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::journal
