#pragma once
// Routes (1): what a request to the ingress asks for, by its method and target alone. Pure.
//
// Paths: docs/formats/ingress_http.md. Names are percent-decoded; one trailing slash does not
// matter; `restate` and `openapi` are reserved as first segments. Whether a path has a key is known
// from the catalog, so the catalog decides where its parts end.

#include <string>
#include <string_view>
#include <variant>

#include "actors/catalog/catalog.h"
#include "journal/ids.h"
#include "net/ingress/ask_target.h"
#include "net/ingress/callee.h"
#include "storage/base/result.h"

namespace holdfast::net {

struct CallRoute {
  Callee callee;
};
struct SendRoute {
  Callee callee;
  std::int64_t delay_ms = 0;
};
// The outcome of an invocation: waited for (kAttach), or as it is now (kOutput); or just its id.
enum class Ask { kAttach, kOutput, kLookup };
struct AskRoute {
  Ask ask = Ask::kAttach;
  AskTarget target;
};
// The invocation to ask about stands in the body; see ask_target.h.
struct AskByBodyRoute {
  Ask ask = Ask::kAttach;
};
enum class Verdict { kResolve, kReject };
// The value, or the message of the failure, is the body. Also completes awakeables.
struct SignalRoute {
  journal::InvocationId id;
  std::variant<std::uint32_t, std::string> signal;
  Verdict verdict = Verdict::kResolve;
};
struct HealthRoute {};
// A browser asks what it may send.
struct PreflightRoute {};
// The path exists; the method is not one of `allowed`.
struct WrongMethodRoute {
  std::string_view allowed;
};

using Route = std::variant<CallRoute, SendRoute, AskRoute, AskByBodyRoute, SignalRoute, HealthRoute,
                           PreflightRoute, WrongMethodRoute>;

// kInvalidArgument: no path of ours, a bad id, key or delay. kNotFound: no such service, handler or
// reserved path. `catalog` outlives the route.
Result<Route> parse_route(std::string_view method, std::string_view target,
                          const actors::CatalogSnapshot& catalog);

}  // namespace holdfast::net
