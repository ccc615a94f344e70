#pragma once
// Clients: who asks a simulated engine for things, remembers what was promised, and asks again when
// an answer is lost with its process. Requests that name themselves (idempotency or workflow key)
// are repeated until they are answered; the others are asked once, and may be lost.

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "storage/base/random.h"
#include "tests/simulation/outside.h"
#include "tests/support/engine_fixture.h"

namespace holdfast::simulation {

class Clients {
 public:
  // `crowds`: many wait for one promise, or one outcome, at once.
  Clients(testing::EngineFixture& world, Outside& outside, Random& chance, bool crowds)
      : world_(world), outside_(outside), chance_(chance), crowds_(crowds) {}

  // One more request, of any kind.
  void ask_something();
  // The second client of a request that names itself, a reader of a result, an operator's act.
  void meddle();
  // An operator has an invocation go on at the newest deployment; maybe he pauses it first.
  void move_something();
  // The process that owed the answers has gone: what may be asked again is.
  void ask_again();
  // Answers an awakeable that is open as far as known.
  void complete_awakeable(const std::string& id);
  // Resumes what an operator has paused; answers every awakeable and every order.
  void settle_affairs();

  // Everything that was accepted, or named itself, has its result and keeps its promise.
  bool all_answered() const;
  void judge();

 private:
  // One request and what came of it. Shared with callbacks, which the process may take with it.
  struct Op {
    std::string what;
    actors::InvokeRequest request;
    bool waits = false;    // A call: the answer is the result.
    std::string identity;  // Empty: asked once.
    std::string ordered;   // The key whose order it shares; empty for none.
    std::string watched;   // What the request is called to whose outcome it is attached.
    std::uint64_t asked_at = 0;
    std::uint64_t accepted_at = 0;  // 0: not yet.
    bool pending = false;           // A process owes the answer.
    std::string id;                 // Of the invocation, once known.
    std::string outcome;            // "": not known.
    bool may_fail = false;          // Somebody may cancel or kill it.
    bool gone = false;              // Its result was not kept, or the request is lost.
  };

  int draw(int below) {
    return static_cast<int>(chance_.next() % static_cast<std::uint64_t>(below));
  }
  void add(Op op);
  void send(const std::shared_ptr<Op>& op);
  void read(const std::shared_ptr<Op>& op);
  void take(Op& op, const journal::InvocationId& id, const Result<actors::Finished>& finished);
  void refused(const Op& op, const Error& error);
  void act(Op& op);
  void resume_on_latest(const journal::InvocationId& id);
  void gather();
  const Op* find(const std::string& what) const;

  testing::EngineFixture& world_;
  Outside& outside_;
  Random& chance_;
  const bool crowds_;
  std::vector<std::shared_ptr<Op>> ops_;
  std::vector<std::string> orders_;      // Workflow keys without an approval of ours.
  std::vector<std::string> awakeables_;  // Handed out.
  int numbers_ = 0;
};

}  // namespace holdfast::simulation
