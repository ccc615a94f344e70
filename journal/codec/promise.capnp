# A durable promise of a workflow as stored. Rules as in entry.capnp.

@0x9c2e50f7a614db38;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("holdfast::journal::stored");

using Entry = import "entry.capnp";
using Invocation = import "invocation.capnp";

struct PromiseRecord {
  result @0 :Entry.Outcome;  # Optional.
  waiters @1 :List(Invocation.Waiter);
}
