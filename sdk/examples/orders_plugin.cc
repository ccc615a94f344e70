// Handlers in a library of their own, loaded by the ready-made server:
//
//   holdfast serve --load ./orders_plugin.so
//   curl http://127.0.0.1:8080/Orders/price -H 'content-type: application/json'
//        -d '{"items":[{"name":"tea","cents":250,"count":2}]}'

#include <cstdint>
#include <string>
#include <vector>

#include <holdfast/sdk.h>

namespace {

struct Item {
  std::string name;
  std::int64_t cents = 0;
  std::uint32_t count = 1;
};
BOOST_DESCRIBE_STRUCT(Item, (), (name, cents, count))

struct Basket {
  std::vector<Item> items;
};
BOOST_DESCRIBE_STRUCT(Basket, (), (items))

struct Price {
  std::int64_t cents = 0;
};
BOOST_DESCRIBE_STRUCT(Price, (), (cents))

holdfast::Task<Price> price(holdfast::Context& ctx, Basket basket) {
  const std::int64_t cents = co_await ctx.run("sum", [&] {
    std::int64_t sum = 0;
    for (const Item& item : basket.items) sum += item.cents * item.count;
    return sum;
  });
  co_return Price{cents};
}

}  // namespace

HOLDFAST_SERVICES(holdfast::Service("Orders").handler("price", price))
