#pragma once
// The services of the endpoint, the same as those of typescript/.

#include <holdfast/service.h>

namespace conformance {

// Recorded steps, their retries, and what is drawn at random; failures of whole attempts.
holdfast::ServiceDefinition steps();
holdfast::ServiceDefinition failing();

// Virtual objects: their state, eager and lazy, and one exclusive handler at a time for each key.
holdfast::ServiceDefinition counter();
holdfast::ServiceDefinition lazy_counter();

// Calls between handlers: with an answer, one way, later, by key, in chains; also for other
// languages. `versioned` is the same service at three revisions: the second lost a handler, and
// mended another; the third is an object.
holdfast::ServiceDefinition calls();
holdfast::ServiceDefinition sink();
holdfast::ServiceDefinition hidden();
holdfast::ServiceDefinition versioned();

// Waiting: for time, for somebody outside, for another handler, for the first or the last of many;
// and being told to stop while waiting.
holdfast::ServiceDefinition sleeps();
holdfast::ServiceDefinition awakeables();
holdfast::ServiceDefinition signals();
holdfast::ServiceDefinition combinators();
holdfast::ServiceDefinition holds();

// Workflows: one run for each key, durable promises beside it.
holdfast::ServiceDefinition order();

}  // namespace conformance
