#pragma once
// Waiting: what the end of an invocation and the completion of a promise share. Of use inside
// journal/machine only.

#include <vector>

#include "journal/machine/decision.h"

namespace holdfast::journal {

// Tells the outcome to those in the record and those that have rows of their own. They wait no
// more.
void tell_waiters(const WaitedFor& of, std::vector<Waiter>& first, LaterWaiters& later,
                  const Outcome& outcome, Decision& decision);

}  // namespace holdfast::journal
