#include "net/admin/explanation_requests.h"

#include <fmt/format.h>

#include <charconv>
#include <map>
#include <utility>

#include "net/admin/answer.h"
#include "net/admin/explanation_view.h"

namespace holdfast::net {
namespace {

namespace json = boost::json;
using journal::Invocation;
using journal::Status;

Error too_many() { return {ErrorCode::kUnavailable, "too many requests wait"}; }

// Those that have stood longest. Whoever only waits for time to pass comes after all others.
class Longest {
 public:
  Longest(const Explainer& explainer, std::size_t limit) : explainer_(explainer), limit_(limit) {}

  void see(const Invocation& row) {
    if (row.status == Status::kCompleted) return;
    ++live_;
    const bool scheduled = row.status == Status::kScheduled;
    const std::int64_t since = Explainer::since(row);
    if (!would_keep({scheduled, since})) return;
    bool asleep = scheduled;
    if (row.status == Status::kSuspended && !is_sure_to_be_awake(row)) {
      asleep = looks_++ >= ExplanationRequests::kLooksMax ||
               Explainer::is_asleep(explainer_.standing(row));
    }
    if (!would_keep({asleep, since})) return;
    kept_.emplace(Place{asleep, since}, row);
    if (kept_.size() > limit_) kept_.erase(std::prev(kept_.end()));
  }
  json::object view() const {
    json::array lines;
    for (const auto& [place, row] : kept_) {
      lines.push_back(standing_line_view(explainer_.standing(row)));
    }
    return {{"explanations", std::move(lines)}, {"not_completed", live_}};
  }

 private:
  using Place = std::pair<bool, std::int64_t>;  // Whether it is asleep, since when it stands.

  bool would_keep(const Place& place) const {
    return kept_.size() < limit_ || place < kept_.rbegin()->first;
  }
  // Without its journal. A sleep is a completion.
  static bool is_sure_to_be_awake(const Invocation& row) {
    return row.waits.leaves().completions.empty();
  }

  const Explainer& explainer_;
  const std::size_t limit_;
  std::multimap<Place, Invocation> kept_;
  std::size_t looks_ = 0;
  std::uint64_t live_ = 0;
};

Result<std::size_t> limit_of(const Path& path) {
  std::size_t limit = ExplanationRequests::kLimit;
  for (const auto& [name, value] : path.query) {
    const char* const end = value.data() + value.size();
    const auto parsed = std::from_chars(value.data(), end, limit);
    if (name != "limit" || parsed.ec != std::errc() || parsed.ptr != end || limit == 0 ||
        limit > ExplanationRequests::kLimitMax) {
      return Error(ErrorCode::kInvalidArgument,
                   fmt::format("parameter '{}': there is 'limit' only, 1 to {}", name,
                               ExplanationRequests::kLimitMax));
    }
  }
  return limit;
}

}  // namespace

void ExplanationRequests::handle(AdminRequest request) {
  const auto& parts = request.path.segments;
  const bool one = parts[0] == "invocations";
  if (!one && parts.size() != 1) {
    return request.reply->send(admin_error_answer({ErrorCode::kNotFound, "there is no such path"}));
  }
  if (!request.is("GET")) return request.reply->send(admin_wrong_method_answer("GET"));
  if (one) return show(request);
  list(request);
}

// The way by which this request has come is open to whoever reads the answer.
Explainer::Addresses ExplanationRequests::addresses_for(const AdminRequest& request) const {
  const auto host = request.http.header("host");
  return {ingress_, fmt::format("http://{}", host.value_or("127.0.0.1:9070"))};
}

void ExplanationRequests::show(const AdminRequest& request) {
  const auto id = journal::InvocationId::from_text(request.path.segments[1]);
  if (!id) return request.reply->send(admin_error_answer(id.error()));
  const bool posted = reader_.post([this, id = *id, reply = request.reply,
                                    addresses = addresses_for(request)](const auto&) {
    const auto moment = engine_.tables().moment();
    const auto explanation = Explainer(moment.tables(), engine_.catalog(), addresses).explain(id);
    reply->send(explanation ? ok_answer(explanation_view(*explanation))
                            : admin_error_answer(explanation.error()));
  });
  if (!posted) request.reply->send(admin_error_answer(too_many()));
}

void ExplanationRequests::list(const AdminRequest& request) {
  const auto limit = limit_of(request.path);
  if (!limit) return request.reply->send(admin_error_answer(limit.error()));
  const auto abandoned = std::make_shared<std::atomic<bool>>(false);
  request.reply->on_abandoned([abandoned] { *abandoned = true; });
  const bool posted = reader_.post([this, abandoned, limit = *limit, reply = request.reply,
                                    addresses = addresses_for(request)](const auto& stopping) {
    const auto moment = engine_.tables().moment();
    const Explainer explainer(moment.tables(), engine_.catalog(), addresses);
    Longest longest(explainer, limit);
    std::uint64_t unreadable = 0;
    const auto read =
        moment.tables().each_invocation(std::nullopt, [&](const Result<Invocation>& row) {
          if (row) {
            longest.see(*row);
          } else {
            ++unreadable;
          }
          return !stopping && !*abandoned;
        });
    if (!read) return reply->send(admin_error_answer(read.error()));
    json::object body = longest.view();
    if (unreadable > 0) body["unreadable"] = unreadable;
    reply->send(ok_answer(body));
  });
  if (!posted) request.reply->send(admin_error_answer(too_many()));
}

}  // namespace holdfast::net
