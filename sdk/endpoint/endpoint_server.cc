#include "sdk/endpoint/endpoint_server.h"

#include <boost/asio/post.hpp>
#include <future>
#include <utility>

#include "sdk/endpoint/manifest.h"
#include "storage/base/log.h"
#include "storage/base/thread_name.h"

namespace holdfast::runtime {
namespace {

namespace restate = protocol::restate;

constexpr Logger kLog("sdk");
constexpr const char* kServer = "holdfast-sdk-cpp/" HOLDFAST_VERSION;

constexpr std::uint32_t kStreamsMax = 1000;    // Of one connection; engines ask for about 128.
constexpr std::uint32_t kResetsMax = 100'000;  // An engine that kills invocations is no attacker.
constexpr std::chrono::minutes kKeepAlive{10};
constexpr std::chrono::seconds kProbeAfter{60};

net::HttpResponse answer_with(int status, std::string_view message) {
  net::HttpResponse response = net::json_error_response(status, message);
  response.headers.emplace_back("x-restate-server", kServer);
  return response;
}

bool accepts(std::string_view accept, std::string_view type) {
  return accept.find(type) != std::string_view::npos ||
         accept.find("*/*") != std::string_view::npos;
}

// The answer of an attempt over HTTP/2.
class StreamOutput final : public AttemptOutput {
 public:
  explicit StreamOutput(std::shared_ptr<net::HttpAnswerStream> answer)
      : answer_(std::move(answer)) {}

  void write(BytesView bytes) override { answer_->write(bytes); }
  void finish() override { answer_->finish(); }
  void reset() override { answer_->reset(); }
  std::size_t unsent() const override { return answer_->unsent(); }

 private:
  const std::shared_ptr<net::HttpAnswerStream> answer_;
};

// The answer of an attempt over HTTP/1.1, sent when it is whole.
class WholeOutput final : public AttemptOutput {
 public:
  WholeOutput(std::shared_ptr<net::HttpReply> reply, net::HttpResponse answer)
      : reply_(std::move(reply)), answer_(std::move(answer)) {}

  void write(BytesView bytes) override { answer_.body.append(bytes); }
  void finish() override { reply_->send(std::move(answer_)); }
  void reset() override { reply_->send(answer_with(500, "the answer is too large")); }
  std::size_t unsent() const override { return answer_.body.size(); }

 private:
  const std::shared_ptr<net::HttpReply> reply_;
  net::HttpResponse answer_;
};

// The request of an attempt over HTTP/2, among the live ones as long as the stream is.
class AttemptSink final : public net::HttpBodySink {
 public:
  AttemptSink(std::shared_ptr<RemoteAttempt> attempt,
              std::shared_ptr<EndpointServer::LiveAttempts> live)
      : attempt_(std::move(attempt)), live_(std::move(live)) {
    live_->emplace(attempt_.get(), attempt_);
  }
  ~AttemptSink() override { live_->erase(attempt_.get()); }

  void on_body(BytesView bytes) override { attempt_->receive(bytes); }
  void on_body_end() override { attempt_->receive_end(); }
  void on_gone() override { attempt_->abandon(); }

 private:
  const std::shared_ptr<RemoteAttempt> attempt_;
  const std::shared_ptr<EndpointServer::LiveAttempts> live_;
};

// The request of one that was refused.
class NoSink final : public net::HttpBodySink {
 public:
  void on_body(BytesView) override {}
  void on_body_end() override {}
  void on_gone() override {}
};

}  // namespace

EndpointServer::EndpointServer(EndpointOptions options)
    : services_(
          std::make_shared<const std::vector<ServiceDefinition>>(std::move(options.services))),
      drain_time_(options.drain_time),
      steps_(std::make_shared<StepThreads>(options.step_threads_max)),
      tasks_(std::make_shared<net::ReplyQueue>(io_)),
      surroundings_(std::make_shared<RemoteAttempt::Surroundings>()) {
  for (const ServiceDefinition& service : *services_) {
    for (const HandlerDefinition& handler : service.handlers) {
      handlers_.emplace(service.name + "/" + handler.name, &handler);
    }
  }
  surroundings_->run_step = [steps = steps_](std::function<void()> step) {
    steps->post(std::move(step));
  };
  surroundings_->post = [tasks = tasks_](std::function<void()> task) {
    tasks->push(std::move(task));
  };
  surroundings_->clock = &clock_;
  surroundings_->journal_bytes_max = options.journal_bytes_max;
}

Result<std::unique_ptr<EndpointServer>> EndpointServer::start(EndpointOptions options) {
  if (options.services.empty()) {
    return Error(ErrorCode::kInvalidArgument, "an endpoint without services serves nothing");
  }
  if (auto wrong = problem(options.services)) {
    return Error(ErrorCode::kInvalidArgument, std::move(*wrong));
  }
  if (options.step_threads_max == 0) {
    return Error(ErrorCode::kInvalidArgument, "closures need a thread at least");
  }
  std::unique_ptr<restate::IdentityCheck> identity;
  if (!options.identity_keys.empty()) {
    identity = TRY(restate::IdentityCheck::make(options.identity_keys));
  }
  EndpointOptions rest = options;
  std::unique_ptr<EndpointServer> made(new EndpointServer(std::move(options)));
  made->identity_ = std::move(identity);
  TRY(made->listen(rest));
  return made;
}

Result<void> EndpointServer::listen(EndpointOptions& options) {
  net::HttpServerOptions http;
  http.host = options.host;
  http.port = options.port;
  http.certificate_file = options.certificate_file;
  http.key_file = options.key_file;
  http.body_bytes_max = net::HttpServerOptions::kBodyBytesCap;
  http.streams_max = kStreamsMax;
  http.resets_max = kResetsMax;
  http.keep_alive_timeout = kKeepAlive;
  http.probe_after = kProbeAfter;
  http_ = TRY(net::HttpServer::listen(
      io_, std::move(http),
      [this](net::HttpRequest&& request, std::shared_ptr<net::HttpReply> reply) {
        on_request(std::move(request), std::move(reply));
      },
      [this](const net::HttpRequest& head, std::shared_ptr<net::HttpAnswerStream> answer) {
        return on_stream(head, std::move(answer));
      }));
  http_port_ = http_->port();
  thread_ = std::thread([this] {
    name_this_thread("hf-endpoint");
    io_.run();
  });
  return {};
}

EndpointServer::~EndpointServer() { stop(); }

void EndpointServer::stop() {
  std::call_once(stopped_, [this] {
    if (!thread_.joinable()) return;  // It never started.
    std::promise<void> drained;       // Lives until the thread that fills it has ended.
    boost::asio::post(io_, [this, &drained] {
      stopping_ = true;
      // Those that end go from the list.
      std::vector<std::shared_ptr<RemoteAttempt>> attempts;
      for (const auto& [address, attempt] : *live_) attempts.push_back(attempt.lock());
      for (const auto& attempt : attempts) {
        if (attempt) attempt->suspend();
      }
      http_->drain(drain_time_, [&drained] { drained.set_value(); });
    });
    drained.get_future().wait();
    boost::asio::post(io_, [this] {
      http_.reset();
      work_.reset();
    });
    thread_.join();
    tasks_->close();
    steps_->close();
  });
}

// --- Requests ---

void EndpointServer::on_request(net::HttpRequest&& request, std::shared_ptr<net::HttpReply> reply) {
  const auto path = parse_endpoint_path(request.target);
  if (!path) return reply->send(answer_with(404, "there is nothing here"));
  const bool posted = request.method == "POST";
  if (posted != (path->kind == EndpointPath::Kind::kInvoke)) {
    return reply->send(answer_with(405, "this path takes another method"));
  }
  if (path->kind == EndpointPath::Kind::kHealth) {
    return reply->send({200, {{"content-type", "text/plain"}}, "OK"});
  }
  if (path->kind == EndpointPath::Kind::kDiscover) return reply->send(discover(request));
  Admission admission = admit(request, *path);
  if (admission.handler == nullptr) return reply->send(std::move(admission.answer));
  auto output = std::make_shared<WholeOutput>(reply, std::move(admission.answer));
  auto attempt = std::make_shared<RemoteAttempt>(std::move(admission.handler), admission.version,
                                                 surroundings_, std::move(output));
  reply->on_abandoned([attempt] { attempt->abandon(); });
  attempt->receive(request.body);
  attempt->receive_end();
}

std::shared_ptr<net::HttpBodySink> EndpointServer::on_stream(
    const net::HttpRequest& head, std::shared_ptr<net::HttpAnswerStream> answer) {
  const auto path = parse_endpoint_path(head.target);
  if (!path || path->kind != EndpointPath::Kind::kInvoke || head.method != "POST") return nullptr;
  Admission admission = admit(head, *path);
  answer->start(std::move(admission.answer));
  if (admission.handler == nullptr) {
    answer->finish();
    return std::make_shared<NoSink>();
  }
  auto attempt = std::make_shared<RemoteAttempt>(std::move(admission.handler), admission.version,
                                                 surroundings_,
                                                 std::make_shared<StreamOutput>(std::move(answer)));
  return std::make_shared<AttemptSink>(std::move(attempt), live_);
}

net::HttpResponse EndpointServer::refusal(const net::HttpRequest& request,
                                          const EndpointPath& path) const {
  if (identity_ != nullptr) {
    const auto checked =
        identity_->check(request.header(restate::kSignatureSchemeHeader),
                         request.header(restate::kTokenHeader), path.signed_path, clock_.now());
    if (!checked) {
      kLog.warn("request refused", "path={} reason={}", path.signed_path,
                checked.error().message());
      return answer_with(401, "the request is not signed with a key this endpoint knows");
    }
  }
  return {};
}

EndpointServer::Admission EndpointServer::admit(const net::HttpRequest& request,
                                                const EndpointPath& path) const {
  if (net::HttpResponse refused = refusal(request, path); refused.status != 200) {
    return {nullptr, {}, std::move(refused)};
  }
  const auto found = handlers_.find(std::string(path.service) + "/" + std::string(path.handler));
  if (found == handlers_.end()) {
    return {nullptr, {}, answer_with(404, "there is no such service or handler here")};
  }
  const std::string_view type = request.header("content-type").value_or("");
  const auto version = restate::parse_content_type(type);
  if (!version || !accepts(request.header("accept").value_or(type), type)) {
    return {nullptr, {}, answer_with(415, "versions 5 to 7 of the service protocol are spoken")};
  }
  if (stopping_ || surroundings_->journal_bytes >= surroundings_->journal_bytes_max) {
    const char* const why = stopping_ ? "the endpoint is shutting down" : "too much is in flight";
    return {nullptr, {}, answer_with(503, why)};
  }
  Admission admission;
  // Shares the ownership of all services.
  admission.handler = std::shared_ptr<const HandlerDefinition>(services_, found->second);
  admission.version = *version;
  admission.answer.headers = {{"content-type", restate::content_type(*version)},
                              {"x-restate-server", kServer}};
  return admission;
}

net::HttpResponse EndpointServer::discover(const net::HttpRequest& request) const {
  const auto path = parse_endpoint_path(request.target);
  if (net::HttpResponse refused = refusal(request, *path); refused.status != 200) return refused;
  const auto version = accepted_manifest_version(request.header("accept").value_or("*/*"));
  if (!version) return answer_with(415, "versions 1 to 4 of the endpoint manifest are spoken");
  const auto mode = request.version == net::HttpVersion::kHttp2 ? ProtocolMode::kBidiStream
                                                                : ProtocolMode::kRequestResponse;
  net::HttpResponse response;
  response.headers = {{"content-type", manifest_content_type(*version)},
                      {"x-restate-server", kServer}};
  response.body = manifest_json(*services_, mode, *version);
  return response;
}

}  // namespace holdfast::runtime
