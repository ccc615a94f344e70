#pragma once
// HttpReply: the one place an answer goes, for as long as the client waits for it.
//
// Threads: both calls may be made from any thread, inside the handler or hours after it returned.
// A reply dropped without send() is answered with 500.

#include <functional>

#include "net/http/response.h"

namespace holdfast::net {

class HttpReply {
 public:
  virtual ~HttpReply() = default;

  // The first call answers; later ones, and any after the client went away, do nothing.
  virtual void send(HttpResponse response) = 0;

  // `callback` runs once on the io thread when the client goes away before the answer, also when it
  // already has; never after send(). A second callback replaces the first.
  virtual void on_abandoned(std::function<void()> callback) = 0;
};

}  // namespace holdfast::net
