// A whole server and an endpoint in a process of its own, as it were, with a connection between
// them that breaks where the test says.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <holdfast/endpoint.h>
#include <holdfast/sdk.h>

#include "journal/ids.h"
#include "tests/net/server_fixture.h"

namespace holdfast::net {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;

int connected_to(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  CHECK(::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0,
        "the endpoint is not there");
  return socket;
}

// Hands bytes to and fro. After so many bytes of the endpoint, once, it resets the connection.
class Proxy {
 public:
  explicit Proxy(std::uint16_t to) : to_(to), listening_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    CHECK(::bind(listening_, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
              ::listen(listening_, 16) == 0 &&
              ::getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &size) == 0,
          "the proxy cannot listen");
    port_ = ntohs(address.sin_port);
    CHECK(::pipe(end_) == 0, "no pipe");
    accepting_ = std::thread([this] { accept(); });
  }
  ~Proxy() {
    CHECK(::close(end_[1]) == 0, "a pipe closes");  // Everybody sees it.
    accepting_.join();
    for (std::thread& one : connections_) one.join();
    ::close(end_[0]);
    ::close(listening_);
  }

  std::uint16_t port() const { return port_; }
  void cut_after(long bytes) { budget_ = bytes; }
  // Whether it was cut since.
  bool was_cut() const { return budget_ <= 0; }

 private:
  void accept() {
    for (;;) {
      pollfd ready[2] = {{listening_, POLLIN, 0}, {end_[0], POLLIN, 0}};
      ::poll(ready, 2, -1);
      if (ready[1].revents != 0) return;
      const int client = ::accept(listening_, nullptr, nullptr);
      if (client < 0) continue;
      connections_.emplace_back([this, client] { carry(client, connected_to(to_)); });
    }
  }
  void carry(int client, int endpoint) {
    char bytes[16384];
    bool cut = false;
    while (!cut) {
      pollfd ready[3] = {{client, POLLIN, 0}, {endpoint, POLLIN, 0}, {end_[0], POLLIN, 0}};
      ::poll(ready, 3, -1);
      if (ready[2].revents != 0) break;
      if (ready[0].revents != 0) {
        const ssize_t size = ::recv(client, bytes, sizeof(bytes), 0);
        if (size <= 0) break;
        send(endpoint, bytes, size);
      }
      if (ready[1].revents != 0) {
        const ssize_t size = ::recv(endpoint, bytes, sizeof(bytes), 0);
        if (size <= 0) break;
        const long before = budget_.fetch_sub(size);
        cut = before > 0 && before <= size;
        send(client, bytes, cut ? before : size);
      }
    }
    const linger at_once{1, 0};
    if (cut) ::setsockopt(endpoint, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    ::close(client);
    ::close(endpoint);
  }
  static void send(int socket, const char* bytes, ssize_t size) {
    while (size > 0) {
      const ssize_t sent = ::send(socket, bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes += sent;
      size -= sent;
    }
  }

  const std::uint16_t to_;
  const int listening_;
  int end_[2] = {-1, -1};
  std::uint16_t port_ = 0;
  std::atomic<long> budget_ = 1L << 40;
  std::thread accepting_;
  std::vector<std::thread> connections_;  // Of accepting_, then of the destructor.
};

// A closure waits here, once, until the test has done what it wants to do meanwhile.
class Gate {
 public:
  void pass() {
    std::unique_lock lock(mutex_);
    reached_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void wait_reached() {
    std::unique_lock lock(mutex_);
    BOOST_TEST(changed_.wait_for(lock, 20s, [this] { return reached_; }));
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool reached_ = false, open_ = false;
};

Gate* gate = nullptr;

// Adds one, in steps that each may be cut off.
Task<int> add(ObjectContext& ctx) {
  const int before = (co_await ctx.get<int>("n")).value_or(0);
  const int one = co_await ctx.run("one", [] { return 1; });
  co_await ctx.sleep(2ms);
  const int nothing = co_await ctx.run("nothing", [] { return 0; });
  ctx.set("n", before + one + nothing);
  co_return before + one + nothing;
}
Task<int> value(SharedObjectContext& ctx) { co_return (co_await ctx.get<int>("n")).value_or(0); }

Task<std::string> wait(Context& ctx) {
  auto answer = ctx.awakeable<std::string>();
  co_return co_await answer.future;
}
Task<std::string> wait_with_key(ObjectContext& ctx) {
  auto answer = ctx.awakeable<std::string>();
  co_return co_await answer.future;
}

Task<int> guarded(ObjectContext& ctx) {
  ctx.set("n", (co_await ctx.get<int>("n")).value_or(0) + 1);
  co_await ctx.run("gate", [] { gate->pass(); });
  co_return (co_await ctx.get<int>("n")).value_or(0);
}
Task<int> sleeper(ObjectContext& ctx) {
  ctx.set("n", (co_await ctx.get<int>("n")).value_or(0) + 1);
  co_await ctx.run("gate", [] { gate->pass(); });
  co_await ctx.sleep(3s);
  co_return (co_await ctx.get<int>("n")).value_or(0);
}

struct Fixture : ServerFixture {
  std::unique_ptr<RunningEndpoint> endpoint;
  std::unique_ptr<Proxy> proxy;

  Fixture() {
    const HandlerOptions options = {.retry_policy = RetryPolicy{.initial_interval = 5ms,
                                                                .factor = 1,
                                                                .max_interval = 5ms,
                                                                .max_attempts = std::nullopt,
                                                                .jitter = 0}};
    HandlerOptions no_patience = options;
    no_patience.inactivity_timeout = 1ms;
    Endpoint plan;
    plan.bind(Object("Ledger")
                  .exclusive("add", add, options)
                  .exclusive("guarded", guarded, options)
                  .exclusive("sleeper", sleeper, options)
                  .exclusive("wait", wait_with_key, options)
                  .shared("value", value, options));
    plan.bind(
        Object("Hasty").exclusive("add", add, no_patience).shared("value", value, no_patience));
    plan.bind(Service("Waiter").handler("wait", wait, options));
    auto started = plan.start("127.0.0.1", 0);
    BOOST_REQUIRE_MESSAGE(started.endpoint != nullptr, started.problem);
    endpoint = std::move(started.endpoint);
    proxy = std::make_unique<Proxy>(endpoint->port());
    add_deployment(proxy->port());
  }
  ~Fixture() { stop(); }

  std::string ask(std::string_view method, const std::string& path, BytesView body = {}) {
    const auto response = ServerFixture::ask(method, path, body);
    if (!response) return "no answer: " + response.error().message();
    return std::to_string(response->status) + " " + response->body;
  }
  std::string send(const std::string& path) {
    const std::string answer = ask("POST", path);
    BOOST_REQUIRE_MESSAGE(answer.starts_with("202 "), answer);
    return std::string(json::parse(answer.substr(4)).as_object().at("invocationId").as_string());
  }
  std::string result_of(const std::string& id) {
    return ask("GET", "/restate/invocation/" + id + "/attach");
  }
  void resolve_first_awakeable_of(const std::string& id, const std::string& value) {
    const auto invocation = journal::InvocationId::from_text(id).value();
    const std::string answer = ask(
        "POST", "/restate/awakeables/" + journal::AwakeableId{invocation, 17}.text() + "/resolve",
        value);
    BOOST_TEST(answer.starts_with("202"));
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(remote_engine, Fixture)

BOOST_AUTO_TEST_CASE(a_connection_cut_anywhere_changes_no_result) {
  for (const std::string service : {"Ledger", "Hasty"}) {
    int cut = 0;
    for (long bytes = 1;; bytes += 13) {
      const std::string key = "/" + service + "/k" + std::to_string(bytes);
      proxy->cut_after(bytes);

      const std::string answer = ask("POST", key + "/add");

      const bool was_cut = proxy->was_cut();
      proxy->cut_after(1L << 40);
      BOOST_TEST_CONTEXT(service << " cut after " << bytes) {
        BOOST_TEST(answer == "200 1");
        BOOST_TEST(ask("POST", key + "/value") == "200 1");
      }
      if (!was_cut) break;
      ++cut;
    }
    BOOST_TEST(cut > 10);
  }
}

BOOST_AUTO_TEST_CASE(a_signal_to_one_that_is_scheduled_is_kept) {
  const std::string id = send("/Waiter/wait/send?delay=500ms");

  resolve_first_awakeable_of(id, "\"early\"");

  BOOST_TEST(result_of(id) == "200 \"early\"");
}

BOOST_AUTO_TEST_CASE(a_signal_to_one_that_is_queued_is_kept) {
  const std::string first = send("/Ledger/q/wait/send");
  const std::string second = send("/Ledger/q/wait/send");

  resolve_first_awakeable_of(second, "\"second\"");
  resolve_first_awakeable_of(first, "\"first\"");

  BOOST_TEST(result_of(first) == "200 \"first\"");
  BOOST_TEST(result_of(second) == "200 \"second\"");
}

BOOST_AUTO_TEST_CASE(a_server_that_stops_while_a_closure_executes_goes_on_at_the_next_start) {
  Gate one;
  gate = &one;
  const std::string id = send("/Ledger/r/guarded/send");
  one.wait_reached();

  stop();
  one.open();
  start();

  BOOST_TEST(result_of(id) == "200 1");
  BOOST_TEST(ask("POST", "/Ledger/r/value") == "200 1");
}

BOOST_AUTO_TEST_CASE(a_server_that_stops_while_a_handler_sleeps_goes_on_at_the_next_start) {
  Gate one;
  one.open();
  gate = &one;
  const std::string id = send("/Ledger/s/sleeper/send");
  one.wait_reached();

  stop();
  start();

  BOOST_TEST(result_of(id) == "200 1");
  BOOST_TEST(ask("POST", "/Ledger/s/value") == "200 1");
}

BOOST_AUTO_TEST_CASE(a_server_stops_at_once_under_open_attempts) {
  for (int i = 0; i < 50; ++i) send("/Waiter/wait/send");
  const auto began = std::chrono::steady_clock::now();

  stop();

  // They are asked to suspend; nobody waits for their timeouts or for the engine's patience of 5 s.
  BOOST_TEST((std::chrono::steady_clock::now() - began < std::chrono::seconds(3)));
  start();

  BOOST_TEST(ask("POST", "/Ledger/z/add") == "200 1");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::net
