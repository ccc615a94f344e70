#pragma once
// Key: building and taking apart the keys of our tables. Of use inside journal/tables and
// journal/verify only; exact bytes in docs/formats/key_space.md.
//
// Invariants: comparing the bytes of two keys compares their parts from left to right, and no part
// can run into the next.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "journal/ids.h"
#include "journal/later_waiters.h"
#include "journal/timer.h"
#include "storage/base/bytes.h"
#include "storage/base/result.h"
#include "storage/key_space.h"

namespace holdfast::journal {

// Grows part by part; on the stack unless it is long.
class Key {
 public:
  explicit Key(storage::Table table);

  Key& id(const InvocationId& id);
  Key& u64(std::uint64_t value);
  Key& u32(std::uint32_t value);
  Key& byte(std::uint8_t value);
  // A part that others follow: 0x00 becomes 0x00 0xFF, and 0x00 0x01 ends it.
  Key& escaped(BytesView part);
  // The last part, as it is.
  Key& last(BytesView part);
  Key& waiter(const Waiter& waiter);

  BytesView view() const {
    return long_.empty() ? BytesView(short_.data(), size_) : BytesView(long_);
  }
  operator BytesView() const { return view(); }  // NOLINT: implicit
  // The end of the keys that begin with this one.
  Bytes end() const { return storage::prefix_end(view()); }
  // The first key after this one.
  Bytes next() const { return Bytes(view()).append(1, '\0'); }

 private:
  void append(const char* bytes, std::size_t size);

  std::array<char, 120> short_;
  std::size_t size_ = 0;  // Of short_.
  Bytes long_;            // All of it, when short_ is too short.
};

// The rows of one object or workflow key: tag, partition key, service, key.
Key object_key(storage::Table table, std::string_view service, std::string_view key);
Key timer_key(const Timer& timer);
// The rows of those who wait for something, up to the waiter.
Key waited_for_key(const WaitedFor& of);

// Taking apart. kCorruption when the key does not have the shape of its table's.
Result<InvocationId> id_in(BytesView key);      // The rows i, j, r.
Result<std::uint64_t> stamp_in(BytesView key);  // The last eight bytes of j, r, q.
Result<Timer> timer_in(BytesView key);
// What object_key() took, and what follows it. `rest` borrows from the key.
struct ObjectKeyParts {
  std::string service, key;
  BytesView rest;
};
Result<ObjectKeyParts> object_in(BytesView key);  // The rows q, s, p, v.
// The rows w, v.
struct WaiterKeyParts {
  WaitedFor of;
  Waiter waiter;
};
Result<WaiterKeyParts> waiter_in(BytesView key);

}  // namespace holdfast::journal
