# A deployment as stored. Rules as in entry.capnp. `given` has a bit for each option that was
# declared: 0 inactivityTimeout, 1 abortTimeout, 2 journalRetention, 3 idempotencyRetention,
# 4 workflowRetention, 5 lazyState, 6 ingressPrivate, 7 retryInitialInterval, 8 retryMaxInterval,
# 9 retryFactor, 10 retryMaxAttempts, 11 killAtMaxAttempts. Times are milliseconds.

@0xa7c30f5be1946d82;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("holdfast::journal::stored");

using Entry = import "entry.capnp";

struct Deployment {
  mode @0 :UInt8;         # 0 both directions at once, 1 request, then response.
  httpVersion @1 :UInt8;  # 0 HTTP/1.1, 1 HTTP/2.
  useHttp11 @2 :Bool;
  protocolVersionMin @3 :UInt32;
  protocolVersionMax @4 :UInt32;
  createdAt @5 :Int64;
  uri @6 :Data;
  additionalHeaders @7 :List(Entry.Pair);
  metadata @8 :List(Entry.Pair);
  sdkVersion @9 :Data;
  services @10 :List(DeclaredService);
}

struct DeclaredService {
  kind @0 :UInt8;  # As in invocation.capnp.
  revision @1 :UInt64;
  name @2 :Data;
  documentation @3 :Data;
  metadata @4 :List(Entry.Pair);
  options @5 :DeclaredOptions;
  handlers @6 :List(DeclaredHandler);
}

struct DeclaredHandler {
  kind @0 :UInt8;  # As in invocation.capnp.
  inputRequired @1 :Bool;
  contentTypeIfEmpty @2 :Bool;
  name @3 :Data;
  documentation @4 :Data;
  metadata @5 :List(Entry.Pair);
  inputContentType @6 :Data;
  inputSchema @7 :Data;
  outputContentType @8 :Data;
  outputSchema @9 :Data;
  options @10 :DeclaredOptions;
}

struct DeclaredOptions {
  given @0 :UInt32;
  retryMaxAttempts @1 :UInt32;
  lazyState @2 :Bool;
  ingressPrivate @3 :Bool;
  killAtMaxAttempts @4 :Bool;
  inactivityTimeout @5 :Int64;
  abortTimeout @6 :Int64;
  journalRetention @7 :Int64;
  idempotencyRetention @8 :Int64;
  workflowRetention @9 :Int64;
  retryInitialInterval @10 :Int64;
  retryMaxInterval @11 :Int64;
  retryFactor @12 :Float64;
}
