#include "journal/invocation.h"

#include "storage/base/check.h"

namespace holdfast::journal {

std::string Target::text() const {
  std::string text;
  text.reserve(service.size() + key.size() + handler.size() + 2);
  text.append(service).push_back('/');
  if (keyed()) text.append(key).push_back('/');
  return text.append(handler);
}

const char* status_text(Status status) {
  switch (status) {
    case Status::kScheduled:
      return "scheduled";
    case Status::kQueued:
      return "pending";
    case Status::kRunning:
      return "running";
    case Status::kBackingOff:
      return "backing-off";
    case Status::kSuspended:
      return "suspended";
    case Status::kPaused:
      return "paused";
    case Status::kCompleted:
      return "completed";
  }
  CHECK(false, "a status without a word");
}

}  // namespace holdfast::journal
