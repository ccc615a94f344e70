#include "tests/simulation/endpoint.h"

#include <algorithm>
#include <utility>

#include "net/protocol/restate/version.h"
#include "sdk/endpoint/endpoint_path.h"

namespace holdfast::simulation {

Endpoint::Endpoint(std::string uri, std::vector<ServiceDefinition> services, Agenda& agenda,
                   Outside& outside, const Clock& clock, int closure_ms_max)
    : uri_(std::move(uri)),
      services_(std::make_shared<const std::vector<ServiceDefinition>>(std::move(services))),
      agenda_(agenda),
      outside_(outside),
      clock_(clock),
      closure_ms_max_(closure_ms_max) {
  start();
}

void Endpoint::start() {
  if (!running()) life_ = std::make_shared<Process>();
}

void Endpoint::die() { life_.reset(); }

void Endpoint::drain() {
  life_->draining = true;
  for (const auto& one : life_->attempts) {
    if (const auto attempt = one.lock()) attempt->suspend();
  }
}

std::shared_ptr<const HandlerDefinition> Endpoint::find(const std::string& target) const {
  const auto path = runtime::parse_endpoint_path(target);
  if (!path || path->kind != runtime::EndpointPath::Kind::kInvoke) return nullptr;
  for (const ServiceDefinition& service : *services_) {
    if (service.name != path->service) continue;
    for (const HandlerDefinition& handler : service.handlers) {
      if (handler.name == path->handler) return {services_, &handler};
    }
  }
  return nullptr;
}

std::shared_ptr<Endpoint::Surroundings> Endpoint::surroundings_for(
    const std::shared_ptr<const bool>& heard) {
  auto made = std::make_shared<Surroundings>();
  // What is left of a closure is destroyed, executed or not, when its event is over.
  const auto later = [this, heard, life = std::weak_ptr(life_)](std::function<void()> task) {
    const int delay = closure_ms_max_ == 0 ? 0 : agenda_.draw(closure_ms_max_ + 1);
    agenda_.add(Millis(delay), [this, heard, life, task = std::move(task)] {
      if (life.expired()) return;
      const Outside::Acting acting(outside_, *heard, uri_);
      task();
    });
  };
  made->run_step = later;
  made->post = later;
  made->clock = &clock_;
  return made;
}

Endpoint::Admission Endpoint::admit(const std::string& path, const net::HttpHeaders& headers,
                                    std::shared_ptr<const bool> heard,
                                    std::shared_ptr<runtime::AttemptOutput> output) {
  auto handler = find(path);
  if (handler == nullptr) return {404, {}, nullptr};
  const auto type = net::find_header(headers, "content-type").value_or("");
  const auto version = protocol::restate::parse_content_type(type);
  if (!version) return {415, {}, nullptr};
  if (life_->draining) return {503, {{"retry-after", "1"}}, nullptr};
  auto attempt = std::make_shared<runtime::RemoteAttempt>(
      std::move(handler), *version, surroundings_for(heard), std::move(output));
  std::erase_if(life_->attempts, [](const auto& one) { return one.expired(); });
  life_->attempts.push_back(attempt);
  return {200, {{"content-type", std::string(type)}}, std::move(attempt)};
}

}  // namespace holdfast::simulation
