#pragma once
// resume_once: how our own runners of actors let one take a mail.

#include <caf/execution_unit.hpp>
#include <caf/intrusive_ptr.hpp>
#include <caf/resumable.hpp>

namespace holdfast::actors {

// True: it has more to take, and is still the caller's; false: it is not.
inline bool resume_once(caf::resumable* job, caf::execution_unit* runner) {
  switch (job->resume(runner, 1)) {
    case caf::resumable::resume_later:
      return true;
    case caf::resumable::awaiting_message:
    case caf::resumable::done:
      caf::intrusive_ptr_release(job);
      return false;
    case caf::resumable::shutdown_execution_unit:
      return false;
  }
  return false;
}

}  // namespace holdfast::actors
