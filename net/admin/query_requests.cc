#include "net/admin/query_requests.h"

#include <atomic>
#include <utility>

#include "net/admin/answer.h"
#include "net/admin/query_body.h"

namespace holdfast::net {

void QueryRequests::handle(AdminRequest request) {
  const std::shared_ptr<HttpReply> reply = request.reply;
  if (request.path.segments.size() != 1) {
    return reply->send(
        admin_error_answer({ErrorCode::kNotFound, "there is no such path under /query"}));
  }
  if (!request.is("POST")) return reply->send(admin_wrong_method_answer("POST"));
  if (!says_json(request.http)) return reply->send(not_json_answer());
  const Result<boost::json::object> body = json_body(request.http);
  if (!body) return reply->send(admin_error_answer(body.error()));
  Result<std::string> query = parse_query(*body);
  if (!query) return reply->send(admin_error_answer(query.error()));

  const auto abandoned = std::make_shared<std::atomic<bool>>(false);
  reply->on_abandoned([abandoned] { *abandoned = true; });
  const bool posted = thread_.post(
      [this, reply, abandoned, text = std::move(*query)](const std::atomic<bool>& stopping) {
        sql::QueryWatch watch(options_.time_max, stopping, abandoned);
        Result<Bytes> answer = sql::run_query(text, {engine_.tables(), facts_, watch},
                                              options_.limits, to_unix_millis(clock_.now()));
        reply->send(answer.has_value() ? text_answer("application/json", std::move(*answer))
                                       : admin_error_answer(answer.error()));
      });
  if (!posted) reply->send(too_many_answer("too many queries wait; try again in a second"));
}

}  // namespace holdfast::net
