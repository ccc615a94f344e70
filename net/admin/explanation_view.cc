#include "net/admin/explanation_view.h"

#include <utility>

#include "net/admin/answer.h"
#include "storage/base/time_text.h"

namespace holdfast::net {
namespace {

namespace json = boost::json;

json::object wait_view(const Wait& wait) {
  json::object view{{"kind", wait.kind}, {"text", json_string(wait.text)}};
  if (wait.until != 0) view["until"] = time_text(wait.until);
  if (wait.on) view["invocation_id"] = wait.on->text();
  if (wait.remedies.empty()) return view;
  json::array remedies;
  for (const Remedy& remedy : wait.remedies) {
    remedies.push_back(
        json::object{{"does", json_string(remedy.does)}, {"run", json_string(remedy.run)}});
  }
  view["remedies"] = std::move(remedies);
  return view;
}

}  // namespace

json::object standing_line_view(const Standing& standing) {
  json::object view{{"id", standing.id.text()}, {"status", standing.status}};
  if (!standing.target.empty()) view["target"] = json_string(standing.target);
  if (standing.since != 0) view["since"] = time_text(standing.since);
  view["summary"] = json_string(standing.summary);
  return view;
}

json::object explanation_view(const Explanation& explanation) {
  json::array chain;
  for (const Standing& standing : explanation.chain) {
    json::object view = standing_line_view(standing);
    json::array waits;
    for (const Wait& wait : standing.waits) waits.push_back(wait_view(wait));
    view["waits_for"] = std::move(waits);
    chain.push_back(std::move(view));
  }
  json::object view{{"chain", std::move(chain)}};
  if (explanation.circle) view["circle"] = explanation.circle->text();
  if (explanation.is_cut) view["cut"] = true;
  return view;
}

}  // namespace holdfast::net
