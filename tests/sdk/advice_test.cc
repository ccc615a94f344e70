#include <boost/test/unit_test.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "tests/sdk/support/scripted_engine.h"

namespace holdfast {

using namespace std::chrono_literals;
using protocol::CompletionRef;
using protocol::Void;
using testing::ScriptedEngine;
using testing::text_handler;
namespace restate = protocol::restate;
using restate::Version;

BOOST_AUTO_TEST_SUITE(advice)

// Engines take what they were told for over as soon as they have told something themselves.
BOOST_AUTO_TEST_CASE(version_7_tells_again_what_it_waits_for_when_it_is_told_anything_else) {
  ScriptedEngine engine(text_handler([](Context& ctx) -> Task<std::string> {
                          const auto nap = ctx.sleep(1s);
                          const auto step = ctx.run("a", [] { return 1; });
                          co_return co_await ctx.awakeable<std::string>().future;
                        }),
                        Version::k7);
  const auto closures_when_it_tells = [&engine]() -> std::optional<bool> {
    const auto waits = engine.next<restate::AwaitingOn>();
    if (!waits) return {};
    BOOST_TEST(waits->awaiting.signals == (std::vector<std::uint32_t>{17, 1}));
    return waits->executing_side_effects;
  };

  engine.start();
  BOOST_TEST((closures_when_it_tells() == true));
  engine.execute();
  BOOST_TEST((closures_when_it_tells() == false));
  engine.commit();  // The ack of the closure's outcome.
  BOOST_TEST((closures_when_it_tells() == false));
  engine.notify(CompletionRef{1}, Void{});
  BOOST_TEST((closures_when_it_tells() == false));

  BOOST_TEST(!closures_when_it_tells().has_value());
  engine.notify(17u, Bytes("\"yes\""));
  BOOST_TEST(engine.result() == "yes");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast
