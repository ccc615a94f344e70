#include "journal/tables/tables.h"
#include "tests/support/log_capture.h"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <set>

#include "journal/codec/codec.h"
#include "storage/key_space.h"
#include "storage/memory_store.h"
#include "tests/journal/mixing_names.h"
#include "tests/journal/record_samples.h"

namespace holdfast::journal {
namespace {

using storage::Batch;

class TablesFixture {
 protected:
  // Returns the stamp of the batch's first stamped put.
  Stamp commit(const Batch& batch) {
    const Stamp first = next_stamp_;
    next_stamp_ += batch.stamped_count();
    const Batch* const batches[] = {&batch};
    BOOST_REQUIRE(store_.write({batches, storage::Lsn(first)}, storage::Sync::kYes).has_value());
    return first;
  }

  // Replaces the value of the first row of a table by nonsense.
  void damage(storage::Table table) {
    const Bytes begin(1, static_cast<char>(table));
    Bytes key;
    BOOST_REQUIRE(store_
                      .scan(begin, storage::prefix_end(begin),
                            [&](BytesView row, BytesView) {
                              key = row;
                              return false;
                            })
                      .has_value());
    Batch batch;
    batch.put(key, "nonsense");
    commit(batch);
  }

  storage::MemoryStore store_;
  Tables tables_{store_};
  Stamp next_stamp_ = 1;
};

InvocationId id_of(std::uint64_t partition_key, std::uint8_t byte) {
  InvocationId id;
  id.partition_key = partition_key;
  id.uuid.fill(byte);
  return id;
}

// Neighbours in the table: an id's rows must not reach into the next id's.
const std::vector<InvocationId> kIds = {
    id_of(0, 0),   id_of(0, 1),   id_of(0, 0xFF),       id_of(1, 0),
    id_of(255, 9), id_of(256, 9), id_of(UINT64_MAX, 0), id_of(UINT64_MAX, 0xFF)};

Entry run(CompletionId id) { return {"step", Run{id}}; }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(tables, TablesFixture)

BOOST_AUTO_TEST_CASE(an_invocation_is_read_as_it_was_put_until_erased) {
  Samples samples(1);
  Invocation row = samples.invocation();
  row.id = kIds[3];
  Batch put;
  put_invocation(put, row);
  commit(put);

  const auto read = tables_.invocation(row.id);

  BOOST_REQUIRE(read.has_value());
  BOOST_REQUIRE(read->has_value());
  BOOST_TEST(((*read)->id == row.id));
  BOOST_TEST(describe(**read) == describe(row));
  BOOST_TEST(!tables_.invocation(kIds[4]).value().has_value());

  Batch erase;
  erase_invocation(erase, row.id);
  commit(erase);
  BOOST_TEST(!tables_.invocation(row.id).value().has_value());
}

BOOST_AUTO_TEST_CASE(invocations_are_visited_in_id_order_after_a_given_one) {
  std::vector<InvocationId> ids = kIds;
  std::reverse(ids.begin(), ids.end());
  Batch batch;
  for (const InvocationId& id : ids) {
    Invocation row;
    row.id = id;
    put_invocation(batch, row);
    put_timer(batch, {1, id, TimerKind::kSleep, 1});  // Rows of other tables do not show up.
    append_journal(batch, id, 1, nullptr, 0);
  }
  commit(batch);

  for (std::size_t from = 0; from <= kIds.size(); ++from) {
    std::vector<InvocationId> seen;
    const auto after = from == 0 ? std::nullopt : std::optional(kIds[from - 1]);
    BOOST_REQUIRE(tables_
                      .each_invocation(after,
                                       [&](Result<Invocation> row) {
                                         seen.push_back(row.value().id);
                                         return true;
                                       })
                      .has_value());
    BOOST_TEST((seen == std::vector<InvocationId>(kIds.begin() + from, kIds.end())));
  }
}

BOOST_AUTO_TEST_CASE(inv_11_a_damaged_row_is_reported_and_does_not_hide_the_others) {
  Batch batch;
  for (const InvocationId& id : kIds) {
    Invocation row;
    row.id = id;
    put_invocation(batch, row);
  }
  commit(batch);
  damage(storage::Table::kInvocation);

  std::vector<bool> good;
  BOOST_REQUIRE(tables_
                    .each_invocation(std::nullopt,
                                     [&](const Result<Invocation>& row) {
                                       good.push_back(row.has_value());
                                       return true;
                                     })
                    .has_value());

  std::vector<bool> expected(kIds.size(), true);
  expected[0] = false;
  BOOST_TEST((good == expected));
  const auto read = tables_.invocation(kIds[0]);
  BOOST_REQUIRE(!read.has_value());
  BOOST_TEST((read.error().code() == ErrorCode::kCorruption));
  BOOST_TEST(read.error().message().find(kIds[0].text()) == 0u);
}

BOOST_AUTO_TEST_CASE(inv_6_a_journal_is_read_in_the_order_of_its_stamps) {
  for (CompletionId round = 0; round < 300; ++round) {
    Batch batch;
    for (const InvocationId& id : kIds) {
      const Entry entries[] = {run(2 * round), run(2 * round + 1)};
      append_journal(batch, id, round, entries, 2);
    }
    commit(batch);
  }

  for (const InvocationId& id : kIds) {
    const auto journal = tables_.journal(id);

    BOOST_REQUIRE(journal.has_value());
    BOOST_REQUIRE(journal->size() == 600u);
    for (std::size_t i = 0; i < journal->size(); ++i) {
      const StampedEntry& entry = (*journal)[i];
      BOOST_TEST(std::get<Run>(entry.entry.body).completion == i);
      BOOST_TEST(entry.appended_at == static_cast<std::int64_t>(i / 2));
      if (i > 0) BOOST_TEST(((*journal)[i - 1].stamp < entry.stamp) == (i % 2 == 0));
    }
  }
}

BOOST_AUTO_TEST_CASE(erasing_a_chunk_leaves_the_others) {
  Batch batch;
  for (CompletionId i = 0; i < 3; ++i) {
    const Entry entry = run(i);
    append_journal(batch, kIds[1], 1, &entry, 1);
  }
  const Stamp first = commit(batch);

  Batch erase;
  erase_journal_chunk(erase, kIds[1], first + 1);
  commit(erase);

  const auto journal = tables_.journal(kIds[1]);
  BOOST_REQUIRE(journal.has_value());
  BOOST_REQUIRE(journal->size() == 2u);
  BOOST_TEST((*journal)[1].stamp == first + 2);
}

BOOST_AUTO_TEST_CASE(inv_11_a_damaged_chunk_is_reported_with_the_invocation) {
  Batch batch;
  const Entry entry = run(1);
  append_journal(batch, kIds[1], 1, &entry, 1);
  append_journal(batch, kIds[1], 1, &entry, 1);
  commit(batch);
  damage(storage::Table::kJournal);

  const auto journal = tables_.journal(kIds[1]);

  BOOST_REQUIRE(!journal.has_value());
  BOOST_TEST((journal.error().code() == ErrorCode::kCorruption));
  BOOST_TEST(journal.error().message().find(kIds[1].text()) == 0u);
}

BOOST_AUTO_TEST_CASE(wake_ups_are_erased_one_by_one) {
  Batch batch;
  for (const InvocationId& id : kIds) {
    put_wake_up(batch, id);
    put_wake_up(batch, id);
  }
  const Stamp first = commit(batch);
  Batch erase;
  erase_wake_up(erase, kIds[0], first);
  erase_wake_up(erase, kIds[1], first + 2);
  erase_wake_up(erase, kIds[1], first + 3);
  commit(erase);

  BOOST_TEST((tables_.wake_ups(kIds[0]).value() == std::vector<Stamp>{first + 1}));
  BOOST_TEST(tables_.wake_ups(kIds[1]).value().empty());
  BOOST_TEST((tables_.wake_ups(kIds[2]).value() == std::vector<Stamp>{first + 4, first + 5}));

  std::vector<InvocationId> woken;
  BOOST_REQUIRE(tables_
                    .each_woken([&](const InvocationId& id) {
                      woken.push_back(id);
                      return woken.size() < 4;
                    })
                    .has_value());
  BOOST_TEST((woken == std::vector<InvocationId>{kIds[0], kIds[2], kIds[3], kIds[4]}));
}

BOOST_AUTO_TEST_CASE(inv_5_a_queue_is_in_the_order_of_its_stamps_and_never_mixes_with_another) {
  std::vector<std::pair<Target, std::vector<Stamp>>> queues;
  for (const std::string& service : kNames) {
    for (const std::string& key : kNames) {
      queues.push_back({{ServiceKind::kObject, HandlerKind::kExclusive, service, key, "h"}, {}});
    }
  }
  for (int round = 0; round < 3; ++round) {
    for (std::size_t i = 0; i < queues.size(); ++i) {
      Batch batch;
      put_queued(batch, queues[i].first, id_of(i, static_cast<std::uint8_t>(round)));
      queues[i].second.push_back(commit(batch));
    }
  }

  for (std::size_t i = 0; i < queues.size(); ++i) {
    const auto& [target, stamps] = queues[i];
    const auto all = tables_.queue(target.service, target.key, 0, 10).value();
    BOOST_REQUIRE(all.size() == 3u);
    for (std::size_t n = 0; n < 3; ++n) {
      BOOST_TEST(all[n].stamp == stamps[n]);
      BOOST_TEST((all[n].id == id_of(i, static_cast<std::uint8_t>(n))));
    }
    const auto middle = tables_.queue(target.service, target.key, stamps[0], 1).value();
    BOOST_REQUIRE(middle.size() == 1u);
    BOOST_TEST(middle[0].stamp == stamps[1]);
    BOOST_TEST(tables_.queue(target.service, target.key, stamps[2], 10).value().empty());
    BOOST_TEST(tables_.queue(target.service, target.key, UINT64_MAX, 10).value().empty());
    BOOST_TEST(tables_.queue(target.service, target.key, 0, 0).value().empty());
  }

  Batch erase;
  erase_queued(erase, queues[7].first, queues[7].second[0]);
  commit(erase);
  BOOST_TEST(tables_.queue(queues[7].first.service, queues[7].first.key, 0, 1).value()[0].stamp ==
             queues[7].second[1]);
}

BOOST_AUTO_TEST_CASE(inv_7_timers_come_in_their_order_whatever_the_order_of_putting) {
  Samples samples(5);
  std::vector<Timer> timers;
  for (int i = 0; i < 500; ++i) {
    const std::int64_t dues[] = {INT64_MIN, -1, 0, 1, 1'795'173'836'734, INT64_MAX};
    timers.push_back({dues[samples.number(6)], kIds[samples.number(kIds.size())],
                      static_cast<TimerKind>(1 + samples.number(5)),
                      static_cast<CompletionId>(samples.number(300))});
  }
  Batch batch;
  for (const Timer& timer : timers) put_timer(batch, timer);
  commit(batch);
  std::sort(timers.begin(), timers.end());
  timers.erase(std::unique(timers.begin(), timers.end()), timers.end());

  BOOST_TEST((tables_.timers(std::nullopt, 1000).value() == timers));
  std::vector<Timer> paged;
  for (std::optional<Timer> after;;) {
    const auto page = tables_.timers(after, 7).value();
    if (page.empty()) break;
    paged.insert(paged.end(), page.begin(), page.end());
    after = page.back();
  }
  BOOST_TEST((paged == timers));

  Batch erase;
  erase_timer(erase, timers[0]);
  commit(erase);
  BOOST_TEST((tables_.timers(std::nullopt, 1).value() == std::vector<Timer>{timers[1]}));
  BOOST_TEST(tables_.timers(std::nullopt, 0).value().empty());
}

BOOST_AUTO_TEST_CASE(state_of_one_key_never_mixes_with_another) {
  Batch batch;
  for (const std::string& service : kNames) {
    for (const std::string& key : kNames) {
      for (const std::string& name : kNames) {
        put_state(batch, service, key, name, service + "|" + key + "|" + name);
      }
    }
  }
  commit(batch);
  std::vector<std::string> sorted = kNames;
  std::sort(sorted.begin(), sorted.end());

  for (const std::string& service : kNames) {
    for (const std::string& key : kNames) {
      BOOST_TEST((tables_.state_keys(service, key).value() == sorted));
      for (const std::string& name : kNames) {
        BOOST_TEST((tables_.state(service, key, name).value() == service + "|" + key + "|" + name));
      }
    }
  }

  Batch erase;
  erase_state(erase, "a", "a", "a");
  commit(erase);
  BOOST_TEST(!tables_.state("a", "a", "a").value().has_value());
  BOOST_TEST(tables_.state_keys("a", "a").value().size() == kNames.size() - 1);
  BOOST_TEST(tables_.state_keys("unknown", "a").value().empty());
}

BOOST_AUTO_TEST_CASE(promises_are_read_as_they_were_put_until_erased) {
  Samples samples(6);
  const PromiseRecord promise = samples.promise();
  Batch batch;
  put_promise(batch, "Signup", "user-7", "approved", promise);
  put_promise(batch, "Signup", "user-7", "paid", {});
  put_promise(batch, "Signup", "user-77", "approved", {});
  commit(batch);

  BOOST_TEST(describe(*tables_.promise("Signup", "user-7", "approved").value()) ==
             describe(promise));
  BOOST_TEST(!tables_.promise("Signup", "user-7", "other").value().has_value());
  BOOST_TEST((tables_.promises("Signup", "user-7").value() ==
              std::vector<std::string>{"approved", "paid"}));

  Batch erase;
  erase_promise(erase, "Signup", "user-7", "approved");
  commit(erase);
  BOOST_TEST((tables_.promises("Signup", "user-7").value() == std::vector<std::string>{"paid"}));
}

BOOST_AUTO_TEST_CASE(settings_are_read_as_they_were_put) {
  Samples samples(7);
  const ServiceSettings settings = samples.settings();
  Batch batch;
  put_settings(batch, "Greeter", settings);
  commit(batch);

  BOOST_TEST(describe(*tables_.settings("Greeter").value()) == describe(settings));
  BOOST_TEST(!tables_.settings("Greete").value().has_value());
}

BOOST_AUTO_TEST_CASE(inv_11_a_timer_of_an_unknown_kind_is_announced_and_hides_no_other) {
  testing::LogCapture errors;
  const Timer known{2, kIds[1], TimerKind::kSleep, 1};
  Batch batch;
  put_timer(batch, {1, kIds[0], static_cast<TimerKind>(99), 1});
  put_timer(batch, known);
  commit(batch);

  const auto timers = tables_.timers(std::nullopt, 1);

  BOOST_REQUIRE(timers.has_value());
  BOOST_TEST((*timers == std::vector<Timer>{known}));
  BOOST_TEST(errors.contains("timer cannot be read"));
}

// Who waits for one thing is not found under another whose name resembles it.
BOOST_AUTO_TEST_CASE(waiters_are_those_of_their_invocation_or_promise_and_no_other) {
  std::vector<WaitedFor> all(kIds.begin(), kIds.end());
  for (const auto& service : kNames) {
    for (const auto& key : kNames) {
      for (const auto& name : kNames) all.push_back(PromiseName{service, key, name});
    }
  }
  const auto waiters_of = [&](std::size_t which) {
    std::set<Waiter> waiters;
    for (std::uint32_t i = 0; i < 3; ++i) {
      waiters.insert({kIds[(which + i) % kIds.size()], static_cast<CompletionId>(which), i});
    }
    return waiters;
  };
  Batch batch;
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (const Waiter& waiter : waiters_of(i)) put_later_waiter(batch, all[i], waiter);
  }
  commit(batch);

  const auto stored = [&](std::size_t which) {
    std::set<Waiter> waiters;
    BOOST_REQUIRE(tables_.later_waiters(all[which], waiters).has_value());
    return waiters;
  };
  for (std::size_t i = 0; i < all.size(); ++i) {
    BOOST_TEST((stored(i) == waiters_of(i)));
    const Waiter one = *waiters_of(i).begin();
    BOOST_TEST(tables_.has_later_waiter(all[i], one).value());
    BOOST_TEST(!tables_.has_later_waiter(all[i], {one.invocation, one.completion, 9}).value());
  }
  Batch erase;
  for (std::size_t i = 1; i < all.size(); i += 2) {
    for (const Waiter& waiter : waiters_of(i)) erase_later_waiter(erase, all[i], waiter);
  }
  commit(erase);
  for (std::size_t i = 0; i < all.size(); ++i) {
    BOOST_TEST(stored(i).size() == (i % 2 == 0 ? 3u : 0u));
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(invocation)

BOOST_AUTO_TEST_CASE(targets_have_their_text) {
  const Target service{ServiceKind::kService, HandlerKind::kPlain, "Greeter", "", "greet"};
  const Target object{ServiceKind::kObject, HandlerKind::kShared, "Counter", "", "get"};

  BOOST_TEST(service.text() == "Greeter/greet");
  BOOST_TEST(object.text() == "Counter//get");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::journal
