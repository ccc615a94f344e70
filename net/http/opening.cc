#include "net/http/opening.h"

#include <string_view>

#include "net/http/http1_connection.h"
#include "net/http/http2_connection.h"
#include "net/http/server_core.h"

namespace holdfast::net {
namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr std::size_t kFirstReadBytes = 1024;

}  // namespace

void Opening::start() {
  set_deadline(core_->options.header_timeout);
  if (!stream_.secure()) {
    read(kFirstReadBytes);
    return;
  }
  const auto self = std::static_pointer_cast<Opening>(shared_from_this());
  stream_.async_handshake([self](const boost::system::error_code& error) {
    if (self->closed()) {
      return;
    }
    if (error) {
      self->close();
    } else if (self->stream_.protocol() == "h2") {
      self->become<Http2Connection>();
    } else {
      self->become<Http1Connection>();
    }
  });
}

void Opening::on_received() {
  const std::string_view compared = kPreface.substr(0, input_.size());
  if (!input_.data().starts_with(compared)) {
    become<Http1Connection>();
  } else if (compared.size() == kPreface.size()) {
    become<Http2Connection>();
  } else {
    read(kFirstReadBytes);
  }
}

template <class Kind>
void Opening::become() {
  const auto self = shared_from_this();
  core_->add(std::make_shared<Kind>(core_, take_stream(), std::move(input_)));
  core_->remove(*this);
}

}  // namespace holdfast::net
