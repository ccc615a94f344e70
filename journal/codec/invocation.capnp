# The row of an invocation as stored. Rules as in entry.capnp. Times are Unix milliseconds, 0 for
# not (yet).
#
# Most rows belong to runs that are parked or done, a million at a time: what such a row does not
# need is behind a pointer.

@0xb6a94c01d83f72e5;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("holdfast::journal::stored");

using Entry = import "entry.capnp";

struct Invocation {
  # 0 scheduled, 1 queued, 2 running, 3 backing off, 4 suspended, 5 paused, 6 completed.
  status @0 :UInt8;
  serviceKind @1 :UInt8;  # 0 service, 1 object, 2 workflow.
  handlerKind @2 :UInt8;  # 0 plain, 1 exclusive, 2 shared, 3 run.
  source @3 :UInt8;       # 0 ingress, 1 service, 2 restart as new.
  journalEntries @4 :UInt32;
  journalCommands @5 :UInt32;
  createdAt @6 :Int64;
  modifiedAt @7 :Int64;
  runningAt @8 :Int64;
  completionRetention @9 :Int64;  # Milliseconds.
  journalRetention @10 :Int64;    # Milliseconds.

  service @11 :Data;
  key @12 :Data;
  handler @13 :Data;
  awaitedCompletions @14 :List(UInt32);
  awaitedSignals @15 :AwaitedSignals;  # And how all that is awaited goes together.
  origin @16 :Origin;
  waiters @17 :List(Waiter);
  retry @18 :Retry;
  end @19 :End;
  pin @20 :Pin;
  lastStartAt @21 :Int64;
  life @22 :UInt32;
  input @23 :Entry.Input;    # Optional: the first entry of its journal.
  endsWithOutput @24 :Bool;  # The last entry of its journal is an Output of the result.
}

struct AwaitedSignals {
  indexes @0 :List(UInt32);
  names @1 :List(Data);
  # Empty: any of what is awaited wakes it. Else the nodes of a tree, each before its children; each
  # takes its leaves from where the one before it left off in the three lists. A reader that ignores
  # them wakes it too often.
  nodes @2 :List(WaitNode);
}

struct WaitNode {
  combinator @0 :UInt8;  # 0 any, 1 all, 2 first success, 3 first failure, 4 unknown.
  completions @1 :UInt32;
  signals @2 :UInt32;
  names @3 :UInt32;
  nested @4 :UInt32;
}

# Where it came from.
struct Origin {
  caller @0 :Data;  # Optional: an invocation id, 24 bytes.
  callerTarget @1 :Data;
  idempotencyKey @2 :Data;  # Optional.
  traceParent @3 :Data;
  scheduledStartAt @4 :Int64;
}

struct Waiter {
  partitionKey @0 :UInt64;
  uuidHigh @1 :UInt64;  # The uuid's first eight bytes, big endian.
  uuidLow @2 :UInt64;
  completion @3 :UInt32;
  life @4 :UInt32;
}

struct Retry {
  count @0 :UInt32;
  since @1 :Int64;
  nextAt @2 :Int64;
  lastFailure @3 :AttemptFailure;  # Optional.
}

struct AttemptFailure {
  code @0 :UInt16;
  hasCommand @1 :Bool;
  command @2 :UInt32;
  message @3 :Data;
  commandName @4 :Data;
  commandType @5 :Data;
}

struct End {
  completedAt @0 :Int64;
  result @1 :Entry.Outcome;  # Optional.
}

# What serves it, once that is chosen; code of the server's own process has none.
struct Pin {
  deployment @0 :Data;
  protocol @1 :UInt8;
}
