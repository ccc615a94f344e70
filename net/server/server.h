#pragma once
// Server: builds every part in order, stops them in reverse; decides nothing.
//
//   data folder, store, log, committer, catalog, handlers | ports | outgoing HTTP | engine,
//   ingress, admin | io thread
//
// The ports are taken before the engine starts, so that a server that cannot listen runs no
// handler, and the io thread starts last, so that no request meets half a server.

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "actors/catalog/catalog.h"
#include "actors/catalog/registry.h"
#include "actors/engine.h"
#include "net/admin/admin.h"
#include "net/egress/all_handlers.h"
#include "net/egress/embedded_handlers.h"
#include "net/egress/http_discovery.h"
#include "net/egress/identity.h"
#include "net/egress/remote/remote_handlers.h"
#include "net/http/outgoing/outgoing_http.h"
#include "net/http/server.h"
#include "net/ingress/ingress.h"
#include "net/server/clock_watch.h"
#include "net/server/config.h"
#include "net/server/io_loop.h"
#include "sdk/include/holdfast/service.h"
#include "storage/base/clock.h"
#include "storage/base/random.h"
#include "storage/committer.h"
#include "storage/format_version.h"
#include "storage/local_log.h"
#include "storage/rocks_store.h"

namespace holdfast::net {

class Server {
 public:
  // Takes requests from here on. The message of an error is one line that says what to do about it.
  static Result<std::unique_ptr<Server>> start(const Config& config,
                                               std::vector<ServiceDefinition> services);
  // Stops.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Takes no more connections, gives requests drain_ms to end, answers 503 to those that still
  // wait, lets what runs reach a durable point. Blocks. Calling it again does nothing. Not on the
  // io thread.
  void stop();
  // Closures of handlers are executing; as long as that is so, the server must not be destroyed.
  bool closures_running() const {
    return engine_ != nullptr && engine_->counts().steps_running > 0;
  }

  // With the ports that are really used: http://127.0.0.1:8080.
  std::string ingress_url() const;
  std::string admin_url() const;
  // Those that can be called now, in this process and behind HTTP.
  std::size_t services() const { return catalog_->snapshot()->size(); }

  actors::Engine& engine() { return *engine_; }

 private:
  Server(const Config& config, std::vector<ServiceDefinition> services);

  Result<void> open_store();
  Result<void> open_catalog();
  Result<void> restore_catalog();
  Result<void> listen();
  Result<void> open_handlers();
  Result<void> start_engine();
  void start_io();
  void stop_transport();

  const Config config_;
  const std::vector<ServiceDefinition> services_;
  SystemClock clock_;
  SystemRandom random_;

  // In the order in which they are built.
  std::optional<storage::DataFolder> folder_;
  std::unique_ptr<storage::RocksStore> store_;
  std::unique_ptr<storage::LocalLog> log_;
  std::unique_ptr<storage::Committer> committer_;
  std::unique_ptr<actors::Catalog> catalog_;
  std::unique_ptr<actors::Registry> registry_;
  std::unique_ptr<Identity> identity_;  // Null: requests to endpoints are not signed.
  std::unique_ptr<OutgoingHttp> outgoing_;
  std::unique_ptr<HttpDiscovery> discovery_;
  std::unique_ptr<EmbeddedHandlers> embedded_;
  std::unique_ptr<RemoteHandlers> remote_;
  std::unique_ptr<AllHandlers> handlers_;
  IoLoop loop_{io_};
  std::unique_ptr<actors::Engine> engine_;
  std::unique_ptr<Ingress> ingress_;
  std::unique_ptr<Admin> admin_;
  boost::asio::io_context io_{1};
  std::optional<ClockWatch> clock_watch_;
  std::unique_ptr<HttpServer> ingress_port_;
  std::unique_ptr<HttpServer> admin_port_;
  std::thread io_thread_;
  bool stopped_ = false;
};

}  // namespace holdfast::net
