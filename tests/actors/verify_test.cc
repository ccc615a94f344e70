// Verify: a store that the engine has left behind is clean; one that was doctored is flagged, with
// words that say what is wrong.

#include "journal/verify/verify.h"

#include <boost/algorithm/hex.hpp>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "tests/actors/doctored.h"

namespace holdfast::testing {
namespace {

std::string text(BytesView key) {
  const auto id = journal::id_in(key.substr(key[0] == 't' ? 8 : 0));
  return id ? id->text() : std::string(key);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(verify)

BOOST_AUTO_TEST_CASE(a_store_that_was_left_behind_is_clean_and_has_been_looked_at) {
  const StoreReport report = verified(busy_store().rows);

  BOOST_TEST(report.is_clean(), text_of(report));
  BOOST_TEST(report.rows == busy_store().rows.size());
  for (const auto& check : report.checks) {
    BOOST_TEST_CONTEXT(check.name) {
      BOOST_TEST(check.problems == 0u);
      const bool nothing = check.name == "unknown" || check.name == "invocations with deployments";
      BOOST_TEST((check.rows > 0) != nothing);
    }
  }
}

BOOST_AUTO_TEST_CASE(an_empty_store_is_clean) { BOOST_TEST(verified({}).is_clean()); }

// Whatever single row is missing, it is missed; but for those that nothing else tells of.
BOOST_AUTO_TEST_CASE(each_row_is_missed) {
  const Bytes promise_done(journal::object_key(Table::kPromise, "Approval", "b").last("ok").view());
  const auto is_alone = [&](BytesView key, BytesView value) {
    const bool is_zero = key[0] == 'n' && value.substr(1, 8) == Bytes(8, '\0');
    // Without its meta rows a store does not say how far it was, and is counted anew.
    return is_zero || key == promise_done || Bytes("scdm").find(key[0]) != Bytes::npos;
  };
  for (const auto& [key, value] : busy_store().rows) {
    if (is_alone(key, value)) continue;
    Rows rows = busy_store().rows;
    rows.erase(key);

    const StoreReport report = verified(rows);

    BOOST_TEST(!report.is_clean(), "table " << key[0] << " of " << text(key));
  }
}

BOOST_AUTO_TEST_CASE(each_damaged_byte_and_each_lost_one_is_seen) {
  for (const auto& [key, value] : busy_store().rows) {
    if (value.empty()) continue;
    for (std::size_t at = 0; at < value.size(); ++at) {
      if (key[0] != 'm' && at > 12 && at + 1 != value.size() && at % 7 != 0) continue;
      Rows rows = busy_store().rows;
      rows[key][at] = static_cast<char>(value[at] ^ 0x10);
      BOOST_TEST(!verified(rows).is_clean(), "table " << key[0] << ", byte " << at);
    }
    Rows rows = busy_store().rows;
    rows[key].pop_back();
    BOOST_TEST(!verified(rows).is_clean(), "table " << key[0] << ", cut");
    rows[key].clear();
    BOOST_TEST(!verified(rows).is_clean(), "table " << key[0] << ", emptied");
  }
}

BOOST_AUTO_TEST_CASE(inv_10_every_kind_of_record_is_flagged_damaged_cut_and_from_the_future) {
  // By the kind in the header, a key of its table.
  const Bytes object(journal::object_key(Table::kState, "S", "k").view());
  const auto of_object = [&](char table, BytesView rest) {
    Bytes key = object + Bytes(rest);
    key[0] = table;
    return key;
  };
  const std::map<int, Bytes> keys = {
      {1, Bytes(Key(Table::kInvocation).id(stranger()))},
      {2, Bytes(Key(Table::kJournal).id(stranger()).u64(1))},
      {3, of_object('p', "name")},
      {4, Bytes("cService")},
      {5, of_object('q', BytesView("\0\0\0\0\0\0\0\1", 8))},
      {6, of_object('s', "name")},
      {7, Bytes("d0123456789abcdef")},
  };
  std::stringstream golden;
  for (const char* const file : {"/golden/records_v1.txt", "/golden/records_v2.txt"}) {
    golden << std::ifstream(std::string(HOLDFAST_TESTS_FOLDER) + file).rdbuf();
  }
  std::set<int> seen;
  for (std::string name, hex; golden >> name >> hex;) {
    const Bytes record = boost::algorithm::unhex(hex);
    const int kind = record[1];
    seen.insert(kind);
    const auto table_problems = [&](const Bytes& value) {
      const StoreReport report = verified({{keys.at(kind), value}});
      std::uint64_t problems = 0;
      for (const auto& check : report.checks) problems += check.is_table ? check.problems : 0;
      return std::pair(problems, text_of(report));
    };
    BOOST_TEST_CONTEXT(name) {
      BOOST_TEST(table_problems(record).first == 0u, table_problems(record).second);
      Bytes flipped = record, future = record, unknown = record;
      flipped.back() = static_cast<char>(flipped.back() ^ 1);
      future[0] = 3;
      unknown[1] = 99;
      const Bytes cut = record.substr(0, record.size() - 1);
      for (const Bytes& bad : {flipped, cut, record.substr(0, 7), future, unknown}) {
        BOOST_TEST(table_problems(bad).first == 1u, table_problems(bad).second);
      }
      BOOST_TEST(table_problems(future).second.find("a newer release wrote it") !=
                 std::string::npos);
    }
  }
  BOOST_TEST(seen.size() == keys.size());
}

BOOST_AUTO_TEST_CASE(what_lies_between_the_tables_is_flagged) {
  for (const char* key : {"a", "ihello", "jx", "k", "o", "xsomething", "z", "\xff", "", "qq", "n",
                          "m12345678unknown", "d", "t"}) {
    Rows rows = busy_store().rows;
    rows[key] = "value";
    BOOST_TEST(!verified(rows).is_clean(), "key " << key);
  }
  Doctored store;
  store.rows["xsomething"] = "value";
  store.expect("unknown", "a row of no table: key xsomething");
}

BOOST_AUTO_TEST_CASE(problems_beyond_the_first_are_counted) {
  Rows rows = busy_store().rows;
  for (int i = 0; i < 300; ++i) rows["z" + std::to_string(i)] = "";
  journal::VerifyOptions options;
  options.problems_kept = 7;

  const StoreReport report = verified(rows, options);

  BOOST_TEST(report.problems.size() == 7u);
  BOOST_TEST(report.problem_count == 300u);
}

BOOST_AUTO_TEST_CASE(stamps_beyond_the_log_are_flagged) {
  Doctored store;
  store.rows[Bytes(Key(Table::kRunnable).id(busy_store().running).u64(1'000'000'000))] = "";
  store.expect("wake-ups", "stamp 1000000000 is beyond the last one of the log");
}

BOOST_AUTO_TEST_CASE(fields_that_contradict_each_other_are_flagged) {
  const BusyStore& busy = busy_store();
  const std::pair<InvocationId, std::function<void(Invocation&)>> wrong[] = {
      {busy.charged, [](auto& row) { row.result.reset(); }},
      {busy.charged, [](auto& row) { row.completed_at = 0; }},
      {busy.charged,
       [](auto& row) {
         row.waiters.push_back(Waiter{stranger(), 1});
       }},
      {busy.charged, [](auto& row) { row.journal_retention_ms = INT64_MAX; }},
      {busy.nap, [](auto& row) { row.result = Bytes("early"); }},
      {busy.nap, [](auto& row) { row.next_retry_at = 5; }},
      {busy.nap, [](auto& row) { row.caller.reset(); }},
      {busy.nap, [](auto& row) { row.target.key = "k"; }},
      {busy.nap, [](auto& row) { row.target.handler_kind = journal::HandlerKind::kRun; }},
      {busy.paused, [](auto& row) { row.waits.completions = {1}; }},
      {busy.scheduled, [](auto& row) { row.scheduled_start_at = 0; }},
  };
  for (const auto& [id, change] : wrong) {
    Doctored store;
    store.change(id, change);
    store.expect("an invocation with itself", id.text());
  }
}

BOOST_AUTO_TEST_CASE(inv_8_ids_that_do_not_follow_from_their_keys_are_flagged) {
  const BusyStore& busy = busy_store();
  Doctored idempotent, workflow, object, service;
  idempotent.change(busy.charged, [](auto& row) { row.idempotency_key = "other"; });
  workflow.change(busy.approved, [](auto& row) { row.target.key = "other"; });
  object.change(busy.queued, [](auto& row) { row.target.key = "other"; });
  service.change(busy.paused, [](auto& row) { row.target.service = "Other"; });

  idempotent.expect("ids with keys", "not that of its idempotency key");
  workflow.expect("ids with keys", "not that of its workflow key");
  object.expect("ids with keys", "not under its object key");
  service.expect("ids with keys", "in no bucket of its service");
}

BOOST_AUTO_TEST_CASE(inv_6_journals_that_lack_something_are_flagged) {
  const BusyStore& busy = busy_store();
  Doctored lost, twice, of_a_key, too_early, orphan, shorter, stray, purged;
  lost.change(busy.scheduled, [](auto& row) { row.input.reset(); });
  twice.append(busy.scheduled, journal::Entry{{}, journal::Input{}});
  of_a_key.change(busy.charged, [](auto& row) { row.input.emplace(); });
  too_early.change(busy.scheduled, [](auto& row) { row.ends_with_output = true; });
  orphan.rows.erase(orphan.first(Table::kInvocation, busy.charged));
  shorter.change(busy.order, [](auto& row) { row.journal_entries = 50; });
  stray.append(busy.charged, journal::completion(77, journal::Empty{}));
  purged.change(busy.charged, [](auto& row) { row.journal_entries = 0; });

  lost.expect("invocations with journals", "without a journal");
  twice.expect("invocations with journals", "a journal with two inputs");
  of_a_key.expect("an invocation with itself", "and its input is in its row");
  too_early.expect("an invocation with itself", "an output before its end");
  orphan.expect("invocations with journals", "a journal without its invocation");
  shorter.expect("invocations with journals", "and had 50");
  stray.expect("invocations with journals", "completes 77, and no command before it");
  purged.expect("invocations with journals", "a journal that was removed has commands");
}

BOOST_AUTO_TEST_CASE(what_was_told_to_one_that_is_gone_is_clean_with_its_wake_up_only) {
  const auto told = journal::completion(3, journal::Empty{});
  Bytes record;
  journal::encode_chunk(record, 1, &told, 1);
  Doctored store;
  store.rows[Bytes(Key(Table::kJournal).id(stranger()).u64(8))] = record;
  store.expect("invocations with journals", "a journal without its invocation");

  store.rows[Bytes(Key(Table::kRunnable).id(stranger()).u64(9))] = "";

  BOOST_TEST(verified(store.rows).is_clean());
}

BOOST_AUTO_TEST_CASE(an_active_invocation_without_a_wake_up_is_flagged) {
  for (const InvocationId& id : {busy_store().running, busy_store().queued}) {
    Doctored store;
    store.rows.erase(store.first(Table::kRunnable, id));
    store.expect("invocations with wake-ups", id.text());
  }
}

BOOST_AUTO_TEST_CASE(inv_7_timers_are_flagged_when_they_are_missing_and_when_nobody_wants_them) {
  const BusyStore& busy = busy_store();
  const std::pair<InvocationId, TimerKind> timers[] = {
      {busy.nap, TimerKind::kSleep},
      {busy.holder, TimerKind::kSleep},
      {busy.backing_off, TimerKind::kRetry},
      {busy.scheduled, TimerKind::kStart},
      {busy.charged, TimerKind::kExpire},
      {busy.charged, TimerKind::kExpireJournal},
      {busy.charged_earlier, TimerKind::kExpire},
  };
  for (const auto& [id, kind] : timers) {
    Doctored missing, moved, stray;
    missing.erase_timer(id, kind);
    Timer other = stray.timer(id, kind);
    other.due_unix_ms += 1;
    moved.erase_timer(id, kind);
    moved.put_timer(other);
    stray.put_timer(other);

    missing.expect("invocations with timers", "an invocation without its timer");
    moved.expect("invocations with timers", "an invocation without its timer");
    moved.expect("invocations with timers", "a timer that its invocation does not wait for");
    stray.expect("invocations with timers", "a timer that its invocation does not wait for");
  }
  Doctored nobody;
  nobody.put_timer({5, stranger(), TimerKind::kSleep, 1});
  nobody.expect("invocations with timers", "its invocation is not there");
}

BOOST_AUTO_TEST_CASE(inv_5_queues_are_flagged) {
  const BusyStore& busy = busy_store();
  const Bytes prefix(journal::object_key(Table::kInbox, "Stock", "shelf").view());
  const auto place = [&](Rows& rows, int number) {
    auto at = rows.lower_bound(prefix);
    std::advance(at, number);
    return at;
  };
  Doctored lost, second, swapped, stray, other;
  lost.rows.erase(place(lost.rows, 1));
  second.rows[prefix + Bytes("\0\0\0\0\0\0\0\1", 8)] = place(second.rows, 0)->second;
  std::swap(place(swapped.rows, 0)->second, place(swapped.rows, 1)->second);
  journal::encode_queued(stray.rows[prefix + Bytes("\0\0\0\0\0\0\0\1", 8)], stranger());
  journal::encode_queued(
      other.rows[Bytes(journal::object_key(Table::kInbox, "Else", "shelf").view()) +
                 Bytes("\0\0\0\0\0\0\0\1", 8)],
      busy.queued);

  lost.expect("invocations with places in queues", "without its place in the queue");
  second.expect("invocations with places in queues", "a second place");
  swapped.expect("invocations with places in queues", "has begun is not the first of its queue");
  stray.expect("invocations with places in queues", "over, gone, or of another key");
  other.expect("invocations with places in queues", "the queue of another key");
}

BOOST_AUTO_TEST_CASE(waits_that_cannot_end_are_flagged) {
  const BusyStore& busy = busy_store();
  Doctored unknown, missed, signal;
  unknown.change(busy.order, [](auto& row) { row.waits.completions = {40}; });
  const auto waits =
      journal::decode_invocation(missed.first(Table::kInvocation, busy.order)->second)->waits;
  missed.append(busy.order, journal::completion(waits.completions.at(0), Bytes("late")));
  signal.append(busy.waits_for_awakeable,
                {{}, journal::Notification{std::uint32_t{17}, Bytes("42")}});

  unknown.expect("waits with journals", "waits for completion 40, which no command has");
  missed.expect("waits with journals", "which has come, and nothing wakes it");
  signal.expect("waits with journals", "signal 17, which has come, and nothing wakes it");

  signal.rows[Bytes(Key(Table::kRunnable).id(busy.waits_for_awakeable).u64(signal.last_stamp()))] =
      "";
  BOOST_TEST(verified(signal.rows).is_clean(), text_of(verified(signal.rows)));
}

BOOST_AUTO_TEST_CASE(what_an_earlier_run_was_told_has_a_wake_up_by_which_it_goes) {
  const BusyStore& busy = busy_store();
  Doctored kept, left;
  const std::uint32_t life = left.row(busy.order).life + 1;
  const journal::Entry told{
      {}, journal::Notification{journal::Notification::Completion{1}, Bytes("late"), life}};
  for (Doctored* one : {&kept, &left}) one->append(busy.order, told);
  kept.rows[Bytes(Key(Table::kRunnable).id(busy.order).u64(kept.last_stamp()).view())] = "";

  BOOST_TEST(verified(kept.rows).is_clean(), text_of(verified(kept.rows)));
  left.expect("invocations with journals", "was told to an earlier run of its id");
}

BOOST_AUTO_TEST_CASE(pins_are_flagged_when_their_deployment_is_gone_or_serves_something_else) {
  const BusyStore& busy = busy_store();
  journal::DeploymentId registered;
  registered.ulid = {1, 2, 3};
  Doctored gone, other, right, over;
  gone.change(busy.order, [](auto& row) { row.deployment_id = "dp_1gone"; });
  other.change(busy.nap, [&](auto& row) { row.deployment_id = registered.text(); });
  right.change(busy.order, [&](auto& row) { row.deployment_id = registered.text(); });
  over.change(busy.charged, [](auto& row) { row.deployment_id = "dp_1gone"; });

  gone.expect("invocations with deployments", "dp_1gone, which is not there");
  other.expect("invocations with deployments", "which does not serve it");
  BOOST_TEST(verified(right.rows).is_clean());
  BOOST_TEST(verified(over.rows).is_clean());
}

BOOST_AUTO_TEST_CASE(counters_that_are_wrong_are_flagged) {
  Doctored fewer, more;
  const auto first = fewer.rows.lower_bound("n");
  BOOST_REQUIRE(first->first[0] == 'n');
  more.rows[std::next(more.rows.lower_bound("n"))->first] = first->second;
  more.rows[first->first.substr(0, 10) + "\x06Nobody"] = first->second;
  fewer.rows.erase(first);

  fewer.expect("counters with invocations", "a counter is too small by");
  more.expect("counters with invocations", "completed invocations of Nobody");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::testing
