#pragma once
// LastResort: what happens when an exception comes out of an actor's own code, which never throws:
// memory ran out, or a library broke its promise. What the actor had in hand is half done and
// nobody can tell how far, so the process ends and the next one recovers from the store.

#include <caf/error.hpp>
#include <cstdlib>
#include <exception>

#include "storage/base/log.h"

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

}  // namespace holdfast::actors
