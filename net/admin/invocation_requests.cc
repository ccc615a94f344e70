#include "net/admin/invocation_requests.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <utility>

#include "net/admin/answer.h"
#include "net/admin/invocation_filter.h"
#include "net/admin/invocation_view.h"
#include "net/admin/journal_view.h"
#include "net/admin/refusal.h"

namespace holdfast::net {
namespace {

namespace json = boost::json;
using Act = actors::Engine::Act;

struct Verb {
  std::string_view name;
  Act act;
};
constexpr Verb kVerbs[] = {{"cancel", Act::kCancel}, {"kill", Act::kKill},
                           {"purge", Act::kPurge},   {"purge-journal", Act::kPurgeJournal},
                           {"pause", Act::kPause},   {"resume", Act::kResume}};

Error too_many() { return {ErrorCode::kUnavailable, "too many requests wait"}; }

// An act that is only accepted will be done soon; for some, that word has a status of its own.
HttpResponse act_answer(Act act, const Result<actors::ActResult>& result) {
  if (!result) return admin_error_answer(result.error());
  const bool soon = *result == actors::ActResult::kAccepted;
  return soon && (act == Act::kCancel || act == Act::kPause) ? accepted_answer() : ok_answer();
}

// Walks the rows until the page is full. A row that cannot be read is counted, not shown.
HttpResponse page(const journal::Tables& tables, const InvocationFilter& filter,
                  const std::atomic<bool>& stopping, const std::atomic<bool>& abandoned) {
  json::array invocations;
  std::uint64_t unreadable = 0;
  std::optional<std::string> next;
  const auto visited = tables.each_invocation(filter.after, [&](Result<journal::Invocation> row) {
    if (stopping || abandoned) return false;
    if (!row) {
      ++unreadable;
      return true;
    }
    if (!filter.takes(*row)) return true;
    if (invocations.size() == filter.limit) {
      next = std::string(invocations.back().at("id").get_string());
      return false;
    }
    invocations.push_back(invocation_view(*row));
    return true;
  });
  if (!visited) return admin_error_answer(visited.error());
  json::object body{{"invocations", std::move(invocations)}};
  if (next.has_value()) body["next_after"] = *next;
  if (unreadable > 0) body["unreadable"] = unreadable;
  return ok_answer(body);
}

HttpResponse details(const journal::Tables& tables, const journal::InvocationId& id) {
  const auto invocation = tables.invocation(id);
  if (!invocation) return admin_error_answer(invocation.error());
  if (!invocation->has_value()) {
    return admin_error_answer(
        {ErrorCode::kNotFound, fmt::format("invocation '{}' not found", id.text())});
  }
  const auto journal = tables.journal(**invocation);
  if (!journal) return admin_error_answer(journal.error());
  json::object body = invocation_view(**invocation);
  const auto commands = std::count_if(journal->begin(), journal->end(), [](const auto& stamped) {
    return stamped.entry.is_command();
  });
  body["journal_size"] = journal->size();
  body["journal_commands_size"] = commands;
  body["journal"] = journal_view(*journal);
  return ok_answer(body);
}

}  // namespace

void InvocationRequests::handle(AdminRequest request) {
  const auto& parts = request.path.segments;
  const std::shared_ptr<HttpReply> reply = request.reply;
  if (parts.size() == 1) {
    if (!request.is("GET")) return reply->send(admin_wrong_method_answer("GET"));
    return list(std::move(request));
  }
  const Result<journal::InvocationId> id = journal::InvocationId::from_text(parts[1]);
  if (!id) return reply->send(admin_error_answer(id.error()));
  if (parts.size() == 2) {
    if (request.is("GET")) return show(*id, reply);
    if (request.is("DELETE")) return remove(*id, request);
    return reply->send(admin_wrong_method_answer("GET, DELETE"));
  }
  const bool known = std::any_of(std::begin(kVerbs), std::end(kVerbs),
                                 [&](const Verb& verb) { return verb.name == parts[2]; });
  if (parts.size() > 3 || (!known && parts[2] != "restart-as-new")) {
    return reply->send(
        admin_error_answer({ErrorCode::kNotFound, "there is no such path under /invocations"}));
  }
  if (!request.is("PATCH")) return reply->send(admin_wrong_method_answer("PATCH"));
  if (known) return act(*id, request);
  restart(*id, request);
}

void InvocationRequests::list(AdminRequest request) {
  const std::shared_ptr<HttpReply> reply = request.reply;
  Result<InvocationFilter> filter = parse_filter(request.path);
  if (!filter) return reply->send(admin_error_answer(filter.error()));
  const auto abandoned = std::make_shared<std::atomic<bool>>(false);
  reply->on_abandoned([abandoned] { *abandoned = true; });
  const bool posted = reader_.post(
      [this, reply, abandoned, filter = std::move(*filter)](const std::atomic<bool>& stopping) {
        reply->send(page(engine_.tables(), filter, stopping, *abandoned));
      });
  if (!posted) reply->send(admin_error_answer(too_many()));
}

void InvocationRequests::show(const journal::InvocationId& id, std::shared_ptr<HttpReply> reply) {
  const bool posted = reader_.post(
      [this, id, reply](const std::atomic<bool>&) { reply->send(details(engine_.tables(), id)); });
  if (!posted) reply->send(admin_error_answer(too_many()));
}

void InvocationRequests::act(const journal::InvocationId& id, const AdminRequest& request) {
  const std::string& name = request.path.segments[2];
  const Verb& verb = *std::find_if(std::begin(kVerbs), std::end(kVerbs),
                                   [&](const Verb& candidate) { return candidate.name == name; });
  const auto deployment = request.path.parameter("deployment");
  const auto on_done = [reply = request.reply, act = verb.act](Result<actors::ActResult> result) {
    reply->send(act_answer(act, result));
  };
  if (!deployment.has_value()) return engine_.act(id, verb.act, on_done);
  if (verb.act != Act::kResume) {
    return request.reply->send(admin_error_answer(
        wrong_parameter("deployment", "only resume and restart-as-new take it")));
  }
  engine_.resume_on(id, std::string(*deployment), on_done);
}

void InvocationRequests::remove(const journal::InvocationId& id, const AdminRequest& request) {
  std::string mode(request.path.parameter("mode").value_or("cancel"));
  std::transform(mode.begin(), mode.end(), mode.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (mode != "cancel" && mode != "kill" && mode != "purge") {
    return request.reply->send(
        admin_error_answer(wrong_parameter("mode", "Cancel, Kill or Purge is expected")));
  }
  const Act act = mode == "cancel" ? Act::kCancel : mode == "kill" ? Act::kKill : Act::kPurge;
  engine_.act(id, act, [reply = request.reply](Result<actors::ActResult> result) {
    reply->send(result ? accepted_answer() : admin_error_answer(result.error()));
  });
}

void InvocationRequests::restart(const journal::InvocationId& id, const AdminRequest& request) {
  const auto from = request.path.parameter("from");
  actors::Engine::Restart how;
  if (from.has_value()) {
    const char* const end = from->data() + from->size();
    const auto [stop, error] = std::from_chars(from->data(), end, how.from);
    if (error != std::errc() || stop != end) {
      return request.reply->send(admin_error_answer(
          wrong_parameter("from", "the index of a journal entry is expected; 0 is the input")));
    }
  }
  how.deployment = request.path.parameter("deployment").value_or("");
  engine_.restart_as_new(
      id, std::move(how), [reply = request.reply](const Result<journal::InvocationId>& result) {
        if (result.has_value()) {
          reply->send(ok_answer(json::object{{"new_invocation_id", result->text()}}));
        } else if (result.error().code() == ErrorCode::kInvalidArgument) {
          reply->send(unprocessable_answer(result.error().message()));
        } else {
          reply->send(admin_error_answer(result.error()));
        }
      });
}

}  // namespace holdfast::net
