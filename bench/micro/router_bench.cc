// What a mail through the router costs, until its owner has it: from one sender and from two, to
// one owner and to many; to what is not in memory; and what bringing an owner to life and letting
// it go costs. On real workers, so that hand-overs between threads are part of it.

#include <atomic>
#include <caf/all.hpp>
#include <string>
#include <thread>
#include <vector>

#include "actors/caf_types.h"
#include "actors/router/router.h"
#include "bench/micro/nanos.h"

namespace holdfast::actors {
namespace {

using journal::InvocationId;

constexpr int kMails = 10'000;

InvocationId id_of(std::uint64_t number) {
  InvocationId id;
  id.partition_key = number * 0x9E3779B97F4A7C15u;
  id.uuid[15] = static_cast<std::uint8_t>(number);
  return id;
}

// Counts its mails, and ends when told to leave.
class Owner final : public caf::event_based_actor {
 public:
  Owner(caf::actor_config& config, std::atomic<int>& got)
      : caf::event_based_actor(config), got_(got) {}

  caf::behavior make_behavior() override {
    return {[this](const InvocationMail& mail) {
      if (std::holds_alternative<Leave>(mail.body)) quit();
      got_.fetch_add(1, std::memory_order_release);
    }};
  }

 private:
  std::atomic<int>& got_;
};

class Bench {
 public:
  ~Bench() {
    router_.close();
    router_.drop_all();
  }

  // Mails to so many owners in turn, from so many threads; until all have arrived.
  std::size_t mails(std::uint64_t owners, int senders) {
    got_ = 0;
    std::vector<std::thread> others;
    const int each = kMails / senders;
    const auto send = [this, owners, each] {
      for (int i = 0; i < each; ++i) {
        router_.deliver(id_of(static_cast<std::uint64_t>(i) % owners), InvocationMail{Wake{}});
      }
    };
    for (int i = 1; i < senders; ++i) others.emplace_back(send);
    send();
    for (std::thread& thread : others) thread.join();
    return wait_for(each * senders);
  }

  std::size_t mails_to_nobody() {
    for (int i = 0; i < kMails; ++i) {
      router_.deliver_if_present(id_of(1'000'000), InvocationMail{Wake{}});
    }
    return router_.active();
  }

  // Each owner gets one mail and leaves.
  std::size_t lives() {
    got_ = 0;
    for (int i = 0; i < kMails; ++i) {
      const InvocationId id = id_of(2'000'000 + static_cast<std::uint64_t>(i));
      router_.deliver(id, InvocationMail{Wake{}});
      router_.retire(id);
    }
    return wait_for(2 * kMails);
  }

 private:
  std::size_t wait_for(int count) {
    while (got_.load(std::memory_order_acquire) < count) std::this_thread::yield();
    return static_cast<std::size_t>(count);
  }

  std::atomic<int> got_ = 0;
  caf::actor_system_config config_;
  caf::actor_system system_{config_};
  Router router_{[this](const InvocationId&) { return caf::actor(system_.spawn<Owner>(got_)); },
                 [](const KeyName&) { return caf::actor(); }};
};

void bench_all() {
  Bench bench;
  bench::report(
      "a mail, one owner, one sender", [&] { return bench.mails(1, 1); }, kMails);
  bench::report(
      "a mail, 1000 owners, one sender", [&] { return bench.mails(1000, 1); }, kMails);
  bench::report(
      "a mail, 1000 owners, two senders", [&] { return bench.mails(1000, 2); }, kMails);
  bench::report(
      "a mail to one not in memory", [&] { return bench.mails_to_nobody(); }, kMails);
  bench::report(
      "a life: spawn, a mail, leave", [&] { return bench.lives(); }, kMails);
}

}  // namespace
}  // namespace holdfast::actors

int main() { holdfast::actors::bench_all(); }
