#include "net/http/connection.h"

#include <utility>

#include "net/http/server_core.h"

namespace holdfast::net {
namespace {

constexpr std::chrono::seconds kLingerTime{2};
constexpr std::size_t kDiscardBytes = 16 << 10;
constexpr std::size_t kKeptOutputBytes = 64 << 10;

}  // namespace

Connection::Connection(std::shared_ptr<ServerCore> core, Stream stream)
    : core_(std::move(core)), stream_(std::move(stream)), timer_(core_->io) {}

void Connection::close() {
  if (closed_) {
    return;
  }
  closed_ = true;
  const auto self = shared_from_this();
  timer_.cancel();
  stream_.close();
  on_close();
  core_->remove(*this);
}

Stream Connection::take_stream() {
  closed_ = true;
  timer_.cancel();
  return std::move(stream_);
}

void Connection::read(std::size_t size) {
  if (reading_ || closed_) {
    return;
  }
  reading_ = true;
  const std::span<char> to = input_.prepare(size);
  stream_.async_read_some(boost::asio::buffer(to.data(), to.size()),
                          [self = shared_from_this()](const auto& error, std::size_t received) {
                            self->read_done(error, received);
                          });
}

void Connection::read_done(const boost::system::error_code& error, std::size_t size) {
  reading_ = false;
  if (closed_) {
    return;
  }
  if (lingering_) {
    input_.consume(input_.size());
    if (error) {
      close();
    } else {
      read(kDiscardBytes);
    }
    return;
  }
  if (error) {
    on_input_end();
    return;
  }
  input_.commit(size);
  on_received();
}

WriteBuffers Connection::unsent() const {
  WriteBuffers buffers = {boost::asio::buffer(output_), boost::asio::buffer(large_output_)};
  const std::size_t of_first = std::min(sent_, output_.size());
  buffers[0] += of_first;
  buffers[1] += sent_ - of_first;
  return buffers;
}

bool Connection::flush() {
  if (closed_ || writing_) {
    return false;
  }
  const std::size_t size = output_.size() + large_output_.size();
  if (size > 0) {
    boost::system::error_code error;
    sent_ = stream_.write_now(unsent(), error);
    if (error && error != boost::asio::error::would_block) {
      close();
      return false;
    }
    if (sent_ < size) {
      writing_ = true;
      write_pace_ = Pace(SteadyClock::now());
      write_rest();
      return false;
    }
    output_.clear();
    large_output_ = {};
    sent_ = 0;
  }
  return true;
}

void Connection::write_rest() {
  set_deadline(write_pace_.due(core_->options) - SteadyClock::now());
  stream_.async_write_some(unsent(),
                           [self = shared_from_this()](const auto& error, std::size_t size) {
                             self->write_done(error, size);
                           });
}

void Connection::write_done(const boost::system::error_code& error, std::size_t size) {
  if (closed_) {
    return;
  }
  if (error) {
    close();
    return;
  }
  sent_ += size;
  write_pace_.move(size, SteadyClock::now());
  if (sent_ < output_.size() + large_output_.size()) {
    write_rest();
    return;
  }
  writing_ = false;
  sent_ = 0;
  output_.clear();
  if (output_.capacity() > kKeptOutputBytes) {
    output_.shrink_to_fit();
  }
  large_output_ = {};
  on_written();
}

void Connection::linger() {
  if (closed_ || lingering_) {
    return;
  }
  lingering_ = true;
  input_.consume(input_.size());
  set_deadline(kLingerTime);
  stream_.async_shut_down([self = shared_from_this()](const auto&) { self->close(); });
  if (!stream_.secure()) {
    read(kDiscardBytes);
  }
}

void Connection::set_deadline(SteadyClock::duration from_now) {
  deadline_ = SteadyClock::now() + from_now;
  if (deadline_ < timer_expiry_ && !closed_) {
    wait_until(deadline_);
  }
}

void Connection::wait_until(SteadyClock::time_point time) {
  timer_expiry_ = time;
  timer_.expires_at(time);
  timer_.async_wait([weak = weak_from_this()](const auto& error) {
    const auto self = weak.lock();
    if (error || !self || self->closed_) {
      return;
    }
    self->timer_expiry_ = SteadyClock::time_point::max();
    if (self->deadline_ == SteadyClock::time_point::max()) {
      return;
    }
    if (SteadyClock::now() < self->deadline_) {
      self->wait_until(self->deadline_);
    } else if (self->lingering_) {
      self->close();
    } else {
      self->clear_deadline();
      self->on_deadline();
    }
  });
}

}  // namespace holdfast::net
