#pragma once
// EmbeddedHandlers: attempts of handlers that are code in this process. An attempt is a
// runtime::Session; this class only translates between its messages and the journal's entries.
//
// Invariants
//   INV-2  is kept by the session.
//   INV-11 A command that cannot be translated (an id that is none) ends its attempt with an error
//   that
//          names the command. Nothing it sends from there on reaches the engine.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "actors/catalog/catalog.h"
#include "actors/handler.h"
#include "sdk/include/holdfast/service.h"
#include "storage/base/result.h"

namespace holdfast::net {

// What the engine needs to know of services that are code in this process. What neither a handler
// nor its service sets has the defaults of actors::HandlerInfo.
std::vector<actors::ServiceInfo> catalog_of(const std::vector<ServiceDefinition>& services);

class EmbeddedHandlers final : public actors::Handlers {
 public:
  // REQUIRES: problem(services) is none.
  explicit EmbeddedHandlers(std::vector<ServiceDefinition> services);

  // The attempt borrows from this object.
  Result<actors::OpenedAttempt> open(const journal::Invocation& invocation,
                                     actors::AttemptHost& host,
                                     std::function<void()> wake) override;

 private:
  const std::vector<ServiceDefinition> services_;
  // service/handler -> its definition in services_.
  std::map<std::string, const HandlerDefinition*, std::less<>> by_name_;
};

}  // namespace holdfast::net
