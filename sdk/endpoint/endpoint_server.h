#pragma once
// EndpointServer: the HTTP side of an endpoint. It answers discovery and health, lets in who may
// call, and connects each invocation with a RemoteAttempt: streamed both ways over HTTP/2; over
// HTTP/1.1 the whole request first and the whole answer then.
//
//   GET  [base]/discover       the manifest; 415 unless a version is accepted that is known
//   POST [base]/invoke/S/h     an attempt; 404, 415
//   GET  [base]/health         200, for whoever asks
// Before anything else 401 unless the request is signed with a known key, when keys are known; 503
// while the journals held are over their bound, and after stop().
//
// Threads: one runs HTTP and all attempts: their strand. Closures run on StepThreads.

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "net/http/reply_queue.h"
#include "net/http/server.h"
#include "net/protocol/restate/identity_check.h"
#include "sdk/endpoint/endpoint_path.h"
#include "sdk/endpoint/remote_attempt.h"
#include "sdk/endpoint/step_threads.h"
#include "sdk/include/holdfast/endpoint.h"
#include "storage/base/result.h"

namespace holdfast::runtime {

struct EndpointOptions {
  std::vector<ServiceDefinition> services;
  std::vector<std::string> identity_keys;
  std::string certificate_file, key_file;
  std::size_t step_threads_max = 512;
  std::size_t journal_bytes_max = 512u << 20;
  std::chrono::milliseconds drain_time{10'000};
  std::string host;
  std::uint16_t port = 0;
};

class EndpointServer final : public RunningEndpoint {
 public:
  // kInvalidArgument says what of the options makes no sense; kUnavailable: the port.
  static Result<std::unique_ptr<EndpointServer>> start(EndpointOptions options);
  ~EndpointServer() override;

  std::uint16_t port() const override { return http_port_; }
  void stop() override;
  bool closures_running() const override { return steps_->busy() > 0; }

  // Attempts under way on streams.
  using LiveAttempts = std::unordered_map<RemoteAttempt*, std::weak_ptr<RemoteAttempt>>;

 private:
  // What a request comes to before there is an attempt.
  struct Admission {
    std::shared_ptr<const HandlerDefinition> handler;  // Null: refused.
    protocol::restate::Version version = protocol::restate::Version::k5;
    net::HttpResponse answer;  // The refusal, or the head of the answer.
  };

  explicit EndpointServer(EndpointOptions options);
  Result<void> listen(EndpointOptions& options);

  void on_request(net::HttpRequest&& request, std::shared_ptr<net::HttpReply> reply);
  std::shared_ptr<net::HttpBodySink> on_stream(const net::HttpRequest& head,
                                               std::shared_ptr<net::HttpAnswerStream> answer);
  // What all requests but health must pass. Status 200: nothing.
  net::HttpResponse refusal(const net::HttpRequest& request, const EndpointPath& path) const;
  Admission admit(const net::HttpRequest& request, const EndpointPath& path) const;
  net::HttpResponse discover(const net::HttpRequest& request) const;

  using Services = std::shared_ptr<const std::vector<ServiceDefinition>>;
  const Services services_;
  std::map<std::string, const HandlerDefinition*, std::less<>> handlers_;  // "Service/handler".
  const SystemClock clock_;
  const std::chrono::milliseconds drain_time_;
  std::unique_ptr<protocol::restate::IdentityCheck> identity_;  // Null: whoever asks.
  const std::shared_ptr<StepThreads> steps_;

  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      io_.get_executor()};
  const std::shared_ptr<net::ReplyQueue> tasks_;  // To the io thread.
  const std::shared_ptr<RemoteAttempt::Surroundings> surroundings_;
  std::uint16_t http_port_ = 0;
  std::thread thread_;

  // Io thread.
  std::unique_ptr<net::HttpServer> http_;
  const std::shared_ptr<LiveAttempts> live_ = std::make_shared<LiveAttempts>();
  bool stopping_ = false;

  std::once_flag stopped_;
};

}  // namespace holdfast::runtime
