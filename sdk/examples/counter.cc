// An object: a number for each key, that survives everything.
//
//   curl http://127.0.0.1:8080/Counter/visits/add -H 'content-type: application/json' -d 5
//   curl -X POST http://127.0.0.1:8080/Counter/visits/get

#include <cstdint>

#include <holdfast/sdk.h>

namespace {

// Exclusive: one call at a time for a key, so that read and write need no lock.
holdfast::Task<std::int64_t> add(holdfast::ObjectContext& ctx, std::int64_t amount) {
  const auto stored = co_await ctx.get<std::int64_t>("count");
  const std::int64_t count = stored.value_or(0) + amount;
  ctx.set("count", count);
  co_return count;
}

holdfast::Task<void> reset(holdfast::ObjectContext& ctx) {
  ctx.clear_all();
  co_return;
}

// Shared: answers also while an add is running.
holdfast::Task<std::int64_t> get(holdfast::SharedObjectContext& ctx) {
  const auto stored = co_await ctx.get<std::int64_t>("count");
  co_return stored.value_or(0);
}

}  // namespace

int main(int argc, char** argv) {
  return holdfast::run_server(argc, argv,
                              {holdfast::Object("Counter")
                                   .exclusive("add", add)
                                   .exclusive("reset", reset)
                                   .shared("get", get)});
}
