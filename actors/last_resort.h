#pragma once
// LastResort: what happens when an exception comes out of an actor's own code, which never throws:
// memory ran out, or a library broke its promise. What the actor had in hand is half done and
// nobody can tell how far, so the process ends and the next one recovers from the store.
//
// And what happens when the disk does not give back what is stored. To go on without knowing would
// break more than to stop: a thing that cannot be read would be taken for one that does not exist.

#include <caf/error.hpp>
#include <cstdlib>
#include <exception>
#include <string_view>
#include <utility>

#include "journal/ids.h"
#include "storage/base/log.h"
#include "storage/base/result.h"
#include "storage/committer.h"

namespace holdfast::actors {

template <class Actor>
void end_process_on_exception(Actor& actor) {
  actor.set_exception_handler([](std::exception_ptr& thrown) -> caf::error {
    constexpr Logger log("actors");
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& error) {
      log.error("exception in the engine, stopping so that recovery decides", "what={}",
                error.what());
    } catch (...) {
      log.error("exception in the engine, stopping so that recovery decides", "what=unknown");
    }
    std::abort();
  });
}

[[noreturn]] inline void stop_unreadable(std::string_view of, const Error& error) {
  constexpr Logger log("actors");
  log.error("store cannot be read, stopping so that recovery decides", "of={} reason={}", of,
            error.message());
  std::_Exit(storage::kExitStorageFailed);
}

[[noreturn]] inline void stop_unreadable(const journal::InvocationId& of, const Error& error) {
  stop_unreadable(of.text(), error);
}

// What was read, or kCorruption: what is damaged concerns its own invocation only (INV-11). Ends
// the process on any other error.
template <class Of, class T>
Result<T> read_or_stop(const Of& of, Result<T> read) {
  if (!read && read.error().code() != ErrorCode::kCorruption) stop_unreadable(of, read.error());
  return read;
}

}  // namespace holdfast::actors
