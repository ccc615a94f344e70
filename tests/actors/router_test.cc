// Router on a real actor system: owners write down what they get.

#include "actors/router/router.h"

#include <boost/test/unit_test.hpp>
#include <caf/all.hpp>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "actors/caf_types.h"

namespace holdfast::actors {
namespace {

using journal::InvocationId;

InvocationId id_of(std::uint64_t number) {
  InvocationId id;
  id.partition_key = number * 0x9E3779B97F4A7C15u;
  id.uuid[15] = static_cast<std::uint8_t>(number);
  return id;
}

InvocationMail mail_of(std::uint64_t number) { return InvocationMail{Ask{number}}; }

// What owners got, in order: for each owner ever spawned "number of Ask", "leave".
class Notes {
 public:
  // Announces an owner; returns its place.
  std::size_t begin() {
    const std::lock_guard lock(mutex_);
    notes_.emplace_back();
    return notes_.size() - 1;
  }
  void add(std::size_t owner, std::string note) {
    const std::lock_guard lock(mutex_);
    notes_[owner].push_back(std::move(note));
    changed_.notify_all();
  }
  std::size_t owners() {
    const std::lock_guard lock(mutex_);
    return notes_.size();
  }
  // Waits until owners got `count` mails together.
  bool wait(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return total() >= count; });
  }
  std::vector<std::string> of(std::size_t owner) {
    const std::lock_guard lock(mutex_);
    return notes_.at(owner);
  }

 private:
  std::size_t total() const {
    std::size_t sum = 0;
    for (const auto& notes : notes_) sum += notes.size();
    return sum;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::vector<std::string>> notes_;  // By mutex_.
};

std::string note_of(const InvocationMail& mail) {
  const auto* ask = std::get_if<Ask>(&mail.body);
  return ask == nullptr ? "leave" : std::to_string(ask->waiter);
}
std::string note_of(const KeyMail& mail) {
  return std::holds_alternative<Leave>(mail.body) ? "leave" : "look again";
}

// Writes down what it gets, and ends when told to leave.
template <class Mail>
class Owner final : public caf::event_based_actor {
 public:
  Owner(caf::actor_config& config, Notes& notes, std::size_t place)
      : caf::event_based_actor(config), notes_(notes), place_(place) {}

  caf::behavior make_behavior() override {
    return {[this](const Mail& mail) {
      const std::string note = note_of(mail);
      if (note == "leave") quit();
      notes_.add(place_, note);
    }};
  }

 private:
  Notes& notes_;
  const std::size_t place_;
};

struct Fixture {
  Notes notes;
  caf::actor_system_config config;
  caf::actor_system system{config};
  Router router{[this](const InvocationId&) { return spawn<InvocationMail>(); },
                [this](const KeyName&) { return spawn<KeyMail>(); }};

  ~Fixture() {
    router.close();
    router.drop_all();
  }

  template <class Mail>
  caf::actor spawn() {
    const std::size_t place = notes.begin();
    return system.spawn<Owner<Mail>>(notes, place);
  }
};

BOOST_FIXTURE_TEST_SUITE(router_of_mail, Fixture)

BOOST_AUTO_TEST_CASE(the_first_mail_brings_an_owner_to_life_and_later_ones_find_it) {
  router.deliver(id_of(1), mail_of(10));
  router.deliver(id_of(1), mail_of(11));
  router.deliver_if_present(id_of(1), mail_of(12));

  BOOST_REQUIRE(notes.wait(3));
  BOOST_TEST(notes.owners() == 1u);
  BOOST_TEST(router.active() == 1u);
  BOOST_TEST(notes.of(0) == (std::vector<std::string>{"10", "11", "12"}),
             boost::test_tools::per_element());
}

// It may have retired before deliver() returns: not counted yet, it would make the count wrap.
BOOST_AUTO_TEST_CASE(who_comes_to_life_is_counted_before_it_has_mail) {
  std::vector<std::size_t> seen;
  Router own{[&](const InvocationId&) {
               seen.push_back(own.active());
               return spawn<InvocationMail>();
             },
             [this](const KeyName&) { return spawn<KeyMail>(); }};

  own.deliver(id_of(1), mail_of(1));
  own.deliver(id_of(2), mail_of(2));
  own.close();
  own.deliver(id_of(3), mail_of(3));

  BOOST_TEST(seen == (std::vector<std::size_t>{1, 2}), boost::test_tools::per_element());
  BOOST_TEST(own.active() == 2u);
  own.drop_all();
}

BOOST_AUTO_TEST_CASE(each_invocation_has_an_owner_of_its_own) {
  for (std::uint64_t number = 0; number < 100; ++number) {
    router.deliver(id_of(number), mail_of(number));
  }

  BOOST_REQUIRE(notes.wait(100));
  BOOST_TEST(notes.owners() == 100u);
  BOOST_TEST(router.active() == 100u);
}

BOOST_AUTO_TEST_CASE(mail_if_present_brings_nothing_to_life) {
  router.deliver_if_present(id_of(1), mail_of(10));
  router.deliver_if_present(KeyName{"Counter", "ann"}, KeyMail{LookAgain{}});

  BOOST_TEST(notes.owners() == 0u);
  BOOST_TEST(router.active() == 0u);
}

BOOST_AUTO_TEST_CASE(
    inv_4_after_retiring_leave_is_the_last_mail_and_later_mail_goes_to_a_successor) {
  router.deliver(id_of(1), mail_of(10));
  router.deliver(id_of(1), mail_of(11));

  router.retire(id_of(1));
  BOOST_TEST(router.active() == 0u);
  router.deliver(id_of(1), mail_of(12));

  BOOST_REQUIRE(notes.wait(4));
  BOOST_TEST(notes.owners() == 2u);
  BOOST_TEST(router.active() == 1u);
  BOOST_TEST(notes.of(0) == (std::vector<std::string>{"10", "11", "leave"}),
             boost::test_tools::per_element());
  BOOST_TEST(notes.of(1) == (std::vector<std::string>{"12"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(retiring_twice_or_one_that_is_not_there_does_nothing) {
  router.retire(id_of(1));
  router.deliver(id_of(1), mail_of(10));
  router.retire(id_of(1));
  router.retire(id_of(1));

  BOOST_REQUIRE(notes.wait(2));
  BOOST_TEST(notes.of(0) == (std::vector<std::string>{"10", "leave"}),
             boost::test_tools::per_element());
  BOOST_TEST(router.active() == 0u);
}

BOOST_AUTO_TEST_CASE(keys_are_told_apart_by_service_and_key) {
  const std::vector<KeyName> names = {{"A", "b"}, {"A", "c"}, {"B", "b"}, {"Ab", ""}, {"", "Ab"}};
  for (const KeyName& name : names) {
    router.deliver(name, KeyMail{LookAgain{}});
    router.deliver(name, KeyMail{LookAgain{}});
  }

  BOOST_REQUIRE(notes.wait(10));
  BOOST_TEST(notes.owners() == 5u);
  for (std::size_t owner = 0; owner < names.size(); ++owner) {
    BOOST_TEST(notes.of(owner).size() == 2u);
  }
  BOOST_TEST(router.active() == 0u, "keys are not counted as invocations");
}

BOOST_AUTO_TEST_CASE(inv_5_a_retired_key_has_a_successor_which_gets_what_comes_later) {
  const KeyName name{"Counter", "ann"};
  router.deliver(name, KeyMail{LookAgain{}});
  router.retire(name);
  router.deliver(name, KeyMail{LookAgain{}});

  BOOST_REQUIRE(notes.wait(3));
  BOOST_TEST(notes.of(0).back() == "leave");
  BOOST_TEST(notes.of(1).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_closed_router_still_delivers_to_those_alive_and_brings_nobody_to_life) {
  router.deliver(id_of(1), mail_of(10));

  router.close();
  router.deliver(id_of(1), mail_of(11));
  router.deliver(id_of(2), mail_of(20));
  router.deliver(KeyName{"Counter", "ann"}, KeyMail{LookAgain{}});

  BOOST_REQUIRE(notes.wait(2));
  BOOST_TEST(notes.owners() == 1u);
  BOOST_TEST(notes.of(0) == (std::vector<std::string>{"10", "11"}),
             boost::test_tools::per_element());
}

// Deliveries and retirements race: no mail is lost, none comes after Leave, and the mails of one
// sender stay in order across successors.
BOOST_AUTO_TEST_CASE(under_contention_no_mail_is_lost_and_none_comes_after_leave) {
  constexpr std::uint64_t kMails = 5000;
  std::thread first([&] {
    for (std::uint64_t i = 0; i < kMails; ++i) router.deliver(id_of(1), mail_of(2 * i));
  });
  std::thread second([&] {
    for (std::uint64_t i = 0; i < kMails; ++i) router.deliver(id_of(1), mail_of(2 * i + 1));
  });
  std::thread retirer([&] {
    for (int i = 0; i < 200; ++i) {
      router.retire(id_of(1));
      std::this_thread::yield();
    }
  });
  first.join();
  second.join();
  retirer.join();
  router.retire(id_of(1));

  const std::size_t owners = notes.owners();
  BOOST_REQUIRE(notes.wait(2 * kMails + owners));

  std::map<std::uint64_t, std::uint64_t> expected = {{0, 0}, {1, 1}};
  bool in_order = true;
  for (std::size_t owner = 0; owner < owners; ++owner) {
    const std::vector<std::string> got = notes.of(owner);
    BOOST_REQUIRE(!got.empty());
    for (std::size_t i = 0; i + 1 < got.size(); ++i) {
      BOOST_REQUIRE(got[i] != "leave");
      const std::uint64_t number = std::stoull(got[i]);
      in_order = in_order && number == expected[number % 2];
      expected[number % 2] = number + 2;
    }
    BOOST_TEST(got.back() == "leave");
  }
  BOOST_TEST(in_order);
  BOOST_TEST(expected[0] == 2 * kMails);
  BOOST_TEST(router.active() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::actors
