// Endpoint of holdfast/endpoint.h: the plan, the signals, the exit codes.

#include "sdk/include/holdfast/endpoint.h"

#include <fmt/format.h>
#include <semaphore.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "sdk/endpoint/endpoint_server.h"
#include "storage/base/log.h"

namespace holdfast {
namespace {

constexpr Logger kLog("sdk");
constexpr const char* kEverywhere = "0.0.0.0";
constexpr int kExitFailed = 1;
constexpr int kExitImpatient = 130;

// Signals reach a process, not an object.
sem_t stop_asked;
std::atomic<bool> was_asked{false};
static_assert(std::atomic<bool>::is_always_lock_free, "used in a signal handler");

void on_signal(int) {
  if (was_asked.exchange(true)) _exit(kExitImpatient);
  const int error_before = errno;
  sem_post(&stop_asked);
  errno = error_before;
}

void catch_signals() {
  sem_init(&stop_asked, 0, 0);
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

}  // namespace

struct Endpoint::Plan {
  runtime::EndpointOptions options;
};

Endpoint::Endpoint() : plan_(std::make_unique<Plan>()) {}
Endpoint::~Endpoint() = default;
Endpoint::Endpoint(Endpoint&&) noexcept = default;
Endpoint& Endpoint::operator=(Endpoint&&) noexcept = default;

Endpoint& Endpoint::bind(ServiceDefinition service) {
  plan_->options.services.push_back(std::move(service));
  return *this;
}

Endpoint& Endpoint::identity_key(std::string public_key) {
  plan_->options.identity_keys.push_back(std::move(public_key));
  return *this;
}

Endpoint& Endpoint::tls(std::string certificate_file, std::string key_file) {
  plan_->options.certificate_file = std::move(certificate_file);
  plan_->options.key_file = std::move(key_file);
  return *this;
}

Endpoint& Endpoint::step_threads_max(std::size_t threads) {
  plan_->options.step_threads_max = threads;
  return *this;
}

Endpoint& Endpoint::journal_bytes_max(std::size_t bytes) {
  plan_->options.journal_bytes_max = bytes;
  return *this;
}

Endpoint& Endpoint::drain_time(std::chrono::milliseconds time) {
  plan_->options.drain_time = time;
  return *this;
}

Endpoint::Started Endpoint::start(std::string host, std::uint16_t port) {
  runtime::EndpointOptions options = plan_->options;
  options.host = std::move(host);
  options.port = port;
  auto server = runtime::EndpointServer::start(std::move(options));
  if (!server) return {nullptr, server.error().message()};
  return {std::move(*server), {}};
}

int Endpoint::listen(std::uint16_t port) { return listen(kEverywhere, port); }

int Endpoint::listen(std::string host, std::uint16_t port) {
  catch_signals();
  const Started started = start(host, port);
  if (started.endpoint == nullptr) {
    fmt::print(stderr, "holdfast: {}\n", started.problem);
    return kExitFailed;
  }
  const char* const scheme = plan_->options.certificate_file.empty() ? "http" : "https";
  if (plan_->options.identity_keys.empty() && host == kEverywhere) {
    kLog.warn("no identity key", "whoever reaches port {} may call the handlers",
              started.endpoint->port());
  }
  fmt::print("holdfast endpoint ready: {}://{}:{}, services {}\n", scheme, host,
             started.endpoint->port(), plan_->options.services.size());
  std::fflush(stdout);
  while (sem_wait(&stop_asked) != 0 && errno == EINTR) {
  }
  started.endpoint->stop();
  // A closure that still blocks cannot be called back, and what it uses must not go under it.
  if (started.endpoint->closures_running()) {
    std::fflush(stdout);
    std::_Exit(0);
  }
  return 0;
}

}  // namespace holdfast
