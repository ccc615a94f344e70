#include "net/admin/query_requests.h"

#include <atomic>
#include <utility>

#include "net/admin/answer.h"
#include "net/admin/query_body.h"

namespace holdfast::net {
namespace {

constexpr const char* kJsonType = "application/json";
constexpr const char* kArrowType = "application/vnd.apache.arrow.stream";

// Restate's command line tool says that it takes anything, and means Arrow. Others get JSON unless
// they ask for Arrow.
sql::AnswerFormat format_for(const HttpRequest& http) {
  const std::string_view accept = http.header("accept").value_or("");
  const bool takes_json = accept.find(kJsonType) != accept.npos;
  const bool is_the_tool = http.header("user-agent").value_or("").starts_with("restate-cli/");
  const bool wants_arrow = accept.find(kArrowType) != accept.npos || is_the_tool;
  return wants_arrow && !takes_json ? sql::AnswerFormat::kArrow : sql::AnswerFormat::kJson;
}

}  // namespace

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
  const bool posted = thread_.post([this, reply, abandoned, format = format_for(request.http),
                                    text = std::move(*query)](const std::atomic<bool>& stopping) {
    sql::QueryWatch watch(options_.time_max, stopping, abandoned);
    Result<Bytes> answer = sql::run_query(text, format, {engine_.tables(), facts_, watch},
                                          options_.limits, to_unix_millis(clock_.now()));
    const char* const type = format == sql::AnswerFormat::kArrow ? kArrowType : kJsonType;
    reply->send(answer.has_value() ? text_answer(type, std::move(*answer))
                                   : admin_error_answer(answer.error()));
  });
  if (!posted) reply->send(too_many_answer("too many queries wait; try again in a second"));
}

}  // namespace holdfast::net
