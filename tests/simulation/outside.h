#pragma once
// Outside: the world around a simulated engine, which no crash touches: what closures did, what
// clients were told, and the promises that both must agree with. Everything that happens is
// numbered, so that "before" has a meaning, and goes into a trace that two runs of one seed must
// share.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/support/manual_clock.h"

namespace holdfast::simulation {

// One thread. Ids are the texts of invocation ids.
class Outside {
 public:
  Outside(const testing::ManualClock& clock, std::uint64_t seed) : clock_(clock), seed_(seed) {}

  // --- What closures do.

  // Around what a handler does elsewhere: whether the engine listens to its attempt. If it has let
  // go of that, what the attempt had begun may still be done, for nobody can hold it back; it
  // counts for nothing, and must not count for the engine. `place`: which deployment it is.
  class Acting {
   public:
    Acting(Outside& outside, bool heard, const std::string& place) : outside_(outside) {
      outside_.heard_ = heard;
      outside_.place_ = place;
    }
    ~Acting() {
      outside_.heard_ = true;
      outside_.place_.clear();
    }
    Acting(const Acting&) = delete;
    Acting& operator=(const Acting&) = delete;

   private:
    Outside& outside_;
  };

  // Operation `number` of an invocation is executed; those of one invocation are awaited one after
  // the other. `key`: of the object whose key it holds; empty for none. Throws std::runtime_error
  // when this try shall fail.
  void execute(const std::string& id, int number, const std::string& key = {});
  // The handler of `id` begins to run, having the key: nobody who had it later has acted yet.
  void enter(const std::string& id, const std::string& key);
  // It has been executed that far.
  int reached(const std::string& id) const;

  // --- What clients see.

  // The latest that the clock has shown.
  std::int64_t latest_unix_ms() const { return latest_unix_ms_; }
  // The number of this moment.
  std::uint64_t now() const { return events_; }
  void accepted(const std::string& id, const std::string& identity);
  void answered(const std::string& id, const std::string& outcome);
  // From here on it must not act any more.
  void killed(const std::string& id);
  // An operator asks that it goes on at another deployment: for each time, from some step on, it
  // may; until he is refused.
  void may_move(const std::string& id) { ++moves_[id]; }
  void may_not_move(const std::string& id) { --moves_[id]; }
  // A wait until `due_unix_ms` is over.
  void woke(const std::string& what, std::int64_t due_unix_ms);

  // --- Judgement.

  void expect(bool holds, const std::string& promise);
  // Two adds to one key, the first acknowledged before the second was asked for.
  void expect_order(const std::string& key, const std::string& first, const std::string& second);
  // How many have held the key.
  int holders(const std::string& key) const;
  const std::vector<std::string>& broken() const { return broken_; }

  // --- The trace.

  void note(const std::string& event);
  std::uint64_t trace() const { return trace_; }
  // Prints each event as it comes.
  void be_verbose() { verbose_ = true; }

  // How much was looked at.
  std::map<std::string, std::uint64_t> counts;

 private:
  const testing::ManualClock& clock_;
  const std::uint64_t seed_;
  std::uint64_t events_ = 1;
  std::uint64_t trace_ = 0xcbf29ce484222325;
  bool verbose_ = false;
  bool heard_ = true;                // Who acts now, and where. See Acting.
  std::string place_;                // Empty: in the engine's process.
  std::int64_t latest_unix_ms_ = 0;  // The clock has shown this once.

  std::map<std::string, int> reached_;
  std::map<std::string, std::string> places_;  // Where that was.
  std::map<std::string, int> tries_;
  std::map<std::string, std::vector<std::string>> holders_;  // Of a key, in the order they came.
  std::map<std::string, std::string> outcomes_, identities_;
  std::set<std::string> killed_;
  std::map<std::string, int> moves_;  // That may come yet.
  std::vector<std::string> broken_;
};

}  // namespace holdfast::simulation
