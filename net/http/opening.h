#pragma once
// Opening: a connection until it is known what is spoken on it: the TLS handshake with ALPN, or on
// a plain port the first bytes, which for HTTP/2 are its preface. It has header_timeout for that.

#include "net/http/connection.h"

namespace holdfast::net {

class Opening final : public Connection {
 public:
  using Connection::Connection;

  void start() override;
  void drain() override { close(); }
  void answer(std::uint64_t, HttpResponse) override {}  // Nothing has been asked.

 private:
  void on_received() override;
  void on_input_end() override { close(); }
  void on_written() override {}
  void on_deadline() override { close(); }
  void on_close() override {}

  // Goes on as that kind of connection, with the bytes received so far.
  template <class Kind>
  void become();
};

}  // namespace holdfast::net
