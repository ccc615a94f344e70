// What was told to an id before its invocation came to be is loaded apart from its journal.

#include <boost/test/unit_test.hpp>
#include <optional>
#include <utility>

#include "journal/journal.h"
#include "storage/local_log.h"
#include "storage/memory_store.h"
#include "tests/journal/machine_samples.h"
#include "tests/support/manual_clock.h"

namespace holdfast::journal {
namespace {

// Told something, accepted, and told something again; the input is in a chunk or in the row.
std::optional<Loaded> loaded_with(const Entry& begins, bool input_in_row) {
  storage::MemoryStore store;
  const testing::ManualClock clock;
  const auto log = std::move(storage::LocalLog::open(store, {}, clock)).value();
  InvocationState state = accepted(plain_target());
  state.row.id = id_of(1);
  if (input_in_row) state.row.input = std::get<Input>(begins.body);
  const Entry signal{{}, Notification{std::uint32_t{1}, Empty{}}};
  storage::Batch batch;
  append_journal(batch, state.row.id, 1, &signal, 1);
  put_wake_up(batch, state.row.id);
  if (!input_in_row) append_journal(batch, state.row.id, 2, &begins, 1);
  append_journal(batch, state.row.id, 3, &signal, 1);
  put_invocation(batch, state.row);
  const storage::Batch* const batches[] = {&batch};
  (void)log->append(log->epoch(), batches);
  return Journal(store).load(state.row.id).value();
}

BOOST_AUTO_TEST_SUITE(early)

BOOST_AUTO_TEST_CASE(inv_6_a_journal_begins_with_its_input_whatever_was_told_before) {
  const auto loaded = loaded_with(input(), false);

  BOOST_REQUIRE(loaded.has_value());
  BOOST_REQUIRE(loaded->entries.size() == 2u);
  BOOST_TEST(std::holds_alternative<Input>(loaded->entries[0].entry.body));
  BOOST_TEST(loaded->state.entries == 2u);
  BOOST_REQUIRE(loaded->early.size() == 1u);
  BOOST_TEST(loaded->early[0].stamp < loaded->entries[0].stamp);
  BOOST_TEST(loaded->born == loaded->entries[0].stamp);
}

BOOST_AUTO_TEST_CASE(inv_6_an_input_in_the_row_stands_before_all_that_was_told) {
  const auto loaded = loaded_with(input("in"), true);

  BOOST_REQUIRE(loaded.has_value());
  BOOST_REQUIRE(loaded->entries.size() == 3u);
  BOOST_TEST(std::get<Input>(loaded->entries[0].entry.body).value == "in");
  BOOST_TEST(loaded->state.entries == 3u);
  BOOST_TEST(loaded->early.empty());
  BOOST_TEST(loaded->born == 1u);
  BOOST_TEST(loaded->last_stamp == loaded->entries[2].stamp);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::journal
