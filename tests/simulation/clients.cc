#include "tests/simulation/clients.h"

#include <algorithm>
#include <utility>

#include "storage/base/check.h"
#include "tests/simulation/services.h"

namespace holdfast::simulation {

namespace {

using Act = actors::Engine::Act;

template <class T>
Bytes json(const T& value) {
  return Serde<T>::encode(value);
}

std::string text_of(const journal::Outcome& outcome) {
  if (const auto* value = std::get_if<Bytes>(&outcome)) return *value;
  const auto& failure = std::get<journal::Failure>(outcome);
  return "FAILED " + std::to_string(failure.code) + " " + failure.message;
}

}  // namespace

void Clients::ask_something() {
  const std::string name = std::to_string(++numbers_);
  Op op;
  op.waits = draw(2) == 0;
  const bool keyed = draw(3) > 0;
  switch (draw(9)) {
    case 0: {
      const int from = draw(5);
      const Transfer transfer{std::to_string(from), std::to_string((from + 1 + draw(4)) % 5),
                              1 + draw(400)};
      op.request = testing::request("Bank", "transfer", json(transfer));
      break;
    }
    case 1:
    case 2:
      op.request = testing::request("Counter", std::to_string(draw(3)), "add", "");
      op.ordered = "Counter/" + *op.request.key;
      break;
    case 3:
      op.request = testing::request("Chain", "go", json(draw(4)));
      break;
    case 4:
      op.request = testing::request("Fan", "out", json(draw(5)));
      break;
    case 5:
      op.request = testing::request("Order", name, "run", "");
      orders_.push_back(name);
      break;
    case 6:
      op.request = testing::request("Nap", "nap", json(draw(4) == 0 ? draw(90'000) : draw(400)));
      break;
    case 7: {
      const std::int64_t due = to_unix_millis(world_.clock().now()) + draw(5'000);
      op.request = testing::request("Later", "run", json(due));
      op.request.not_before_unix_ms = due;
      op.waits = false;
      break;
    }
    default:
      op.request = draw(2) == 0 ? testing::request("Human", "ask", "")
                                : testing::request("Victim", "run", json(1 + draw(4)));
      op.may_fail = op.request.service == "Victim";
  }
  op.what = op.request.service + " " + name;
  if (op.request.service == "Order") {
    op.identity = op.what;
    op.waits = false;
  } else if (keyed) {
    op.request.idempotency_key = name;
    op.identity = op.what;
  }
  add(std::move(op));
}

void Clients::add(Op op) {
  ops_.push_back(std::make_shared<Op>(std::move(op)));
  send(ops_.back());
}

void Clients::send(const std::shared_ptr<Op>& op) {
  if (!world_.running()) return;
  if (op->asked_at == 0) op->asked_at = outside_.now();
  op->pending = true;
  outside_.note("ask " + op->what);
  if (op->waits) {
    world_.engine().call(op->request, [this, op](Result<actors::Finished> finished) {
      op->pending = false;
      if (!finished) return refused(*op, finished.error());
      if (op->accepted_at == 0) op->accepted_at = outside_.now();
      outside_.accepted(finished->id.text(), op->identity);
      take(*op, finished->id, finished);
    });
    return;
  }
  world_.engine().send(op->request, [this, op](Result<actors::Accepted> accepted) {
    op->pending = false;
    if (!accepted) return refused(*op, accepted.error());
    outside_.accepted(accepted->id.text(), op->identity);
    op->id = accepted->id.text();
    if (op->accepted_at == 0) op->accepted_at = outside_.now();
    read(op);
  });
}

// Too much in flight is no broken promise: it is asked again.
void Clients::refused(const Op& op, const Error& error) {
  outside_.note("refused " + op.what + ": " + error.message());
  outside_.expect(error.code() == ErrorCode::kUnavailable,
                  op.what + " was refused: " + error.message());
}

void Clients::read(const std::shared_ptr<Op>& op) {
  if (!world_.running() || op->pending || op->id.empty()) return;
  const auto id = journal::InvocationId::from_text(op->id);
  op->pending = true;
  world_.engine().attach(*id, [this, op, id = *id](Result<actors::Finished> finished) {
    op->pending = false;
    take(*op, id, finished);
  });
}

void Clients::take(Op& op, const journal::InvocationId& id,
                   const Result<actors::Finished>& finished) {
  op.id = id.text();
  if (!finished) {
    // What does not name itself is forgotten as soon as it is done.
    const bool may_be_gone = finished.error().code() == ErrorCode::kNotFound && op.identity.empty();
    outside_.expect(may_be_gone, op.what + " cannot be read: " + finished.error().message());
    op.gone = true;
    return;
  }
  op.outcome = text_of(finished->outcome);
  outside_.answered(op.id, op.outcome);
  outside_.expect(op.may_fail || op.outcome.rfind("FAILED", 0) != 0,
                  op.what + " came to " + op.outcome);
}

void Clients::ask_again() {
  for (const auto& op : ops_) {
    const bool owed = std::exchange(op->pending, false);
    if (!op->outcome.empty() || op->gone) continue;
    if (!op->id.empty()) {
      read(op);
    } else if (!op->identity.empty()) {
      send(op);
    } else if (owed) {
      op->gone = true;  // It may have been taken, or not.
    }
  }
}

void Clients::meddle() {
  if (ops_.empty() || !world_.running()) return;
  if (crowds_ && draw(2) == 0) return gather();
  const auto& op = ops_[static_cast<std::size_t>(draw(static_cast<int>(ops_.size())))];
  switch (draw(4)) {
    case 0:  // A second client, who says the same.
      if (!op->identity.empty() && op->request.service != "Order") {
        Op twin;
        twin.what = op->what;
        twin.request = op->request;
        twin.waits = draw(2) == 0;
        twin.identity = op->identity;
        twin.may_fail = op->may_fail;
        add(std::move(twin));
      }
      return;
    case 1:
      if (!orders_.empty()) {
        const std::string order =
            orders_[static_cast<std::size_t>(draw(static_cast<int>(orders_.size())))];
        Op approval;
        approval.what = "Order " + order + " approve " + std::to_string(++numbers_);
        approval.request = testing::request("Order", order, "approve", json(numbers_));
        if (draw(2) == 0) {
          approval.request.handler = "wait";
          approval.request.body = "";
        }
        approval.request.idempotency_key = approval.identity = approval.what;
        approval.waits = draw(2) == 0;
        add(std::move(approval));
      }
      return;
    case 2:
      if (!awakeables_.empty()) {
        complete_awakeable(
            awakeables_[static_cast<std::size_t>(draw(static_cast<int>(awakeables_.size())))]);
      }
      return;
    default:
      act(*op);
  }
}

// More wait for an order, or for its promise, than have room in a record.
void Clients::gather() {
  if (orders_.empty()) return;
  const std::string order =
      orders_[static_cast<std::size_t>(draw(static_cast<int>(orders_.size())))];
  const Op* run = find("Order " + order);
  const bool watches = draw(2) == 0 && !run->id.empty();
  for (int i = 2 + draw(5); i > 0; --i) {
    Op one;
    one.what = (watches ? "Watch " : "Order ") + order + " " + std::to_string(++numbers_);
    one.request = watches ? testing::request("Watch", "it", json(run->id))
                          : testing::request("Order", order, "wait", "");
    if (watches) one.watched = run->what;
    one.request.idempotency_key = one.identity = one.what;
    one.waits = draw(2) == 0;
    add(std::move(one));
  }
  outside_.counts["crowds"] += 1;
}

const Clients::Op* Clients::find(const std::string& what) const {
  const auto found =
      std::find_if(ops_.begin(), ops_.end(), [&](const auto& op) { return op->what == what; });
  CHECK(found != ops_.end(), "it was asked for");
  return found->get();
}

void Clients::act(Op& op) {
  const auto id = journal::InvocationId::from_text(op.id);
  if (!id) return;
  constexpr Act kOfAll[] = {Act::kPause, Act::kResume};
  constexpr Act kOfVictims[] = {Act::kCancel, Act::kKill, Act::kPause, Act::kResume};
  const Act act = op.may_fail ? kOfVictims[draw(4)] : kOfAll[draw(2)];
  outside_.note("act " + std::to_string(static_cast<int>(act)) + " on " + op.id);
  world_.engine().act(*id, act, [this, act, name = op.id](Result<actors::ActResult> done) {
    if (done && act == Act::kKill) outside_.killed(name);
  });
}

void Clients::move_something() {
  if (!world_.running()) return;
  std::vector<journal::InvocationId> open;
  for (const auto& op : ops_) {
    const auto id = journal::InvocationId::from_text(op->id);
    if (id && op->outcome.empty() && !op->gone) open.push_back(*id);
  }
  if (open.empty()) return;
  const journal::InvocationId id =
      open[static_cast<std::size_t>(draw(static_cast<int>(open.size())))];
  outside_.note("to be moved: " + id.text());
  // One that is on its way must be held first; one that waits need not be.
  if (draw(2) == 0) return resume_on_latest(id);
  world_.engine().act(id, Act::kPause, [this, id](const auto&) {
    if (world_.running()) resume_on_latest(id);
  });
}

// If the answer is lost, only its steps will tell.
void Clients::resume_on_latest(const journal::InvocationId& id) {
  outside_.may_move(id.text());
  world_.engine().resume_on(id, "latest", [this, id](Result<actors::ActResult> done) {
    outside_.note((done ? "resumed on the latest: " : "not resumed: ") + id.text());
    ++outside_.counts[done ? "resumed on the newest deployment" : "not resumed there"];
    if (!done) outside_.may_not_move(id.text());
  });
}

void Clients::complete_awakeable(const std::string& text) {
  if (std::find(awakeables_.begin(), awakeables_.end(), text) == awakeables_.end()) {
    awakeables_.push_back(text);
    if (draw(2) == 0) return;  // Somebody takes his time.
  }
  const auto id = journal::AwakeableId::from_text(text);
  if (!id || !world_.running()) return;
  world_.engine().signal(id->invocation, {id->index, json(++numbers_)}, [](const auto&) {});
}

void Clients::settle_affairs() {
  if (!world_.running()) return;
  for (const auto& op : ops_) {
    const auto id = journal::InvocationId::from_text(op->id);
    if (id && op->outcome.empty() && !op->gone) {
      world_.engine().act(*id, Act::kResume, [](const auto&) {});
    }
  }
  for (const std::string& awakeable : awakeables_) complete_awakeable(awakeable);
  for (const std::string& order : std::exchange(orders_, {})) {
    Op approval;
    approval.what = "Order " + order + " approve at last";
    approval.request = testing::request("Order", order, "approve", json(++numbers_));
    approval.request.idempotency_key = approval.identity = approval.what;
    add(std::move(approval));
  }
}

bool Clients::all_answered() const {
  return std::all_of(ops_.begin(), ops_.end(),
                     [](const auto& op) { return !op->outcome.empty() || op->gone; });
}

void Clients::judge() {
  std::map<std::string, std::vector<const Op*>> by_key;
  for (const auto& op : ops_) {
    outside_.expect(!op->outcome.empty() || op->gone, "I14: " + op->what + " has no result");
    if (op->id.empty()) continue;
    outside_.expect(op->may_fail || outside_.reached(op->id) == kLast,
                    "I1: " + op->what + " was accepted as " + op->id + " and got only to step " +
                        std::to_string(outside_.reached(op->id)));
    if (!op->watched.empty()) {
      outside_.expect(op->outcome == find(op->watched)->outcome,
                      op->what + " saw " + op->outcome + ", not the outcome of " + op->watched);
    }
    if (!op->ordered.empty()) by_key[op->ordered].push_back(op.get());
  }
  for (const auto& [key, ops] : by_key) {
    for (const Op* first : ops) {
      for (const Op* second : ops) {
        // A call is acknowledged with its result only, so this says something of both kinds.
        if (first->accepted_at != 0 && first->accepted_at < second->asked_at) {
          outside_.expect_order(key, first->id, second->id);
        }
      }
    }
  }
}

}  // namespace holdfast::simulation
