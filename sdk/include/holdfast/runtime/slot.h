#pragma once
// Slot: where the outcome of one operation arrives. Futures read it; handlers never see it.
//
// Every notification has a position: its place in the one order in which notifications are
// journaled, the same in every attempt. Whatever a handler can learn about which of two operations
// was first is a comparison of positions, never of what happens to have arrived already (see
// future.h).

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <holdfast/error.h>

#include "storage/base/bytes.h"

namespace holdfast::runtime {

using Position = std::uint64_t;
inline constexpr Position kAtOnce = 0;  // Known without any notification.
inline constexpr Position kUndecided = std::numeric_limits<Position>::max();

// When something was decided, and whether it failed.
struct Verdict {
  Position position = kUndecided;
  bool failed = false;
  // It failed by a limit of time, which is there to go on although a closure is executed.
  bool timed_out = false;

  bool decided() const { return position != kUndecided; }
};

// A TerminalError as a value.
struct Failed {
  std::uint16_t code = 500;
  std::string message;
  ErrorMetadata metadata;
};

// Throws it: CancelledError when it tells of a cancellation, else TerminalError.
[[noreturn]] void throw_failed(const Failed& failed);

struct Slot {
  // What completes it; the number or name is there to say what a blocked handler waits for.
  enum class Source : std::uint8_t { kNone, kCompletion, kSignal, kNamedSignal };
  enum class Kind : std::uint8_t { kVoid, kValue, kKeys };

  Position position = kUndecided;
  Source source = Source::kNone;
  Kind kind = Kind::kVoid;
  bool taken = false;  // By a future that has moved the outcome out.
  std::uint32_t number = 0;
  std::shared_ptr<const std::string> name;
  Bytes value;
  std::vector<Bytes> keys;
  std::unique_ptr<const Failed> failure;

  Verdict verdict() const { return {position, failure != nullptr}; }
};

// Takes down what a handler waits for, as a tree of what is not decided yet.
class WaitWriter {
 public:
  // When a node is decided, and as what.
  enum class Combinator : std::uint8_t {
    kAny,           // With its first child, as that one.
    kAll,           // With its last child, as a success.
    kFirstSuccess,  // With the first success, or when all have failed.
    kFirstFailure,  // With the first failure, or when all have succeeded.
    kUnknown,       // With its first child; as what, only the handler knows.
  };

  virtual void begin(Combinator combinator) = 0;
  virtual void leaf(const Slot& slot) = 0;
  // A child that is never decided.
  virtual void never() = 0;
  virtual void end() = 0;

 protected:
  ~WaitWriter() = default;
};

}  // namespace holdfast::runtime
