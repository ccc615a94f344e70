#pragma once
// ScheduledSend: a send whose time has not come needs no owner yet. It is stored from where it was
// accepted, in one batch: row, input, start timer; the timer brings its owner to life.
//
// Only for a fresh id, which nobody knows before the batch is durable: so nobody else can be about
// to create it (INV-8) or to tell it something (INV-6).

#include <cstdint>

#include "actors/mail.h"
#include "actors/surroundings.h"

namespace holdfast::actors {

// Answers with the receipt (INV-1). Any thread. REQUIRES: `begin` is a send with a fresh id that
// starts later than `now`. `told_time` is what its client is told of that.
void store_scheduled(const Surroundings& world, Begin&& begin, std::int64_t now,
                     std::int64_t told_time);

}  // namespace holdfast::actors
