#pragma once
// Streamed exchanges: requests whose body is taken as it comes and whose answer leaves in pieces,
// both at the same time for as long as both sides like. Over HTTP/2 only; over HTTP/1 requests are
// whole (server.h).
//
// Threads: everything here on the io thread.
// Flow control: what on_body() gets counts as taken when it returns. What is written waits here
// until the client takes it; whoever writes bounds it by looking at unsent().
// Time: a streamed exchange may be silent for ever. Once it is finished, the client has
// body_idle_timeout to take the rest and to end its request.

#include <cstddef>
#include <functional>
#include <memory>

#include "net/http/request.h"
#include "net/http/response.h"

namespace holdfast::net {

// Where the body goes. Kept by the connection until the last call.
class HttpBodySink {
 public:
  virtual ~HttpBodySink() = default;
  // Not called after finish() or reset().
  virtual void on_body(BytesView bytes) = 0;
  virtual void on_body_end() = 0;
  // The client went away, or reset the stream, before finish(). Last call.
  virtual void on_gone() = 0;
};

// Where the answer goes. Calls after finish(), reset() or the end of the client do nothing.
class HttpAnswerStream {
 public:
  virtual ~HttpAnswerStream() = default;
  // The head; its body, if any, is the first piece. Once.
  virtual void start(HttpResponse head) = 0;
  // REQUIRES: started. Goes out with what else is written before the io thread turns to other work.
  virtual void write(BytesView bytes) = 0;
  // Nothing more comes.
  virtual void finish() = 0;
  // Ends the exchange without an end of the answer: the client sees an error.
  virtual void reset() = 0;
  // Bytes written that the client has not taken.
  virtual std::size_t unsent() const = 0;
};

// Called with the head of each HTTP/2 request; its body is empty. Null: the request is to be
// collected and goes to the HttpHandler; then `answer` must not have been used.
using HttpStreamHandler = std::function<std::shared_ptr<HttpBodySink>(
    const HttpRequest& head, std::shared_ptr<HttpAnswerStream> answer)>;

}  // namespace holdfast::net
