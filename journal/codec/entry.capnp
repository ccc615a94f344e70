# Journal entries as stored. Exact bytes around these messages: docs/formats/record.md.
#
# A number once used is never used again, and a field once released keeps its meaning (INV-10). All
# strings are Data: bytes of a caller are kept as they are. An absent pointer means "none" where the
# record has an optional, and otherwise empty.

@0xd1f3a0c27b5e4961;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("holdfast::journal::stored");

struct Pair {
  name @0 :Data;
  value @1 :Data;
}

struct Failure {
  code @0 :UInt16;
  message @1 :Data;
  metadata @2 :List(Pair);
}

struct Outcome {
  union {
    value @0 :Data;
    failure @1 :Failure;
  }
}

# The entries that the committer gave one stamp.
struct Chunk {
  appendedAt @0 :Int64;  # Unix milliseconds.
  entries @1 :List(Entry);
}

# One word and two pointers, because most entries are steps: a Run is a name and an id, its
# completion an id and a value. What needs more has a struct of its own.
struct Entry {
  name @0 :Data;
  completion @1 :UInt32;  # Of the command, or the completion that a notification brings.
  union {
    run @2 :Void;
    completionEmpty @3 :Void;
    completionValue @4 :Data;
    completionFailure @5 :Failure;
    completionInvocation @6 :Data;  # An invocation id, 24 bytes.
    completionKeys @7 :List(Data);
    signal @8 :Signal;
    input @9 :Input;
    outputValue @10 :Data;
    outputFailure @11 :Failure;
    readState @12 :ReadState;
    listState @13 :List(Data);
    writeState @14 :Pair;
    clearState @15 :Data;
    clearAllState @16 :Void;
    sleep @17 :Sleep;
    call @18 :Call;
    promise @19 :Promise;
    sendSignal @20 :SendSignal;
    attach @21 :Attach;
    told @22 :Told;
  }
}

# A completion for one whose id is of a key; others have none of this.
struct Told {
  life @0 :UInt32;  # The asker's. Not 0.
  union {
    empty @1 :Void;
    value @2 :Data;
    failure @3 :Failure;
  }
}

struct Signal {
  union {
    index @0 :UInt32;
    name @1 :Data;
  }
  result :union {
    empty @2 :Void;
    value @3 :Data;
    failure @4 :Failure;
    invocation @5 :Data;
    keys @6 :List(Data);
  }
}

struct Input {
  headers @0 :List(Pair);
  value @1 :Data;
}

struct ReadState {
  key @0 :Data;
  value @1 :Data;  # Optional.
}

struct Sleep {
  wakeUp @0 :Int64;  # Unix milliseconds.
}

struct Call {
  service @0 :Data;
  key @1 :Data;
  handler @2 :Data;
  parameter @3 :Data;
  headers @4 :List(Pair);
  idempotencyKey @5 :Data;  # Optional.
  idCompletion @6 :UInt32;
  notBefore @7 :Int64;  # Unix milliseconds; 0: at once.
}

struct Promise {
  act @0 :UInt8;  # 0 get, 1 peek, 2 complete.
  key @1 :Data;
  result @2 :Outcome;  # Optional.
}

struct SendSignal {
  target @0 :Data;  # An invocation id, 24 bytes.
  union {
    index @1 :UInt32;
    name @2 :Data;
  }
  result :union {
    empty @3 :Void;
    value @4 :Data;
    failure @5 :Failure;
  }
  asAwakeable @6 :Bool;
}

struct Attach {
  target @0 :Data;  # An invocation id, 24 bytes.
  wait @1 :Bool;
  by @2 :UInt8;  # 0 id, 1 idempotency key, 2 workflow.
  service @3 :Data;
  handler @4 :Data;
  idempotencyKey @5 :Data;
  key @6 :Data;  # Optional.
}
