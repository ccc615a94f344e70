#pragma once
// HttpClient: a blocking HTTP/1.1 client over plain TCP, for tests, the demo and the command line.
//
// One request at a time; the connection is kept and made anew when the server has closed it. A
// request that failed is never sent again by itself: it may have had its effect.
//
// Threads: one at a time.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "net/http/request.h"
#include "net/http/response.h"
#include "storage/base/result.h"

namespace holdfast::net {

class HttpClient {
 public:
  // Does not connect yet.
  HttpClient(std::string host, std::uint16_t port) : host_(std::move(host)), port_(port) {}
  ~HttpClient() { close(); }
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Host and content-length are added. kUnavailable: no connection, or it broke, or `timeout` is
  // over; kCorruption: the answer is not HTTP. REQUIRES: the header names and values have no line
  // breaks.
  Result<HttpResponse> request(std::string_view method, std::string_view target,
                               const HttpHeaders& headers = {}, BytesView body = {},
                               std::chrono::milliseconds timeout = std::chrono::seconds(30));

  void close();

 private:
  using Time = std::chrono::steady_clock::time_point;

  Result<void> connect(Time deadline);
  Result<void> send(BytesView bytes, Time deadline);
  Result<HttpResponse> receive(bool head_only, Time deadline);
  Result<void> wait(short events, Time deadline);
  bool reusable() const;

  const std::string host_;
  const std::uint16_t port_;
  int socket_ = -1;  // -1: not connected.
};

}  // namespace holdfast::net
