#pragma once
// Handler references: another handler's name with its types, written once and shared by its
// callers.
//
//   inline constexpr holdfast::ServiceHandler<std::string, std::string> greet{"Greeter", "greet"};
//   inline constexpr holdfast::ObjectHandler<int, int> add{"Counter", "add"};
//
//   const std::string text = co_await ctx.call(greet, "Ada");
//   const int sum = co_await ctx.call(add("visits"), 1);
//
// A reference promises nothing about the other side: the types must be those of the handler it
// names, which may live in another program or language. Without input or result the type is void.
//
// Names of references are borrowed: use literals.

#include <string>
#include <utility>

namespace holdfast {

// What is called: a handler, and the key when it has one.
template <class In, class Out>
struct HandlerTarget {
  using Input = In;
  using Output = Out;
  std::string service, key, handler;
};

// A handler of a service; needs no key and is a target as it is.
template <class In, class Out>
struct ServiceHandler {
  using Input = In;
  using Output = Out;
  const char* service;
  const char* handler;
  const char* key = "";  // Always that.
};

// A handler of a keyed entity: ref("the key") is a target.
template <class In, class Out>
struct KeyedHandler {
  using Input = In;
  using Output = Out;
  const char* service;
  const char* handler;

  HandlerTarget<In, Out> operator()(std::string key) const {
    return {service, std::move(key), handler};
  }
};
template <class In, class Out>
using ObjectHandler = KeyedHandler<In, Out>;
template <class In, class Out>
using WorkflowHandler = KeyedHandler<In, Out>;

}  // namespace holdfast
