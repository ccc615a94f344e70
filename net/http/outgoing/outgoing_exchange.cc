#include "net/http/outgoing/outgoing_exchange.h"

#include <algorithm>
#include <utility>

#include "net/http/outgoing/connection_pool.h"
#include "net/http/outgoing/outgoing_connection.h"
#include "net/http/outgoing/outgoing_core.h"
#include "net/http/outgoing/request_rules.h"

namespace holdfast::net {

OutgoingExchange::OutgoingExchange(std::shared_ptr<OutgoingCore> core,
                                   std::shared_ptr<ConnectionPool> pool, Request request,
                                   std::shared_ptr<ExchangeEvents> events, OpenOptions options)
    : core_(std::move(core)),
      pool_(std::move(pool)),
      request_(std::move(request)),
      head_timeout_(options.head_timeout),
      events_(std::move(events)),
      deadline_(core_->deadlines(), *this) {
  queued_ = true;  // open() hands it to the core.
  if (options.body) {
    unsent_ = options.body->size();
    body_.push(std::move(*options.body));
    body_ended_ = input_ended_ = true;
  }
}

// ---- Any thread.

void OutgoingExchange::send(Bytes chunk) {
  std::unique_lock lock(mutex_);
  if (input_ended_ || deaf_ || chunk.empty()) {
    return;
  }
  unsent_.fetch_add(chunk.size(), std::memory_order_relaxed);
  input_.push(std::move(chunk));
  wake(lock);
}

void OutgoingExchange::half_close() {
  std::unique_lock lock(mutex_);
  if (!input_ended_ && !deaf_) {
    input_ended_ = true;
    wake(lock);
  }
}

void OutgoingExchange::cancel() {
  std::unique_lock lock(mutex_);
  cancelled_.store(true, std::memory_order_release);
  if (!deaf_) {
    wake(lock);
  }
}

void OutgoingExchange::consumed(std::size_t bytes) {
  std::unique_lock lock(mutex_);
  if (!deaf_ && bytes > 0) {
    consumed_ += bytes;
    wake(lock);
  }
}

void OutgoingExchange::wake(std::unique_lock<std::mutex>& lock) {
  const bool call = !std::exchange(queued_, true);
  lock.unlock();
  if (call) {
    core_->push(shared_from_this());
  }
}

// ---- Io thread.

void OutgoingExchange::apply() {
  std::size_t consumed = 0;
  bool grew = false;
  {
    const std::lock_guard lock(mutex_);
    queued_ = false;
    consumed = std::exchange(consumed_, 0);
    grew = !input_.empty() || input_ended_ != body_ended_;
    body_.push(input_);
    body_ended_ = input_ended_;
  }
  if (over()) {
    return;
  }
  if (silent()) {
    let_go();
    finish();
    return;
  }
  if (stage_ == Stage::kNew) {
    start();
    return;
  }
  if (stage_ == Stage::kRunning && grew) {
    connection_->body_grew(*this);
  }
  if (stage_ == Stage::kRunning && consumed > 0) {
    connection_->consumed(*this, consumed);
  }
}

void OutgoingExchange::start() {
  if (const char* const problem = request_problem(request_)) {
    fail(pool_->failure(ExchangeFailure::Kind::kBadRequest,
                        std::string("was not called: ") + problem));
    return;
  }
  if (head_timeout_.count() > 0) {
    head_until_ = std::chrono::steady_clock::now() + head_timeout_;
    update_deadline();
  }
  pool_->add(shared_from_this());
}

void OutgoingExchange::wait(Waiting::iterator place, SteadyTime until) {
  stage_ = Stage::kWaiting;
  waiting_place_ = place;
  waiting_until_ = until;
  connection_.reset();
  update_deadline();
}

void OutgoingExchange::run(std::shared_ptr<OutgoingConnection> connection, std::int32_t stream) {
  stage_ = Stage::kRunning;
  connection_ = std::move(connection);
  stream_ = stream;
  if (waiting_until_ != SteadyTime::max()) {
    waiting_until_ = SteadyTime::max();
    update_deadline();
  }
}

void OutgoingExchange::take_body(std::size_t count, Bytes& to) {
  body_.take(count, to);
  unsent_.fetch_sub(count, std::memory_order_relaxed);
}

SharedBytes OutgoingExchange::whole_body() {
  if (!whole_body_) {
    unsent_.fetch_sub(body_.size(), std::memory_order_relaxed);
    whole_body_ = share(body_.take_all());
  }
  return whole_body_;
}

void OutgoingExchange::head(int status, HttpHeaders headers) {
  head_until_ = SteadyTime::max();
  update_deadline();
  if (!over() && !silent()) {
    events_->on_head(status, std::move(headers));
  }
}

void OutgoingExchange::data(BytesView bytes) {
  if (!over() && !silent() && !bytes.empty()) {
    events_->on_body(bytes);
  }
}

void OutgoingExchange::end() {
  if (over()) {
    return;
  }
  const auto events = events_;
  finish();
  if (!silent()) {
    events->on_end();
  }
}

void OutgoingExchange::fail(const ExchangeFailure& failure) {
  if (over()) {
    return;
  }
  const auto events = events_;
  finish();
  if (!silent()) {
    events->on_failed(failure);
  }
}

void OutgoingExchange::finish() {
  stage_ = Stage::kOver;
  deadline_.clear();
  connection_.reset();
  events_.reset();
  body_.clear();
  whole_body_.reset();
  const std::lock_guard lock(mutex_);
  deaf_ = true;
  input_.clear();
  unsent_.store(0, std::memory_order_relaxed);
}

void OutgoingExchange::let_go() {
  if (stage_ == Stage::kWaiting) {
    pool_->drop(*this);
  } else if (stage_ == Stage::kRunning) {
    connection_->abandon(*this);
  }
}

void OutgoingExchange::update_deadline() {
  const SteadyTime next = std::min(waiting_until_, head_until_);
  if (next == SteadyTime::max()) {
    deadline_.clear();
  } else if (!deadline_.is_set() || deadline_.time() != next) {
    deadline_.set(next);
  }
}

void OutgoingExchange::on_deadline() {
  const auto self = shared_from_this();
  deadline_.expired();
  const bool head_is_late = std::chrono::steady_clock::now() >= head_until_;
  let_go();
  if (head_is_late) {
    fail(pool_->failure(ExchangeFailure::Kind::kTimedOut,
                        "did not answer within " + std::to_string(head_timeout_.count()) + " ms"));
  } else {
    fail(pool_->busy("no connection became free in time"));
  }
}

}  // namespace holdfast::net
