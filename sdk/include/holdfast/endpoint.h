#pragma once
// Endpoint: handlers in a process of their own, called by a server over HTTP.
//
//   int main() {
//     return holdfast::Endpoint()
//         .bind(holdfast::Service("Greeter").handler("greet", greet))
//         .identity_key("publickeyv1_...")        // Who may call; `holdfast identity new` makes
//         one. .listen(9080);
//   }
//
// Then, once: curl localhost:9070/deployments --json '{"uri": "http://localhost:9080"}'. The same
// handlers can be linked into a server instead (server.h); they do not know the difference. It
// speaks the Restate service protocol, versions 5 to 7, over HTTP/2 (plain by prior knowledge, or
// TLS) with both directions open, and over HTTP/1.1 as request and response; so any server of that
// protocol can call it.
//
// Threads. Handlers run on one thread, all of them in turns between their awaits: what blocks or
// computes for long belongs into a run(). Closures of run() are executed on threads of their own,
// as many as needed up to step_threads_max().
//
// Durability. A closure runs when its command has been sent; the protocol has no word that the
// command is stored, and other SDKs wait for none either. What a closure returned is used once the
// server says it is stored. So after a crash a closure may run again, never with another result
// taken for its own; what it does outside should bear a repetition, as in the server.
//
// A stop is gentle: no new attempts; those that wait are suspended, so that the server goes on with
// them elsewhere; those that execute closures are given time. What is cut off is tried again.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <holdfast/service.h>

namespace holdfast {

// An endpoint that serves. Destroying it stops it.
class RunningEndpoint {
 public:
  virtual ~RunningEndpoint() = default;
  virtual std::uint16_t port() const = 0;
  // Returns when the attempts are over or after the drain time. Idempotent. Not from a handler.
  virtual void stop() = 0;
  // Whether closures are still executed, which nobody can call back. What they use must live on.
  virtual bool closures_running() const = 0;
};

// The plan of one. Each call replaces what the same one said before, but for bind() and
// identity_key().
class Endpoint {
 public:
  Endpoint();
  ~Endpoint();
  Endpoint(Endpoint&&) noexcept;
  Endpoint& operator=(Endpoint&&) noexcept;

  Endpoint& bind(ServiceDefinition service);
  // Requests must be signed with this key, "publickeyv1_...", or with one of several. Without any,
  // whoever reaches the port may call handlers.
  Endpoint& identity_key(std::string public_key);
  // PEM files. The port speaks TLS only.
  Endpoint& tls(std::string certificate_file, std::string key_file);
  // Closures that may block at the same time; more wait. [512]
  Endpoint& step_threads_max(std::size_t threads);
  // Bytes of journals held by attempts; above it new ones are refused with 503. [512 MiB]
  Endpoint& journal_bytes_max(std::size_t bytes);
  // How long a stop waits for attempts. [10 s]
  Endpoint& drain_time(std::chrono::milliseconds time);

  // Serves until SIGTERM or SIGINT; a second signal ends the process at once. Returns the exit
  // code: 0, or 1 with one line on stderr when it cannot start. Once a process. The port is open on
  // all addresses, or on that of `host`.
  int listen(std::uint16_t port);
  int listen(std::string host, std::uint16_t port);

  // The same without signals, for a program that has other things to do. Port 0 lets the system
  // choose. On failure `endpoint` is null and `problem` one sentence.
  struct Started {
    std::unique_ptr<RunningEndpoint> endpoint;
    std::string problem;
  };
  Started start(std::string host, std::uint16_t port);

 private:
  struct Plan;
  std::unique_ptr<Plan> plan_;
};

}  // namespace holdfast
