#include "net/protocol/restate/future.h"

#include <algorithm>

namespace holdfast::protocol::restate {
namespace {

template <class T>
void append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

template <class T>
void sort_unique(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

void collect(const Future& future, WaitSet& to) {
  append(to.completions, future.completions);
  append(to.signals, future.signals);
  append(to.named_signals, future.named_signals);
  for (const Future& nested : future.nested) collect(nested, to);
}

std::size_t depth_of(const Future& future, std::size_t level) {
  std::size_t deepest = level;
  if (level > kFutureDepthMax) return deepest;
  for (const Future& nested : future.nested) {
    deepest = std::max(deepest, depth_of(nested, level + 1));
  }
  return deepest;
}

}  // namespace

WaitSet flatten(const Future& future) {
  WaitSet waits;
  collect(future, waits);
  sort_unique(waits.completions);
  sort_unique(waits.signals);
  sort_unique(waits.named_signals);
  return waits;
}

bool is_empty(const Future& future) {
  return future.completions.empty() && future.signals.empty() && future.named_signals.empty() &&
         std::all_of(future.nested.begin(), future.nested.end(), is_empty);
}

std::size_t depth_of(const Future& future) { return depth_of(future, 1); }

}  // namespace holdfast::protocol::restate
