#pragma once
// CommonHeaders: headers that many requests to an endpoint have, looked at and made ready once.
//
// Threads: any; never changed.

#include "net/http/request.h"

namespace holdfast::net {

class CommonHeaders {
 public:
  // As those of EndpointPool::open(): names in any case; what does not go with a request is left
  // out.
  explicit CommonHeaders(HttpHeaders headers);

  // Ready to be sent as they are.
  const HttpHeaders& ready() const { return ready_; }
  // Whether all names are such; else no request with them can be said in HTTP.
  bool are_named() const { return are_named_; }

 private:
  HttpHeaders ready_;
  bool are_named_ = true;
};

}  // namespace holdfast::net
