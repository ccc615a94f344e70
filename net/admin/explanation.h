#pragma once
// Explanation: why an invocation does not go on, as it is stored: what it waits for, what that in
// turn waits for, to the end of the chain, and who could do something about it, with the command
// that does it. Reads the store; else pure.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/catalog/catalog.h"
#include "journal/invocation.h"
#include "journal/journal_index.h"
#include "journal/tables/tables.h"
#include "storage/base/result.h"

namespace holdfast::net {

// What would move it, and the command for a shell that does.
struct Remedy {
  std::string does, run;
};

// One thing it waits for.
struct Wait {
  // start, sleep, retry, key, call, attach, promise, awakeable, signal, step, attempt, news,
  // operator, deployment, repair, nothing.
  const char* kind = "nothing";
  std::string text;
  std::int64_t until = 0;                   // Comes by itself at this time; 0: it does not.
  std::optional<journal::InvocationId> on;  // The invocation whose turn it is.
  std::vector<Remedy> remedies = {};
};

// Where one invocation stands.
struct Standing {
  journal::InvocationId id;
  std::string target;
  const char* status = "";
  std::int64_t since = 0;
  std::string summary;  // One line.
  std::vector<Wait> waits = {};
};

struct Explanation {
  // The invocation; then what it waits for, and so on. Of several waits that go on elsewhere the
  // first is followed.
  std::vector<Standing> chain;
  // The last one waits for this one, which is in the chain: none of them ever goes on.
  std::optional<journal::InvocationId> circle;
  bool is_cut = false;  // It is longer than kChainMax.
};

class Explainer {
 public:
  static constexpr std::size_t kChainMax = 100;
  static constexpr std::size_t kWaitsMax = 20;  // Shown of one invocation; more are counted.

  // Addresses for commands: http://127.0.0.1:9070.
  struct Addresses {
    std::string ingress, admin;
  };
  Explainer(const journal::Tables& tables, const actors::Catalog& catalog, Addresses addresses)
      : tables_(tables), catalog_(catalog), addresses_(std::move(addresses)) {}

  // kNotFound. An invocation that cannot be read has an explanation, too.
  Result<Explanation> explain(const journal::InvocationId& id) const;
  Standing standing(const journal::Invocation& row) const;
  // When it came to stand where it does.
  static std::int64_t since(const journal::Invocation& row);
  // Whether nothing but time is waited for: a sleep, or a time to start.
  static bool is_asleep(const Standing& standing);

 private:
  using Journal = std::vector<journal::StampedEntry>;

  Result<std::optional<Standing>> read(const journal::InvocationId& id) const;
  void add_scheduled(const journal::Invocation& row, Standing& to) const;
  void add_queued(const journal::Invocation& row, Standing& to) const;
  void add_backing_off(const journal::Invocation& row, bool is_served, Standing& to) const;
  void add_paused(const journal::Invocation& row, Standing& to) const;
  void add_running(const journal::Invocation& row, const Journal& journal, Standing& to) const;
  void add_suspended(const journal::Invocation& row, const Journal& journal, Standing& to) const;
  void add_deployment(const journal::Invocation& row, const std::string& unserved,
                      Standing& to) const;
  // A pin that leads nowhere, or a handler that nobody serves; empty: it is served.
  std::string why_unserved(const journal::Invocation& row) const;
  void add_signals(const journal::Invocation& row, const journal::WaitSet& leaves,
                   Standing& to) const;
  Wait wait_of(const journal::Invocation& row, const journal::Entry& command,
               const journal::JournalIndex& index) const;
  Wait promise_wait(const journal::Invocation& row, const journal::Promise& promise) const;
  Wait outcome_wait(const char* kind, const std::string& of,
                    std::optional<journal::InvocationId> on) const;
  Remedy act(const journal::InvocationId& id, const char* verb, const char* does) const;
  // Null: handlers in this process, nobody, or whom is not known.
  std::shared_ptr<const actors::DeploymentInfo> asked_by(const journal::Invocation& row) const;
  std::string where(const journal::Invocation& row) const;

  const journal::Tables& tables_;
  const actors::Catalog& catalog_;
  const Addresses addresses_;
};

}  // namespace holdfast::net
