#pragma once
// All of the SDK. Where to look:
//
//   service.h      declare services, objects and workflows
//   context.h      what a handler may do: steps, sleep, state, calls, promises
//   task.h         the coroutine type of a handler
//   future.h, combinators.h   results to come; all, any, race, with_timeout
//   serde.h        how values become bytes
//   handler_ref.h  names of other handlers with their types
//   error.h        TerminalError and its kin
//   server.h       run_server, HOLDFAST_SERVICES
//   endpoint.h     handlers in a process of their own, called over HTTP

#include <holdfast/combinators.h>
#include <holdfast/context.h>
#include <holdfast/endpoint.h>
#include <holdfast/error.h>
#include <holdfast/future.h>
#include <holdfast/handler_ref.h>
#include <holdfast/json.h>
#include <holdfast/serde.h>
#include <holdfast/server.h>
#include <holdfast/service.h>
#include <holdfast/task.h>
