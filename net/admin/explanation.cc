#include "net/admin/explanation.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "net/http/uri.h"
#include "net/protocol/message.h"
#include "storage/base/time_text.h"

namespace holdfast::net {
namespace {

using journal::CompletionId;
using journal::Entry;
using journal::Invocation;
using journal::InvocationId;
using journal::JournalIndex;
using journal::Status;
using journal::WaitSet;

constexpr std::size_t kPlacesCounted = 1000;

// A read of state is answered at once, and needs no words.
bool is_waited_for(const Entry& command) {
  return !std::holds_alternative<journal::ReadState>(command.body) &&
         !std::holds_alternative<journal::ListState>(command.body);
}

std::string failure_text(const Invocation& row) {
  if (!row.last_failure) return "its attempt failed";
  std::string text = fmt::format("attempt {} failed with {} {}", row.retry_count,
                                 row.last_failure->code, row.last_failure->message);
  if (!row.last_failure->related_command_name.empty()) {
    text += fmt::format(" (at '{}')", row.last_failure->related_command_name);
  }
  return text;
}

// As one word of a shell.
std::string shell_word(std::string_view text) {
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

const char* how_many(const WaitSet& waits) {
  const bool is_choice_of_one_or_cancel = waits.nested.size() == 1 && waits.completions.empty() &&
                                          waits.named_signals.empty() &&
                                          waits.signals == std::vector{journal::kCancelSignal};
  if (is_choice_of_one_or_cancel) return how_many(waits.nested.front());
  switch (waits.combinator) {
    case WaitSet::Combinator::kAll:
      return "all of ";
    case WaitSet::Combinator::kFirstSuccess:
      return "the first success of ";
    case WaitSet::Combinator::kFirstFailure:
      return "all of, or the first failure of, ";
    case WaitSet::Combinator::kAny:
    case WaitSet::Combinator::kUnknown:
      break;
  }
  return "any of ";
}

}  // namespace

std::int64_t Explainer::since(const Invocation& row) {
  switch (row.status) {
    case Status::kRunning:
      return row.last_start_at;
    case Status::kScheduled:
      return row.created_at;
    case Status::kCompleted:
      return row.completed_at;
    default:
      return row.modified_at;
  }
}

Result<Explanation> Explainer::explain(const InvocationId& id) const {
  Explanation explanation;
  std::optional<InvocationId> next = id;
  while (next) {
    const auto known = std::find_if(explanation.chain.begin(), explanation.chain.end(),
                                    [&](const Standing& one) { return one.id == *next; });
    if (known != explanation.chain.end()) {
      explanation.circle = *next;
      break;
    }
    if (explanation.chain.size() == kChainMax) {
      explanation.is_cut = true;
      break;
    }
    auto standing = TRY(read(*next));
    if (!standing && explanation.chain.empty()) {
      return Error(ErrorCode::kNotFound, fmt::format("invocation '{}' not found", id.text()));
    }
    if (!standing) break;  // Gone meanwhile; what is left says whom it waits for.
    const auto on = std::find_if(standing->waits.begin(), standing->waits.end(),
                                 [](const Wait& wait) { return wait.on.has_value(); });
    next = on == standing->waits.end() ? std::nullopt : on->on;
    explanation.chain.push_back(std::move(*standing));
  }
  return explanation;
}

Result<std::optional<Standing>> Explainer::read(const InvocationId& id) const {
  const auto row = tables_.invocation(id);
  if (row && !row->has_value()) return std::optional<Standing>();
  if (row) return std::optional(standing(**row));
  if (row.error().code() != ErrorCode::kCorruption) return row.error();
  Standing damaged{id, {}, "unreadable", 0, "is left alone: " + row.error().message()};
  damaged.waits.push_back(
      {"repair",
       "its record is damaged (HF0017); stop the server, see what else is, and "
       "restore a backup",
       0,
       {},
       {{"check the store of the stopped server", "holdfast verify --data DIR"}}});
  return std::optional(std::move(damaged));
}

Standing Explainer::standing(const Invocation& row) const {
  Standing to{row.id, row.target.text(), journal::status_text(row.status), since(row), {}};
  Result<Journal> journal = Journal();
  if (row.status == Status::kRunning || row.status == Status::kSuspended) {
    journal = tables_.journal(row);
  }
  if (!journal) {
    to.summary = "is left alone: its journal cannot be read (HF0017): " + journal.error().message();
    to.waits.push_back({"repair", to.summary});
    return to;
  }
  const std::string unserved = why_unserved(row);
  switch (row.status) {
    case Status::kScheduled:
      add_scheduled(row, to);
      break;
    case Status::kQueued:
      add_queued(row, to);
      break;
    case Status::kRunning:
      add_running(row, *journal, to);
      break;
    case Status::kBackingOff:
      add_backing_off(row, unserved.empty(), to);
      break;
    case Status::kSuspended:
      add_suspended(row, *journal, to);
      break;
    case Status::kPaused:
      add_paused(row, to);
      break;
    case Status::kCompleted: {
      const auto* failure = std::get_if<journal::Failure>(&*row.result);
      to.summary = failure == nullptr ? "is over, with a result"
                                      : fmt::format("is over, with failure {} {}", failure->code,
                                                    failure->message);
      return to;
    }
  }
  const bool waits_to_begin = row.status == Status::kScheduled || row.status == Status::kQueued;
  if (!waits_to_begin && !unserved.empty()) add_deployment(row, unserved, to);
  return to;
}

bool Explainer::is_asleep(const Standing& standing) {
  return !standing.waits.empty() &&
         std::all_of(standing.waits.begin(), standing.waits.end(), [](const Wait& wait) {
           return wait.kind == std::string_view("sleep") || wait.kind == std::string_view("start");
         });
}

void Explainer::add_scheduled(const Invocation& row, Standing& to) const {
  to.summary = "starts at " + time_text(row.scheduled_start_at);
  to.waits.push_back({"start",
                      to.summary,
                      row.scheduled_start_at,
                      {},
                      {act(row.id, "cancel", "not start it at all")}});
}

void Explainer::add_queued(const Invocation& row, Standing& to) const {
  const journal::Target& target = row.target;
  const auto queue = tables_.queue(target.service, target.key, 0, kPlacesCounted);
  Wait wait{"key", fmt::format("the key '{}' of {}", target.key, target.service)};
  if (queue && !queue->empty() && queue->front().id != row.id) {
    const auto own = std::find_if(queue->begin(), queue->end(),
                                  [&](const auto& place) { return place.id == row.id; });
    wait.on = queue->front().id;
    wait.text += fmt::format(", held by {}; {}{} before it", wait.on->text(), own - queue->begin(),
                             own == queue->end() ? " or more" : "");
  } else if (queue && !queue->empty()) {
    wait.text += ", and is the next to get it";
  } else {
    wait.text += ", and has no place in its queue";
  }
  wait.remedies.push_back(act(row.id, "cancel", "end it without its turn"));
  to.summary = "waits for " + wait.text;
  to.waits.push_back(std::move(wait));
}

void Explainer::add_backing_off(const Invocation& row, bool is_served, Standing& to) const {
  to.summary =
      fmt::format("tries again at {}: {}", time_text(row.next_retry_at), failure_text(row));
  Wait wait{"retry", "its next attempt, at " + time_text(row.next_retry_at), row.next_retry_at};
  const bool mismatches = row.last_failure && row.last_failure->code == protocol::kJournalMismatch;
  if (is_served) wait.remedies.push_back(act(row.id, "resume", "try again now"));
  if (mismatches) {
    wait.remedies.push_back(
        act(row.id, "resume?deployment=latest", "try again on the newest deployment"));
  }
  // What its code never comes to, it cannot undo.
  wait.remedies.push_back(is_served && !mismatches
                              ? act(row.id, "cancel", "let it undo what it did and end")
                              : act(row.id, "kill", "give it up; nothing is undone"));
  to.waits.push_back(std::move(wait));
}

void Explainer::add_paused(const Invocation& row, Standing& to) const {
  to.summary = "was paused" + (row.last_failure ? ": " + failure_text(row) : std::string());
  to.waits.push_back(
      {"operator",
       "an operator who resumes it",
       0,
       {},
       {act(row.id, "resume", "try again, after a fix"),
        act(row.id, "resume?deployment=latest", "try again on the newest deployment"),
        act(row.id, "kill", "give it up")}});
}

void Explainer::add_running(const Invocation& row, const Journal& journal, Standing& to) const {
  const std::string at = where(row);
  to.summary = "is running " + at;
  if (row.retry_count > 0) to.summary += "; before, " + failure_text(row);
  Wait attempt{"attempt", "its handler, " + at};
  if (const auto deployment = asked_by(row); deployment != nullptr) {
    attempt.text += ", which has not answered yet";
    attempt.remedies.push_back({"see whether the endpoint answers",
                                fmt::format("curl -sS -m 5 -o /dev/null -w '%{{http_code}}\\n' {}",
                                            shell_word(deployment->deployment.uri))});
  }
  attempt.remedies.push_back(act(row.id, "pause", "stop its attempt"));
  to.waits.push_back(std::move(attempt));
  const JournalIndex index(journal);
  for (const auto& one : journal) {
    if (!is_waited_for(one.entry)) continue;
    if (!index.is_open(journal::completions_of(one.entry).first)) continue;
    if (to.waits.size() == kWaitsMax) break;
    to.waits.push_back(wait_of(row, one.entry, index));
  }
  if (to.waits.size() > 1) to.summary += "; last it asked for " + to.waits.back().text;
}

void Explainer::add_suspended(const Invocation& row, const Journal& journal, Standing& to) const {
  WaitSet leaves = row.waits.leaves();
  std::erase(leaves.signals, journal::kCancelSignal);  // Everybody hears that.
  const JournalIndex index(journal);
  for (const CompletionId id : leaves.completions) {
    if (to.waits.size() == kWaitsMax) break;
    const auto command = index.commands.find(id);
    if (!index.is_open(id)) {
      to.waits.push_back({"news",
                          fmt::format("completion {}, which has come; it is being woken", id),
                          0,
                          {},
                          {act(row.id, "resume", "make it look")}});
    } else if (command != index.commands.end() && is_waited_for(*command->second)) {
      to.waits.push_back(wait_of(row, *command->second, index));
    } else {
      to.waits.push_back({"repair",
                          fmt::format("completion {}, which no command has", id),
                          0,
                          {},
                          {act(row.id, "resume", "make it look again")}});
    }
  }
  add_signals(row, leaves, to);
  if (to.waits.empty()) {
    to.summary = "waits for nothing that could come";
    to.waits.push_back({"nothing",
                        "nothing; its handler awaits an empty choice",
                        0,
                        {},
                        {act(row.id, "cancel", "end its wait with an exception")}});
    return;
  }
  const std::size_t all =
      leaves.completions.size() + leaves.signals.size() + leaves.named_signals.size();
  to.summary =
      fmt::format("waits for {}{}", all > 1 ? how_many(row.waits) : "", to.waits.front().text);
  if (all > 1) to.summary += fmt::format(", and {} more", all - 1);
  if (!row.waits.nested.empty()) to.summary += " (nested)";
}

void Explainer::add_signals(const Invocation& row, const WaitSet& leaves, Standing& to) const {
  for (const std::uint32_t index : leaves.signals) {
    if (index < journal::kFirstAwakeable || to.waits.size() == kWaitsMax) continue;
    const std::string name = journal::AwakeableId{row.id, index}.text();
    const std::string url = fmt::format("{}/restate/awakeables/{}", addresses_.ingress, name);
    to.waits.push_back({"awakeable",
                        fmt::format("the awakeable {}", name),
                        0,
                        {},
                        {{"resolve it, with its value as JSON",
                          fmt::format("curl -X POST {}/resolve --json '\"value\"'", url)},
                         {"reject it", fmt::format("curl -X POST {}/reject -d 'reason'", url)}}});
  }
  for (const std::string& name : leaves.named_signals) {
    if (to.waits.size() == kWaitsMax) return;
    to.waits.push_back(
        {"signal",
         fmt::format("the signal '{}'", name),
         0,
         {},
         {{"send it, with its value as JSON",
           fmt::format("curl -X POST {}/restate/invocation/{}/signal/{} --json '\"value\"'",
                       addresses_.ingress, row.id.text(), percent_encode(name))}}});
  }
}

std::string Explainer::why_unserved(const Invocation& row) const {
  const journal::Target& target = row.target;
  if (row.deployment_id.empty()) {
    const auto services = catalog_.snapshot();
    const auto service = services->find(target.service);
    const bool served =
        service != services->end() && service->second.handler(target.handler) != nullptr;
    return served ? "" : fmt::format("nothing serves {}/{}", target.service, target.handler);
  }
  if (catalog_.deployment(row.deployment_id) == nullptr) {
    return fmt::format("its deployment {} is not registered any more", row.deployment_id);
  }
  const auto service = catalog_.find(target.service, row.deployment_id);
  if (service == nullptr || service->handler(target.handler) == nullptr) {
    return fmt::format("its deployment {} does not serve {}/{} any more", row.deployment_id,
                       target.service, target.handler);
  }
  return "";
}

void Explainer::add_deployment(const Invocation& row, const std::string& unserved,
                               Standing& to) const {
  Wait wait{"deployment", unserved};
  if (row.deployment_id.empty()) {
    wait.remedies.push_back(
        {"register the endpoint that does",
         fmt::format("curl {}/deployments --json '{{\"uri\": \"http://HOST:PORT\"}}'",
                     addresses_.admin)});
  } else {
    if (row.status == Status::kRunning) {
      wait.remedies.push_back(act(row.id, "pause", "first stop it"));
    }
    wait.remedies.push_back(
        act(row.id, "resume?deployment=latest", "move it to the newest deployment"));
  }
  to.summary += "; " + unserved;
  to.waits.push_back(std::move(wait));
}

Wait Explainer::wait_of(const Invocation& row, const Entry& command,
                        const JournalIndex& index) const {
  if (const auto* sleep = std::get_if<journal::Sleep>(&command.body)) {
    return {"sleep", "a sleep until " + time_text(sleep->wake_up_unix_ms), sleep->wake_up_unix_ms};
  }
  if (std::holds_alternative<journal::Run>(command.body)) {
    return {"step", fmt::format("its step '{}', which has no outcome yet", command.name)};
  }
  if (const auto* promise = std::get_if<journal::Promise>(&command.body)) {
    return promise_wait(row, *promise);
  }
  if (const auto* attach = std::get_if<journal::Attach>(&command.body)) {
    return outcome_wait("attach", "the outcome of " + attach->target.text(), attach->target);
  }
  const auto& call = std::get<journal::Call>(command.body);
  const auto told = index.completed.find(call.id_completion);
  const auto* callee =
      told == index.completed.end() ? nullptr : std::get_if<InvocationId>(&told->second->result);
  std::string of = fmt::format("the call of {}{}{}/{}", call.service, call.key.empty() ? "" : "/",
                               call.key, call.handler);
  if (callee == nullptr) return {"call", std::move(of)};
  return outcome_wait("call", of + ", " + callee->text(), *callee);
}

Wait Explainer::outcome_wait(const char* kind, const std::string& of,
                             std::optional<InvocationId> on) const {
  Wait wait{kind, of, 0, on};
  wait.remedies.push_back(act(*on, "cancel", "end that one with an exception"));
  return wait;
}

// Whoever completes it is a handler of the same workflow.
Wait Explainer::promise_wait(const Invocation& row, const journal::Promise& promise) const {
  const journal::Target& target = row.target;
  Wait wait{"promise", fmt::format("the promise '{}' of {}/{}, which nobody has completed",
                                   promise.key, target.service, target.key)};
  const auto services = catalog_.snapshot();
  const auto service = services->find(target.service);
  if (service == services->end()) return wait;
  for (const actors::HandlerInfo& handler : service->second.handlers) {
    if (handler.kind != journal::HandlerKind::kShared || handler.is_private) continue;
    wait.remedies.push_back(
        {fmt::format("complete it, if {} is the handler that does", handler.name),
         fmt::format("curl -X POST {}/{}/{}/{}{}", addresses_.ingress,
                     percent_encode(target.service), percent_encode(target.key),
                     percent_encode(handler.name),
                     handler.input_forbidden ? "" : " --json '\"value\"'")});
  }
  return wait;
}

Remedy Explainer::act(const InvocationId& id, const char* verb, const char* does) const {
  return {does, fmt::format("curl -X PATCH {}",
                            shell_word(fmt::format("{}/invocations/{}/{}", addresses_.admin,
                                                   id.text(), verb)))};
}

// A deployment is stored with the first thing that comes from it. Until then it is the newest, if
// that was there when the attempt began, and has the handler.
std::shared_ptr<const actors::DeploymentInfo> Explainer::asked_by(const Invocation& row) const {
  if (!row.deployment_id.empty()) return catalog_.deployment(row.deployment_id);
  const auto services = catalog_.snapshot();
  const auto service = services->find(row.target.service);
  if (service == services->end() || service->second.handler(row.target.handler) == nullptr) {
    return nullptr;
  }
  const auto newest = catalog_.deployment(service->second.deployment_id);
  return newest && newest->deployment.created_at <= row.last_start_at ? newest : nullptr;
}

std::string Explainer::where(const Invocation& row) const {
  if (row.deployment_id.empty() && catalog_.is_embedded(row.target.service)) {
    return "in the server's process";
  }
  const auto deployment = asked_by(row);
  if (deployment != nullptr) {
    return fmt::format("on {} ({})", deployment->deployment.uri, deployment->deployment.id.text());
  }
  return row.deployment_id.empty() ? "and has chosen no deployment yet"
                                   : "on the deployment " + row.deployment_id;
}

}  // namespace holdfast::net
