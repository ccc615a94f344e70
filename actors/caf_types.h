#pragma once
// The types that travel between actors of this process as they are. They are never serialised.

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/delegated.hpp>

#include "actors/mail.h"
#include "actors/recovery/recovery_actor.h"
#include "actors/sweeper.h"

namespace holdfast::actors {

// What a handler of mail returns to CAF that nobody awaits an answer to: no promise of one is made.
using NoAnswer = caf::delegated<>;

}  // namespace holdfast::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::InvocationMail)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::KeyMail)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::TimerMail)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::SweepNow)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::RecoverMore)
