#include "tests/net/remote_attempt_stand.h"

#include <boost/test/unit_test.hpp>

namespace holdfast::net {
namespace {

using namespace attempt_stand;

BOOST_AUTO_TEST_SUITE(remote_suspension)

BOOST_AUTO_TEST_CASE(a_suspension_waits_for_what_it_names) {
  for (const Version version : {Version::k5, Version::k6, Version::k7}) {
    Stand stand(version);

    stand.start().head().says(sleep(1)).says(suspension({1}));

    BOOST_TEST((stand.state == AttemptState::kSuspended));
    BOOST_TEST(!stand.attempt->is_ready());
    const journal::WaitSet waits = stand.attempt->waiting();
    BOOST_TEST(waits.completions == std::vector<journal::CompletionId>{1});
    BOOST_TEST(waits.signals == std::vector<std::uint32_t>{1});
    stand.told(completion(1, Empty{}));  // It comes before the invocation is put away.
    BOOST_TEST(stand.attempt->is_ready());
  }
}

BOOST_AUTO_TEST_CASE(a_suspension_on_what_no_command_has_fails) {
  Stand stand;

  stand.start().head().says(sleep(1)).says(suspension({1, 2}));

  BOOST_TEST(stand.failed_with("RT0012"));
}

BOOST_AUTO_TEST_CASE(a_suspension_on_a_closure_only_goes_on_at_once_but_not_for_ever) {
  Stand first, again, with_sleep;
  again.entries.push_back({"a", journal::Run{1}});

  first.start().head().says(run(1)).says(suspension({1}));
  again.start().head().says(suspension({1}));
  with_sleep.start().head().says(run(1)).says(sleep(2)).says(suspension({1, 2}));

  BOOST_TEST((first.state == AttemptState::kSuspended));
  BOOST_TEST(first.attempt->is_ready());
  BOOST_TEST(again.failed_with("RT0012"));
  BOOST_TEST((with_sleep.state == AttemptState::kSuspended));
  BOOST_TEST(!with_sleep.attempt->is_ready());
}

BOOST_AUTO_TEST_CASE(a_suspension_on_what_start_has_told_is_no_reason_to_go_on_for_ever) {
  Stand stand;
  stand.entries.push_back({"a", journal::Sleep{0, 1}});
  stand.entries.push_back(completion(1, Empty{}));

  stand.start().head().says(suspension({1}));

  // To go on at once would only repeat it, as fast as the machine can.
  BOOST_TEST(stand.failed_with("RT0012"));
}

BOOST_AUTO_TEST_CASE(a_handler_that_cleans_up_after_a_cancel_waits_for_the_next_one) {
  Stand stand;
  stand.entries.push_back(signal(protocol::kCancelSignal));

  stand.start().head().says(sleep(1)).says(suspension({1}));

  // The signal is in the journal, and the handler has had it; signal 1 in its wait is another.
  BOOST_TEST((stand.state == AttemptState::kSuspended));
  BOOST_TEST(!stand.attempt->is_ready());
}

BOOST_AUTO_TEST_CASE(a_cancel_that_crosses_the_suspension_is_not_lost) {
  Stand before, after;

  before.start().head().says(sleep(1)).told(signal(protocol::kCancelSignal)).says(suspension({1}));
  after.start().head().says(sleep(1)).says(suspension({1})).told(signal(protocol::kCancelSignal));

  BOOST_TEST(before.attempt->is_ready());
  BOOST_TEST(after.attempt->is_ready());
}

BOOST_AUTO_TEST_CASE(a_named_signal_may_be_waited_for_again) {
  const Entry named = {{}, journal::Notification{std::string("go"), Empty{}}};
  restate::Suspension on_go;
  on_go.awaiting.combinator = protocol::WaitSet::Combinator::kAny;
  on_go.awaiting.named_signals = {"go"};
  Stand stand;
  stand.entries.push_back(named);

  stand.start().head().says(run(1)).says(propose(1)).says(on_go);

  BOOST_TEST((stand.state == AttemptState::kSuspended));
  BOOST_TEST(!stand.attempt->is_ready());
  stand.told(named);
  BOOST_TEST(stand.attempt->is_ready());
}

BOOST_AUTO_TEST_CASE(a_tree_of_which_a_part_was_told_with_start_is_ready_with_the_rest) {
  restate::Suspension all;
  all.awaiting.combinator = protocol::WaitSet::Combinator::kAll;
  all.awaiting.completions = {1};
  all.awaiting.signals = {17};
  Stand stand(Version::k7);
  stand.entries.push_back(signal(17));

  stand.start().head().says(sleep(1)).says(all);

  BOOST_TEST(!stand.attempt->is_ready());
  stand.told(completion(1, Empty{}));
  BOOST_TEST(stand.attempt->is_ready());
}

// --- What a blocked handler is known to wait for ---

BOOST_AUTO_TEST_CASE(only_a_handler_that_waits_for_others_is_asked_to_suspend) {
  Stand waits, computes, finished;

  waits.start().head().says(sleep(1));
  computes.start().head().says(sleep(1)).says(run(2));
  finished.start().head().says(sleep(1)).says(output());
  BOOST_TEST(waits.attempt->can_be_asked());
  for (Stand* stand : {&waits, &computes, &finished}) stand->attempt->ask_to_suspend();

  // Once: whoever asks as long as that can be done would never end.
  for (Stand* stand : {&waits, &computes, &finished}) BOOST_TEST(!stand->attempt->can_be_asked());
  BOOST_TEST(waits.exchange().half_closed);
  BOOST_TEST(waits.attempt->waiting().completions == std::vector<journal::CompletionId>{1});
  BOOST_TEST(!computes.exchange().half_closed);
  BOOST_TEST(!finished.exchange().half_closed);
}

BOOST_AUTO_TEST_CASE(what_an_earlier_attempt_has_asked_for_counts_as_a_wait_too) {
  Stand waits, computes, done, says_so(Version::k7);
  for (Stand* stand : {&waits, &computes, &done, &says_so}) {
    stand->entries.push_back({"a", journal::Sleep{1'000'000, 1}});
  }
  computes.entries.push_back({"b", journal::Run{2}});
  done.entries.push_back(completion(1, Empty{}));

  for (Stand* stand : {&waits, &computes, &done, &says_so}) {
    stand->start().head();
    // Not at once, though the sleep is long: it may have been left behind.
    BOOST_TEST(stand->attempt->waiting().empty());
    stand->attempt->ask_to_suspend();
  }

  BOOST_TEST(waits.exchange().half_closed);
  BOOST_TEST(!computes.exchange().half_closed);
  BOOST_TEST(!done.exchange().half_closed);
  BOOST_TEST(!says_so.exchange().half_closed);  // Version 7 tells when it waits.
}

BOOST_AUTO_TEST_CASE(advice_counts_until_something_happens) {
  restate::AwaitingOn advice;
  advice.awaiting.combinator = protocol::WaitSet::Combinator::kAny;
  advice.awaiting.signals = {17};
  Stand stand(Version::k7);

  stand.start().head().says(advice);
  BOOST_TEST(stand.attempt->waiting().signals == std::vector<std::uint32_t>{17});
  stand.told(signal(17));
  BOOST_TEST(stand.attempt->waiting().empty());
  stand.attempt->ask_to_suspend();
  BOOST_TEST(!stand.exchange().half_closed);

  advice.executing_side_effects = true;
  stand.says(advice);
  stand.attempt->ask_to_suspend();
  BOOST_TEST(!stand.exchange().half_closed);
}

// --- Silence, and the end ---

BOOST_AUTO_TEST_CASE(silence_is_answered_with_the_end_of_the_request_then_with_the_end) {
  Stand stand;
  stand.start().head();

  stand.deadline();
  BOOST_TEST(stand.exchange().half_closed);
  BOOST_TEST((stand.state == AttemptState::kBlocked));
  stand.deadline();

  BOOST_TEST(stand.failed_with("RT0001"));
  BOOST_TEST(stand.exchange().cancelled);
}

BOOST_AUTO_TEST_CASE(a_deadline_that_was_outrun_changes_nothing) {
  Stand stand;
  stand.route.timeouts = {std::chrono::hours(1), std::chrono::hours(1)};

  stand.start().head().deadline();

  BOOST_TEST(!stand.exchange().half_closed);
  BOOST_TEST((stand.state == AttemptState::kBlocked));
}

BOOST_AUTO_TEST_CASE(an_answer_that_does_not_end_after_the_last_word_is_cut) {
  Stand stand;
  stand.start().head().says(output()).says(restate::End());

  stand.events().on_body("more");
  BOOST_TEST(!stand.exchange().cancelled);
  stand.deadline();

  BOOST_TEST(stand.exchange().cancelled);
  BOOST_TEST((stand.state == AttemptState::kEnded));
  BOOST_TEST(stand.wakes == 0);
}

BOOST_AUTO_TEST_CASE(inv_4_an_attempt_that_is_gone_cuts_its_stream_and_hears_nothing) {
  Stand stand;
  stand.start().head();
  const auto events = stand.pool->events;

  stand.attempt.reset();
  events->on_body(restate::encode(run(1), Version::k6));
  events->on_end();

  BOOST_TEST(stand.exchange().cancelled);
  BOOST_TEST(stand.wakes == 0);
  BOOST_TEST(stand.host.commands.empty());
}

BOOST_AUTO_TEST_CASE(inv_4_what_comes_late_changes_nothing) {
  Stand failed, ended;
  failed.start().head().says(restate::End());
  ended.start().head().says(output()).says(restate::End());

  for (Stand* stand : {&failed, &ended}) {
    const AttemptState before = stand->state;
    const std::size_t commands = stand->host.commands.size();
    stand->events().on_body(restate::encode(run(1), Version::k6));
    stand->events().on_end();
    BOOST_TEST(stand->wakes == 0);
    stand->state = stand->attempt->woken();
    stand->told(completion(1, Empty{}));
    stand->attempt->all_durable();
    BOOST_TEST((stand->state == before));
    BOOST_TEST(stand->host.commands.size() == commands);
  }
}

BOOST_AUTO_TEST_CASE(the_endpoint_is_let_go_on_as_far_as_it_was_read) {
  Stand stand;
  stand.start().head();
  const Bytes bytes = restate::encode(run(1), Version::k6);

  stand.events().on_body(bytes);
  BOOST_TEST(stand.exchange().given_back == 0u);
  stand.wake();

  BOOST_TEST(stand.exchange().given_back == bytes.size());
}

BOOST_AUTO_TEST_CASE(many_events_wake_once) {
  Stand stand;
  stand.start();

  stand.events().on_head(200, {{"content-type", restate::content_type(Version::k6)}});
  stand.events().on_body(restate::encode(run(1), Version::k6));
  stand.events().on_body(restate::encode(propose(1), Version::k6));
  BOOST_TEST(stand.wakes == 1);
  stand.wake();

  BOOST_TEST(stand.host.proposals.size() == 1u);
}

BOOST_AUTO_TEST_CASE(attempt_stream_and_exchange_do_not_hold_each_other) {
  for (const bool ends : {false, true}) {
    Stand stand;
    stand.start().head();
    if (ends) stand.says(output()).says(restate::End()).ends();
    const std::weak_ptr<ExchangeEvents> stream = stand.pool->events;

    stand.pool->events.reset();  // As an exchange does that is over, or cancelled.
    stand.attempt.reset();

    BOOST_TEST(stream.expired());
    BOOST_TEST(stand.pool->exchange.use_count() == 1);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::net
