#include "net/egress/remote/remote_stream.h"

#include <utility>

namespace holdfast::net {

namespace {
// How long an endpoint may take to end its answer after its last word.
constexpr std::chrono::seconds kFinishPatience(5);
}  // namespace

RemoteStream::RemoteStream(std::shared_ptr<AttemptClock> clock, Timeouts timeouts,
                           std::function<void()> wake)
    : clock_(std::move(clock)),
      timeouts_(timeouts),
      wake_(std::move(wake)),
      deadline_(clock_->none()) {}

RemoteStream::~RemoteStream() { clock_->clear(deadline_); }

void RemoteStream::begin(std::shared_ptr<Exchange> exchange, bool request_ended) {
  const std::lock_guard lock(mutex_);
  if (stage_ == Stage::kOver) return;
  exchange_ = std::move(exchange);
  heard_at_ = clock_->now();
  if (request_ended) stage_ = Stage::kHalfClosed;
  clock_->set(deadline_,
              heard_at_ + timeouts_.inactivity +
                  (request_ended ? timeouts_.abort : std::chrono::milliseconds(0)),
              weak_from_this());
}

void RemoteStream::send(Bytes bytes) {
  const std::lock_guard lock(mutex_);
  if (stage_ != Stage::kOpen || !exchange_) return;
  heard_at_ = clock_->now();
  exchange_->send(std::move(bytes));
}

void RemoteStream::half_close() {
  const std::lock_guard lock(mutex_);
  if (stage_ == Stage::kOpen) close_request();
}

// REQUIRES: mutex_ is held.
void RemoteStream::close_request() {
  stage_ = Stage::kHalfClosed;
  heard_at_ = clock_->now();
  if (exchange_) exchange_->half_close();
  clock_->set(deadline_, heard_at_ + timeouts_.abort, weak_from_this());
}

bool RemoteStream::half_closed() const {
  const std::lock_guard lock(mutex_);
  return stage_ != Stage::kOpen;
}

RemoteStream::News RemoteStream::take() {
  const std::lock_guard lock(mutex_);
  told_ = false;
  if (exchange_ && !news_.body.empty()) exchange_->consumed(news_.body.size());
  return std::exchange(news_, {});
}

void RemoteStream::finish() {
  const std::lock_guard lock(mutex_);
  wake_ = nullptr;
  news_ = {};
  if (stage_ == Stage::kOver) return;
  if (stage_ == Stage::kOpen && exchange_) exchange_->half_close();
  stage_ = Stage::kFinishing;
  clock_->set(deadline_, clock_->now() + kFinishPatience, weak_from_this());
}

void RemoteStream::cancel() {
  const std::lock_guard lock(mutex_);
  wake_ = nullptr;
  news_ = {};
  if (stage_ != Stage::kOver && exchange_) exchange_->cancel();
  stage_ = Stage::kOver;
  exchange_.reset();
  clock_->clear(deadline_);
}

void RemoteStream::tell(std::unique_lock<std::mutex>& lock) {
  if (!wake_ || std::exchange(told_, true)) return;
  const auto wake = wake_;
  lock.unlock();
  wake();
}

void RemoteStream::on_head(int status, HttpHeaders headers) {
  std::unique_lock lock(mutex_);
  heard_at_ = clock_->now();
  news_.status = status;
  news_.headers = std::move(headers);
  tell(lock);
}

void RemoteStream::on_body(BytesView bytes) {
  std::unique_lock lock(mutex_);
  if (stage_ == Stage::kFinishing) {
    if (exchange_) exchange_->consumed(bytes.size());
    return;
  }
  heard_at_ = clock_->now();
  news_.body.append(bytes);
  tell(lock);
}

void RemoteStream::on_end() {
  std::unique_lock lock(mutex_);
  stage_ = Stage::kOver;
  exchange_.reset();
  clock_->clear(deadline_);
  news_.ended = true;
  tell(lock);
}

void RemoteStream::on_failed(const ExchangeFailure& failure) {
  std::unique_lock lock(mutex_);
  stage_ = Stage::kOver;
  exchange_.reset();
  clock_->clear(deadline_);
  news_.failure = failure;
  tell(lock);
}

void RemoteStream::on_deadline() {
  std::unique_lock lock(mutex_);
  const SteadyTime now = clock_->now();
  switch (stage_) {
    case Stage::kOpen:
      if (now - heard_at_ >= timeouts_.inactivity) return close_request();
      clock_->set(deadline_, heard_at_ + timeouts_.inactivity, weak_from_this());
      return;
    case Stage::kHalfClosed:
      if (now - heard_at_ < timeouts_.abort) {
        clock_->set(deadline_, heard_at_ + timeouts_.abort, weak_from_this());
        return;
      }
      news_.timed_out = true;
      break;
    case Stage::kFinishing:
    case Stage::kOver:
      break;
  }
  stage_ = Stage::kOver;
  clock_->clear(deadline_);
  if (auto exchange = std::exchange(exchange_, nullptr)) exchange->cancel();
  tell(lock);
}

}  // namespace holdfast::net
