#include <holdfast/service.h>

#include <stdexcept>

#include <boost/test/unit_test.hpp>

#include <holdfast/sdk.h>

namespace {

using namespace std::chrono_literals;  // NOLINT: as in handlers.
using holdfast::Bytes;
using holdfast::HandlerDefinition;
using holdfast::HandlerKind;
using holdfast::Object;
using holdfast::Service;
using holdfast::ServiceDefinition;
using holdfast::ServiceKind;
using holdfast::Task;
using holdfast::Workflow;
namespace runtime = holdfast::runtime;

// A core for handlers that ask for nothing but their key.
class BareCore : public runtime::ContextCore {
 public:
  using Slot = runtime::Slot;
  Slot* run(std::string, const std::optional<holdfast::RunOptions>&, runtime::StepBody) override {
    return refuse();
  }
  Slot* sleep(std::chrono::milliseconds, std::string) override { return refuse(); }
  Slot* sleep_until(std::int64_t, std::string) override { return refuse(); }
  Slot* get_state(Bytes) override { return refuse(); }
  Slot* get_state_keys() override { return refuse(); }
  void set_state(Bytes, Bytes) override { refuse(); }
  void clear_state(Bytes) override { refuse(); }
  void clear_all_state() override { refuse(); }
  runtime::CallSlots call(runtime::CallRequest) override { return {refuse(), nullptr}; }
  Slot* send(runtime::CallRequest, std::chrono::milliseconds) override { return refuse(); }
  Slot* attach(runtime::Target) override { return refuse(); }
  Slot* output(runtime::Target) override { return refuse(); }
  void send_signal(std::string, runtime::SignalId, runtime::Resolution) override { refuse(); }
  void cancel(std::string) override { refuse(); }
  Slot* get_promise(std::string) override { return refuse(); }
  Slot* peek_promise(std::string) override { return refuse(); }
  Slot* complete_promise(std::string, runtime::Resolution) override { return refuse(); }
  runtime::AwakeableSlot awakeable() override { return {"", refuse()}; }
  void complete_awakeable(std::string, runtime::Resolution) override { refuse(); }
  Slot* signal(std::string) override { return refuse(); }
  std::int64_t now_unix_ms() override { return 0; }
  std::uint64_t random_bits() override { return 0; }
  void log(runtime::Severity, const std::string&) override {}
  const std::string& invocation_id() const override { return id_; }
  const std::string& key() const override { return key_; }
  const holdfast::Headers& headers() const override { return headers_; }
  bool begin_await(const runtime::Awaited&) override { return true; }
  void block(const runtime::Awaited&, std::coroutine_handle<>) override { refuse(); }
  void end_await() override {}

 private:
  Slot* refuse() { throw std::logic_error("not in this test"); }

  std::string id_ = "inv_1", key_ = "k";
  holdfast::Headers headers_;
};

struct Person {
  std::string name;
  std::int32_t age = 0;
};
BOOST_DESCRIBE_STRUCT(Person, (), (name, age))

Task<std::string> greet(holdfast::Context&, Person person) { co_return "Hello, " + person.name; }
Task<void> ping(holdfast::Context&) { co_return; }
Task<int> add(holdfast::ObjectContext&, int x) { co_return x + 1; }
Task<std::string> key_of(holdfast::SharedObjectContext& ctx) { co_return ctx.key(); }
Task<int> run(holdfast::WorkflowContext&, std::optional<int> x) { co_return x.value_or(7); }
Task<void> approve(holdfast::SharedWorkflowContext&, const bool&) { co_return; }
Task<holdfast::Raw> echo(holdfast::Context&, holdfast::Raw raw) { co_return raw; }
Task<int> fail(holdfast::Context&) {
  throw holdfast::TerminalError("no", 418);
  co_return 1;
}

Bytes call(const HandlerDefinition& handler, const Bytes& input) {
  BareCore core;
  const Task<Bytes> task = handler.invoke(core, input);
  task.start();
  BOOST_REQUIRE(task.done());
  return task.take();
}

// Code and message of the TerminalError.
std::pair<int, std::string> failure_of(const HandlerDefinition& handler, const Bytes& input) {
  try {
    call(handler, input);
  } catch (const holdfast::TerminalError& error) {
    return {error.code(), error.message()};
  }
  return {0, "no error"};
}

std::string problem_of(const ServiceDefinition& service) {
  return holdfast::problem(service).value_or("fine");
}

BOOST_AUTO_TEST_SUITE(service)

BOOST_AUTO_TEST_CASE(a_builder_writes_a_definition) {
  const ServiceDefinition object = Object("Counter", {.documentation = "counts"})
                                       .exclusive("add", add, {.journal_retention = 24h})
                                       .shared("key", key_of);

  BOOST_TEST(object.name == "Counter");
  BOOST_TEST((object.kind == ServiceKind::kObject));
  BOOST_TEST(object.options.documentation.value() == "counts");
  BOOST_REQUIRE(object.handlers.size() == 2U);
  BOOST_TEST(object.handlers[0].name == "add");
  BOOST_TEST((object.handlers[0].kind == HandlerKind::kExclusive));
  BOOST_TEST((object.handlers[0].options.journal_retention == 24h));
  BOOST_TEST((object.handlers[1].kind == HandlerKind::kShared));
}

BOOST_AUTO_TEST_CASE(builders_stand_in_a_list_of_definitions) {
  const std::vector<ServiceDefinition> services = {
      Service("A").handler("greet", greet), Object("B").exclusive("add", add),
      Workflow("C").run(run).shared("approve", approve)};
  const std::vector<ServiceDefinition> one = {Service("A").handler("greet", greet)};

  BOOST_TEST(services.size() == 3U);
  BOOST_TEST(services[2].handlers[0].name == "run");
  BOOST_TEST(one.size() == 1U);
  BOOST_TEST(!holdfast::problem(services).has_value());
}

BOOST_AUTO_TEST_CASE(content_types_follow_the_signature) {
  const ServiceDefinition service =
      Service("S").handler("greet", greet).handler("ping", ping).handler("echo", echo);
  const ServiceDefinition workflow = Workflow("W").run(run);

  BOOST_TEST(service.handlers[0].input_content_type == "application/json");
  BOOST_TEST(service.handlers[0].output_content_type == "application/json");
  BOOST_TEST(service.handlers[0].input_required);
  BOOST_TEST(!service.handlers[0].input_forbidden);
  BOOST_TEST(service.handlers[1].input_content_type.empty());
  BOOST_TEST(service.handlers[1].output_content_type.empty());
  BOOST_TEST(!service.handlers[1].input_required);
  BOOST_TEST(service.handlers[1].input_forbidden);
  BOOST_TEST(service.handlers[2].input_content_type == "*/*");
  BOOST_TEST(service.handlers[2].output_content_type == "application/octet-stream");
  BOOST_TEST(!service.handlers[2].input_required);
  BOOST_TEST(!workflow.handlers[0].input_required);
  BOOST_TEST(!workflow.handlers[0].input_forbidden);
}

BOOST_AUTO_TEST_CASE(invoke_decodes_runs_and_encodes) {
  const ServiceDefinition service =
      Service("S").handler("greet", greet).handler("ping", ping).handler("echo", echo);
  const ServiceDefinition object = Object("O").exclusive("add", add).shared("key", key_of);
  const ServiceDefinition workflow = Workflow("W").run(run).shared("approve", approve);

  BOOST_TEST(call(service.handlers[0], R"({"name":"Ada","age":36})") == "\"Hello, Ada\"");
  BOOST_TEST(call(service.handlers[1], "").empty());
  BOOST_TEST(call(service.handlers[2], Bytes("\0\xFF", 2)) == Bytes("\0\xFF", 2));
  BOOST_TEST(call(object.handlers[0], "41") == "42");
  BOOST_TEST(call(object.handlers[1], "") == "\"k\"");
  BOOST_TEST(call(workflow.handlers[0], "") == "7");
  BOOST_TEST(call(workflow.handlers[0], "8") == "8");
  BOOST_TEST(call(workflow.handlers[1], "true").empty());
}

BOOST_AUTO_TEST_CASE(an_input_that_does_not_fit_is_a_terminal_400_with_the_place) {
  const ServiceDefinition service = Service("S").handler("greet", greet);

  const auto [code, message] = failure_of(service.handlers[0], R"({"name":"Ada","age":"old"})");

  BOOST_TEST(code == 400);
  BOOST_TEST(message == "invalid input: $.age: expected an integer, got a string");
  BOOST_TEST(failure_of(service.handlers[0], "").first == 400);
}

BOOST_AUTO_TEST_CASE(an_error_of_the_handler_passes_through) {
  const ServiceDefinition service = Service("S").handler("fail", fail);

  BOOST_TEST(failure_of(service.handlers[0], "").first == 418);
}

BOOST_AUTO_TEST_CASE(a_lambda_lives_as_long_as_its_calls) {
  auto prefix = std::make_shared<std::string>("dear ");
  BareCore core;
  Task<Bytes> task;
  {
    const auto greet = [prefix](holdfast::Context&, std::string name) -> Task<std::string> {
      co_return *prefix + name;
    };
    const ServiceDefinition service = Service("S").handler("greet", greet);
    task = service.handlers[0].invoke(core, "\"Ada\"");
  }

  task.start();

  BOOST_REQUIRE(task.done());
  BOOST_TEST(task.take() == "\"dear Ada\"");
  BOOST_TEST(prefix.use_count() == 2);
  task = {};
  BOOST_TEST(prefix.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(names_follow_the_rules) {
  for (const char* good : {"a", "Greeter", "_1", "_a", "my.service-2", "A_b"}) {
    BOOST_TEST(problem_of(Service(good).handler("ping", ping)) == "fine", good);
  }
  for (const char* bad : {"", "1a", "_", "__a", "-a", ".a", "a b", "a/b", "\xC3\xBC", "restate"}) {
    BOOST_TEST(problem_of(Service(bad).handler("ping", ping)) != "fine", bad);
  }
  for (const char* good : {"a", "_1", "a_b2"}) {
    BOOST_TEST(problem_of(Service("S").handler(good, ping)) == "fine", good);
  }
  for (const char* bad : {"", "a.b", "a-b", "_", "1", "a/b", "a "}) {
    BOOST_TEST(problem_of(Service("S").handler(bad, ping)) != "fine", bad);
  }
}

BOOST_AUTO_TEST_CASE(shapes_that_make_no_sense_are_named) {
  BOOST_TEST(problem_of(Service("S")) == "service \"S\": it has no handlers");
  BOOST_TEST(problem_of(Service("S").handler("a", ping).handler("a", ping)) ==
             "service \"S\": handler \"a\": it is there twice");
  BOOST_TEST(problem_of(Workflow("W").shared("approve", approve)) ==
             "service \"W\": a workflow has exactly one run handler");
  BOOST_TEST(problem_of(Workflow("W").run(run).run(run, "again")) ==
             "service \"W\": a workflow has exactly one run handler");
  BOOST_TEST(holdfast::problem({Service("S").handler("a", ping), Service("S").handler("b", ping)})
                 .value_or("fine") == "service \"S\": it is there twice");

  ServiceDefinition mixed = Service("S").handler("a", ping);
  mixed.handlers[0].kind = HandlerKind::kRun;
  BOOST_TEST(problem_of(mixed) != "fine");
  mixed.handlers[0] = HandlerDefinition{.name = "a"};
  BOOST_TEST(problem_of(mixed) == "service \"S\": handler \"a\": there is no code behind it");
}

BOOST_AUTO_TEST_CASE(options_that_make_no_sense_are_named) {
  const auto with = [](holdfast::HandlerOptions options) {
    return problem_of(Service("S").handler("a", ping, std::move(options)));
  };
  using holdfast::RetryPolicy;

  BOOST_TEST(with({.inactivity_timeout = 1min, .journal_retention = 0ms}) == "fine");
  BOOST_TEST(with({.retry_policy = RetryPolicy{.max_attempts = std::nullopt}}) == "fine");
  BOOST_TEST(with({.inactivity_timeout = 0ms}) != "fine");
  BOOST_TEST(with({.abort_timeout = -1ms}) != "fine");
  BOOST_TEST(with({.journal_retention = -1ms}) != "fine");
  BOOST_TEST(with({.workflow_retention = 1h}) != "fine");
  BOOST_TEST(with({.retry_policy = RetryPolicy{.initial_interval = 0ms}}) != "fine");
  BOOST_TEST(with({.retry_policy = RetryPolicy{.factor = 0.5}}) != "fine");
  BOOST_TEST(with({.retry_policy = RetryPolicy{.max_interval = 1ms}}) != "fine");
  BOOST_TEST(with({.retry_policy = RetryPolicy{.max_attempts = 0}}) != "fine");
  BOOST_TEST(with({.retry_policy = RetryPolicy{.jitter = 1.5}}) != "fine");
  BOOST_TEST(problem_of(Workflow("W", {.workflow_retention = 1h}).run(run)) == "fine");
  BOOST_TEST(problem_of(Workflow("W").run(run, "run", {.idempotency_retention = 1h})) != "fine");
}

BOOST_AUTO_TEST_CASE(references_name_their_target) {
  constexpr holdfast::ServiceHandler<Person, std::string> greet_ref{"Greeter", "greet"};
  constexpr holdfast::ObjectHandler<int, int> add_ref{"Counter", "add"};

  const auto target = add_ref("visits");

  BOOST_TEST(std::string(greet_ref.service) == "Greeter");
  BOOST_TEST(std::string(greet_ref.key).empty());
  static_assert(holdfast::CallTarget<decltype(greet_ref)>);
  static_assert(holdfast::CallTarget<decltype(target)>);
  BOOST_TEST(target.service == "Counter");
  BOOST_TEST(target.key == "visits");
  BOOST_TEST(target.handler == "add");
  static_assert(std::is_same_v<decltype(target)::Input, int>);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
