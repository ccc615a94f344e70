#include "net/http/http1_writer.h"

#include <boost/beast/http/status.hpp>
#include <charconv>

#include "net/http/header_rules.h"

namespace holdfast::net {
namespace {

void append_number(Bytes& to, std::size_t number) {
  char digits[20];
  to.append(digits, std::to_chars(digits, digits + sizeof(digits), number).ptr);
}

void append_status_line(Bytes& to, int status) {
  if (status == 200) {
    to.append("HTTP/1.1 200 OK\r\n");
    return;
  }
  const auto reason = boost::beast::http::obsolete_reason(
      boost::beast::http::int_to_status(static_cast<unsigned>(status)));
  to.append("HTTP/1.1 ");
  append_number(to, static_cast<std::size_t>(status));
  to.append(" ").append(reason.data(), reason.size()).append("\r\n");
}

}  // namespace

void append_http1_head(Bytes& to, const HttpResponse& response, Persistence persistence) {
  append_status_line(to, response.status);
  for (const auto& [name, value] : response.headers) {
    if (is_token(name) && !belongs_to_connection(name)) {
      to.append(name).append(": ");
      append_header_value(to, value);
      to.append("\r\n");
    }
  }
  if (!has_no_body(response.status)) {
    to.append("content-length: ");
    append_number(to, response.body.size());
    to.append("\r\n");
  }
  if (persistence == Persistence::kClose) {
    to.append("connection: close\r\n");
  } else if (persistence == Persistence::kKeepAliveHttp10) {
    to.append("connection: keep-alive\r\n");
  }
  to.append("\r\n");
}

}  // namespace holdfast::net
