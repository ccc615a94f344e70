#include "net/server/server.h"

#include <fmt/format.h>

#include <condition_variable>
#include <mutex>
#include <utility>

#include "net/admin/answer.h"
#include "net/ingress/reply.h"
#include "net/server/memory_limit.h"
#include "net/server/version.h"
#include "storage/base/log.h"
#include "storage/base/thread_name.h"

namespace holdfast::net {
namespace {

constexpr Logger log("server");

// What runs gets this long to reach a durable point when the engine stops.
constexpr Millis kEnginePatience{5000};
// After the engine has answered those that waited, their answers get this long to be sent.
constexpr Millis kLastAnswers{500};

// Counts down from threads of its own choosing; one thread waits.
class Latch {
 public:
  explicit Latch(int count) : count_(count) {}

  void down() {
    const std::lock_guard lock(mutex_);
    --count_;
    changed_.notify_all();
  }
  // Whether it came to 0 in time.
  bool wait_for(Millis time) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, time, [this] { return count_ <= 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_;  // By mutex_.
};

std::string listen_host(const Address& address) {
  return address.host == "localhost" ? "127.0.0.1" : address.host;
}

Result<std::unique_ptr<HttpServer>> listen_for(const char* what, boost::asio::io_context& io,
                                               HttpServerOptions options, HttpHandler handler) {
  auto port = HttpServer::listen(io, std::move(options), std::move(handler));
  if (port.has_value()) return port;
  return Error(port.error().code(), fmt::format("{}: {}", what, port.error().message()));
}

// Says what an operator can do about a store that does not open.
Result<void> with_advice(Result<void> opened) {
  if (opened || opened.error().message().find("store: ") == std::string::npos) return opened;
  const Error& error = opened.error();
  const bool is_damaged = error.code() == ErrorCode::kCorruption;
  return Error(error.code(), fmt::format("{}; check the disk, then {} (HF0003)", error.message(),
                                         is_damaged ? "restore a backup" : "start again"));
}

std::string url_of(const char* scheme, const std::string& configured, const HttpServer* port) {
  Result<Address> address = parse_address(configured);
  if (!address) return configured;
  if (port != nullptr) address->port = port->port();
  return fmt::format("{}://{}", scheme, address->text());
}

}  // namespace

Server::Server(const Config& config, std::vector<ServiceDefinition> services)
    : config_(config), services_(std::move(services)) {}

Server::~Server() {
  stop();
  // Nobody runs io_ any more.
  admin_port_.reset();
  ingress_port_.reset();
}

Result<std::unique_ptr<Server>> Server::start(const Config& config,
                                              std::vector<ServiceDefinition> services) {
  if (const auto found = problem(services)) return Error(ErrorCode::kInvalidArgument, *found);
  std::unique_ptr<Server> server(new Server(config, std::move(services)));
  TRY(with_advice(server->open_store()));
  TRY(with_advice(server->open_catalog()));
  TRY(server->open_handlers());
  TRY(server->listen());
  TRY(server->start_engine());
  server->start_io();
  return server;
}

Result<void> Server::open_store() {
  folder_.emplace(TRY(storage::open_data_folder(config_.data_folder)));
  storage::RocksStore::Options options;
  options.memory_budget_bytes = config_.store_memory_mib << 20;
  if (config_.accept_log_damage) options.log_damage = storage::RocksStore::LogDamage::kEndsThere;
  store_ = TRY(storage::RocksStore::open(folder_->store_path(), options));
  TRY(folder_->adopt());
  log_ = TRY(
      storage::LocalLog::open(*store_, storage::KeyRange{}, clock_, journal::recount_invocations));
  committer_ =
      std::make_unique<storage::Committer>(*log_, log_->epoch(), storage::Committer::Options{});
  return {};
}

Result<void> Server::open_catalog() {
  catalog_ = std::make_unique<actors::Catalog>(catalog_of(services_));
  TRY(restore_catalog());
  return {};
}

Result<void> Server::open_handlers() {
  if (!config_.identity_keys.empty()) identity_ = TRY(Identity::load(config_.identity_keys));
  outgoing_ = TRY(OutgoingHttp::create(io_));
  discovery_ = std::make_unique<HttpDiscovery>(
      io_, *outgoing_, [this](HttpHeaders& headers, std::string_view path) {
        headers.emplace_back(kClusterNameHeader, config_.cluster_name);
        if (identity_ == nullptr) return;
        const auto proven = identity_->sign(path, {}, clock_.now(), headers);
        if (!proven) log.error("a request is not signed", "why={}", proven.error().message());
      });
  embedded_ = std::make_unique<EmbeddedHandlers>(services_);
  remote_ =
      std::make_unique<RemoteHandlers>(std::make_shared<IoAttemptClock>(io_), *outgoing_, *catalog_,
                                       identity_.get(), clock_, config_.cluster_name);
  handlers_ = std::make_unique<AllHandlers>(*catalog_, *embedded_, *remote_);
  return {};
}

// INV-11: what cannot be read of one service or deployment is reported, and stops no other.
Result<void> Server::restore_catalog() {
  const journal::Tables tables(*store_);
  actors::Settings settings;
  TRY(tables.each_settings([&](std::string_view service, Result<journal::ServiceSettings> stored) {
    if (!stored) {
      // It may have been closed; better closed than open.
      log.error("settings unreadable, the service is private until they are set again",
                "service={} why={}", service, stored.error().message());
      stored = journal::ServiceSettings{.is_public = false};
    }
    settings.emplace(service, std::move(*stored));
    return true;
  }));
  std::vector<journal::Deployment> deployments;
  std::vector<journal::DeploymentId> unreadable;
  TRY(tables.each_deployment(
      [&](const journal::DeploymentId& id, Result<journal::Deployment> stored) {
        if (stored) {
          deployments.push_back(std::move(*stored));
        } else {
          log.error("deployment unreadable, its services are unavailable", "deployment={} why={}",
                    id.text(), stored.error().message());
          unreadable.push_back(id);
        }
        return true;
      }));
  catalog_->restore(std::move(deployments), std::move(settings));
  registry_ = std::make_unique<actors::Registry>(*catalog_, *committer_, clock_, random_,
                                                 std::move(unreadable));
  return {};
}

Result<void> Server::listen() {
  const Address ingress = TRY(parse_address(config_.ingress));
  HttpServerOptions options;
  options.host = listen_host(ingress);
  options.port = ingress.port;
  options.certificate_file = config_.ingress_tls_certificate;
  options.key_file = config_.ingress_tls_key;
  options.body_bytes_max = config_.ingress_body_mib << 20;
  options.connections_max = config_.ingress_connections;
  options.error_response = wire_error_reply;
  ingress_port_ = TRY(listen_for("--ingress", io_, std::move(options),
                                 [this](HttpRequest&& request, std::shared_ptr<HttpReply> reply) {
                                   ingress_->handle(std::move(request), std::move(reply));
                                 }));

  const Address admin = TRY(parse_address(config_.admin));
  HttpServerOptions admin_options;
  admin_options.host = listen_host(admin);
  admin_options.port = admin.port;
  admin_options.error_response = admin_wire_error_answer;
  admin_port_ = TRY(listen_for("--admin", io_, std::move(admin_options),
                               [this](HttpRequest&& request, std::shared_ptr<HttpReply> reply) {
                                 admin_->handle(std::move(request), std::move(reply));
                               }));
  return {};
}

Result<void> Server::start_engine() {
  actors::EngineOptions options;
  options.worker_threads = config_.worker_threads;
  options.step_threads_max = config_.step_threads_max;
  options.park_after_ms = static_cast<std::int64_t>(config_.park_after_ms);
  options.bytes_in_flight_max = config_.in_flight_mib << 20;
  options.active_max =
      config_.active_max == 0 ? active_max_for(memory_limit_bytes()) : config_.active_max;
  options.begin_at_once_max =
      std::clamp<std::size_t>(options.active_max / 2, 1, options.begin_at_once_max);
  options.step_backlog_max = std::max<std::size_t>(options.active_max / 2, 1);
  engine_ = TRY(actors::Engine::start(
      {*store_, *committer_, clock_, random_, *catalog_, *handlers_, &loop_}, options));
  ingress_ = std::make_unique<Ingress>(*engine_, clock_);
  QueryOptions queries;
  queries.time_max = Millis(static_cast<std::int64_t>(config_.admin_query_time_ms));
  queries.limits.memory_bytes = config_.admin_query_memory_mib << 20;
  queries.limits.answer_bytes = queries.limits.memory_bytes / 4;
  const HostNames names = config_.admin_allow_remote ? HostNames::kAny : HostNames::kLocal;
  admin_ = std::make_unique<Admin>(
      *engine_, *registry_, *discovery_, committer_.get(),
      Admin::About{kVersion, ingress_url(), names, config_.cluster_name}, queries);
  return {};
}

void Server::start_io() {
  clock_watch_.emplace(io_, [this] { engine_->clock_was_set(); });
  io_thread_ = std::thread([this] {
    name_this_thread("hf-io");
    const auto work = boost::asio::make_work_guard(io_);
    io_.run();
  });
}

void Server::stop() {
  if (stopped_) return;
  stopped_ = true;
  if (io_thread_.joinable()) {
    const Millis patience(static_cast<std::int64_t>(config_.drain_ms));
    // Shared: a port that is slower than we wait calls it later.
    const auto drained = std::make_shared<Latch>(2);
    for (HttpServer* port : {ingress_port_.get(), admin_port_.get()}) {
      port->drain(patience + kEnginePatience, [drained] { drained->down(); });
    }
    const bool quiet = drained->wait_for(patience);
    if (!quiet)
      log.info("stopping", "requests still wait; their invocations go on at the next start");
    engine_->stop(kEnginePatience);
    if (!quiet) (void)drained->wait_for(kLastAnswers);
    committer_->stop();
    io_.stop();
    io_thread_.join();
    stop_transport();
    return;
  }
  if (engine_ != nullptr) engine_->stop(kEnginePatience);
  if (committer_ != nullptr) committer_->stop();
  stop_transport();
}

// REQUIRES: nobody runs io_.
void Server::stop_transport() {
  loop_.stop();
  if (remote_ != nullptr) remote_->stop();
  if (outgoing_ != nullptr) outgoing_->stop();
}

std::string Server::ingress_url() const {
  return url_of(config_.ingress_tls_certificate.empty() ? "http" : "https", config_.ingress,
                ingress_port_.get());
}

std::string Server::admin_url() const { return url_of("http", config_.admin, admin_port_.get()); }

}  // namespace holdfast::net
