#pragma once
// Exchange: one request to a handler endpoint and its answer, both as streams that run at the same
// time. ExchangeEvents is the side of the reader.
//
// Invariants
//   Events come on the io thread, in the order on_head, on_body*, then one of on_end and on_failed,
//   which is the last call. on_failed may come at any time before on_end, also first.
//   Events never come from inside a call to Exchange or EndpointPool::open().
//   After cancel() no event begins. One that runs on the io thread while another thread cancels
//   runs on.
//   What was delivered by on_body and not yet given back by consumed() is at most the receive
//   window (OutgoingOptions): a reader that is behind stops the sender, not the process.

#include <cstddef>
#include <cstdint>

#include "net/http/request.h"
#include "storage/base/bytes.h"
#include "storage/base/result.h"

namespace holdfast::net {

struct ExchangeFailure {
  enum class Kind {
    kNotConnected,  // No connection could be had: refused, no such host, TLS, no HTTP/2 there.
    kBusy,          // All connections were in use, and the queue was full or the wait too long.
    kRefused,       // The endpoint says that it has not looked at the request (GOAWAY, REFUSED).
    kBadRequest,    // The request cannot be said in HTTP; nothing was sent.
    kReset,         // The connection or stream broke; the endpoint may have acted on the request.
    kBadAnswer,     // What came is not HTTP, or over a limit.
    kTimedOut,      // The head of the answer did not come in time.
    kStopped,       // OutgoingHttp::stop().
  };

  // Nothing of the request has reached a handler: sending it again repeats nothing.
  bool unprocessed() const {
    return kind == Kind::kNotConnected || kind == Kind::kBusy || kind == Kind::kRefused;
  }

  Kind kind;
  // kUnavailable; kCorruption for an answer that is not HTTP, kTooLarge for one over a limit,
  // kInvalidArgument for a request that cannot be said in HTTP, kShuttingDown. The message is for
  // people and names the endpoint.
  Error error;
};

// Io thread. Must not block. Kept until the last event or cancel().
class ExchangeEvents {
 public:
  virtual ~ExchangeEvents() = default;

  // The final status (never 1xx); names are lower case. Trailers are dropped.
  virtual void on_head(int status, HttpHeaders headers) = 0;
  // `bytes` is never empty and lasts as long as the call.
  virtual void on_body(BytesView bytes) = 0;
  virtual void on_end() = 0;
  virtual void on_failed(const ExchangeFailure& failure) = 0;
};

// One request in flight. Calls may be made from any thread, in any state; one that comes too late
// is ignored. Dropping the last reference does not cancel.
class Exchange {
 public:
  virtual ~Exchange() = default;

  // Queues the next bytes of the request body. They leave in order and under the flow control of
  // the endpoint; how far they are behind is unsent_bytes(). Over HTTP/1.1 the request leaves as a
  // whole, after half_close().
  virtual void send(Bytes chunk) = 0;

  // Ends the request body. What is sent later is dropped.
  virtual void half_close() = 0;

  // Gives the exchange up: the stream is reset (HTTP/1.1: the connection closed).
  virtual void cancel() = 0;

  // Bytes sent but not yet handed to the connection. Nothing bounds them but the caller.
  virtual std::size_t unsent_bytes() const = 0;

  // The reader is done with `bytes` more of what on_body delivered. After the last event nothing
  // need be given back.
  virtual void consumed(std::size_t bytes) = 0;
};

}  // namespace holdfast::net
