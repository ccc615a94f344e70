# What an operator changed about a service, as stored. Rules as in entry.capnp. `changed` has a bit
# for each field that was: 0 isPublic, 1 idempotencyRetention, 2 workflowRetention,
# 3 journalRetention, 4 inactivityTimeout, 5 abortTimeout, 6 parkAfter. Times are milliseconds.

@0xe85d1b9047c2fa63;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("holdfast::journal::stored");

struct ServiceSettings {
  changed @0 :UInt32;
  isPublic @1 :Bool;
  idempotencyRetention @2 :Int64;
  workflowRetention @3 :Int64;
  journalRetention @4 :Int64;
  inactivityTimeout @5 :Int64;
  abortTimeout @6 :Int64;
  parkAfter @7 :Int64;
}
