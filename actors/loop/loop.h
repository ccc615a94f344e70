#pragma once
// Loop: a thread that somebody else owns and that does, between its other duties, what it is given;
// the io thread, in the program. The engine runs owners there whose work comes from there and goes
// back there: no worker has to be woken for each frame of an endpoint.

#include <functional>

namespace holdfast::actors {

class Loop {
 public:
  virtual ~Loop() = default;
  // Has `turn` called on the loop's thread, soon, once for each call. Any thread. Dropped when the
  // loop has ended.
  virtual void call(std::function<void()> turn) = 0;
};

}  // namespace holdfast::actors
