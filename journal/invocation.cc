#include "journal/invocation.h"

#include <algorithm>

#include "storage/base/check.h"

namespace holdfast::journal {
namespace {

template <class T>
bool contains(const std::vector<T>& values, const T& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

}  // namespace

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

bool WaitSet::wakes_for(const Notification& notification) const {
  if (const auto* completion = std::get_if<Notification::Completion>(&notification.of)) {
    return contains(completions, completion->id);
  }
  if (const auto* index = std::get_if<std::uint32_t>(&notification.of)) {
    return *index == kCancelSignal || contains(signals, *index);
  }
  return contains(named_signals, std::get<std::string>(notification.of));
}

}  // namespace holdfast::journal
