#pragma once
// Registry: which deployments are registered, changed and removed. It decides what may be, writes
// it, and only then shows it in the catalog.
//
// Invariants
//   INV-1  The catalog and the answer say nothing that is not durable.
//   One change at a time: each is decided on the catalog that the one before has left.
//
// Rules
//   A deployment is one address (uri). Registering what is registered already changes nothing,
//   unless forced.
//   A name that code in this process serves, no deployment may serve: kConflict.
//   What a deployment declares differently from before is kConflict unless forced. Forced, it is
//   overwritten in place whatever it declares, keeps its id, and its services become the newest
//   revisions.
//   A new revision of a service that lacks a handler of the newest one, or is of another kind, is
//   kConflict unless forced or said to be breaking: callers of the old one would fail.
//
// The message of an error begins with its code in brackets ([META0004]) where there is one.
//
// Threads: any. Callbacks run on the committer's thread, or in the call itself; they must not
// block. The committer must have stopped before the registry goes away.

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/catalog/catalog.h"
#include "journal/deployment.h"
#include "storage/base/clock.h"
#include "storage/base/random.h"
#include "storage/batch.h"
#include "storage/committer.h"

namespace holdfast::actors {

// How a registration may treat what is there.
struct RegistrationOptions {
  bool force = false;     // Overwrite a deployment at the same address, and break callers.
  bool breaking = false;  // Break callers.
  bool dry_run = false;   // Say what would be, write nothing.
};

enum class RegistrationResult { kCreated, kUnchanged, kOverwritten };

struct Registration {
  RegistrationResult result = RegistrationResult::kUnchanged;
  journal::Deployment deployment;  // As it is now, or with dry_run would be.
};

class Registry {
 public:
  // Changes that may wait; above: kUnavailable.
  static constexpr std::size_t kWaitingMax = 64;

  // `unreadable`: deployments whose rows could not be understood; they can only be removed.
  Registry(Catalog& catalog, storage::Committer& committer, const Clock& clock, Random& random,
           std::vector<journal::DeploymentId> unreadable = {});
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // `found` is what discovery learned; its id, creation time and revisions are given here. Without
  // metadata, that of before is kept. kConflict.
  void add(journal::Deployment found, RegistrationOptions options,
           std::function<void(Result<Registration>)> on_done);

  // Moves a deployment to another address, or takes in what it declares now; its id, metadata,
  // creation time and revisions stay. `found` has the id. Unless `overwrite`, it must declare the
  // same services and handlers as before. kNotFound, kConflict.
  void update(journal::Deployment found, bool overwrite, bool dry_run,
              std::function<void(Result<Registration>)> on_done);

  // The services it was the newest revision of go back to the revision before, or away. kNotFound.
  void remove(const journal::DeploymentId& id, std::function<void(Result<void>)> on_done);

  std::vector<journal::DeploymentId> unreadable() const;

 private:
  enum class Step { kDone, kCommitting };
  // Decides on the catalog as it is. When it returns kCommitting, its receipt calls run().
  struct Change {
    std::function<Step()> begin;
    std::function<void(Error)> refuse;
  };

  void enqueue(Change change);
  // Begins changes, as long as none of them waits for its receipt.
  void run();

  Result<Registration> decide_add(journal::Deployment found,
                                  const RegistrationOptions& options) const;
  Result<Registration> decide_update(journal::Deployment found, bool overwrite) const;
  Step store(Registration registration, bool dry_run,
             const std::function<void(Result<Registration>)>& on_done);
  Step erase(const journal::DeploymentId& id, const std::function<void(Result<void>)>& on_done);
  bool is_unreadable(const journal::DeploymentId& id) const;

  Catalog& catalog_;
  storage::Committer& committer_;
  const Clock& clock_;
  Random& random_;

  mutable std::mutex mutex_;
  // By mutex_.
  std::deque<Change> waiting_;
  bool busy_ = false;
  std::vector<journal::DeploymentId> unreadable_;
};

}  // namespace holdfast::actors
