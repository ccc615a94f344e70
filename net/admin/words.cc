#include "net/admin/words.h"

namespace holdfast::net {

const char* word_of(journal::ServiceKind kind) {
  switch (kind) {
    case journal::ServiceKind::kService:
      return "service";
    case journal::ServiceKind::kObject:
      return "virtual_object";
    case journal::ServiceKind::kWorkflow:
      break;
  }
  return "workflow";
}

const char* word_of(journal::Source source) {
  switch (source) {
    case journal::Source::kIngress:
      return "ingress";
    case journal::Source::kService:
      return "service";
    case journal::Source::kRestartAsNew:
      break;
  }
  return "restart_as_new";
}

std::string_view trace_id_of(std::string_view trace_parent) {
  return trace_parent.size() == 55 ? trace_parent.substr(3, 32) : std::string_view();
}

}  // namespace holdfast::net
