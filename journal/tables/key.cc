#include "journal/tables/key.h"

#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "storage/base/big_endian.h"

namespace holdfast::journal {
namespace {

constexpr std::size_t kTagSize = 1;
constexpr std::size_t kPartitionKeySize = 8;
constexpr std::size_t kIdSize = 24;
constexpr std::size_t kStampSize = 8;
constexpr std::size_t kTimerKeySize = 1 + 8 + kIdSize + 1 + 4;
constexpr std::size_t kWaiterSize = kIdSize + 4 + 4;

// Times before 1970 sort before those after.
constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63;

Error bad_key(BytesView key) {
  const std::string table = key.empty() ? "" : std::string(1, key.front());
  return {ErrorCode::kCorruption, "a key of table '" + table + "' has the wrong shape"};
}

// Cuts the part that Key::escaped() wrote off the front of `rest`. None: it does not end.
std::optional<std::string> take_escaped(BytesView& rest) {
  std::string part;
  for (;;) {
    const std::size_t zero = rest.find('\0');
    if (zero == BytesView::npos || zero + 1 == rest.size()) return std::nullopt;
    part.append(rest.substr(0, zero));
    const char after = rest[zero + 1];
    rest.remove_prefix(zero + 2);
    if (after == '\x01') return part;
    if (after != '\xFF') return std::nullopt;
    part.push_back('\0');
  }
}

}  // namespace

Key::Key(storage::Table table) { byte(static_cast<std::uint8_t>(table)); }

Key& Key::id(const InvocationId& id) {
  u64(id.partition_key);
  append(reinterpret_cast<const char*>(id.uuid.data()), id.uuid.size());
  return *this;
}

Key& Key::u64(std::uint64_t value) {
  const std::uint64_t big_endian = __builtin_bswap64(value);
  append(reinterpret_cast<const char*>(&big_endian), sizeof(big_endian));
  return *this;
}

Key& Key::u32(std::uint32_t value) {
  const std::uint32_t big_endian = __builtin_bswap32(value);
  append(reinterpret_cast<const char*>(&big_endian), sizeof(big_endian));
  return *this;
}

Key& Key::byte(std::uint8_t value) {
  append(reinterpret_cast<const char*>(&value), 1);
  return *this;
}

Key& Key::escaped(BytesView part) {
  for (;;) {
    const std::size_t zero = part.find('\0');
    if (zero == BytesView::npos) break;
    append(part.data(), zero);
    append("\0\xFF", 2);
    part.remove_prefix(zero + 1);
  }
  append(part.data(), part.size());
  append("\0\x01", 2);
  return *this;
}

Key& Key::last(BytesView part) {
  append(part.data(), part.size());
  return *this;
}

Key& Key::waiter(const Waiter& waiter) {
  return id(waiter.invocation).u32(waiter.completion).u32(waiter.life);
}

void Key::append(const char* bytes, std::size_t size) {
  if (long_.empty() && size <= short_.size() - size_) {
    if (size > 0) std::memcpy(short_.data() + size_, bytes, size);
    size_ += size;
    return;
  }
  if (long_.empty()) {
    long_.reserve(size_ + size + 64);
    long_.assign(short_.data(), size_);
  }
  long_.append(bytes, size);
}

Key object_key(storage::Table table, std::string_view service, std::string_view key) {
  Key built(table);
  built.u64(partition_key_of(key)).escaped(service).escaped(key);
  return built;
}

Key timer_key(const Timer& timer) {
  Key key(storage::Table::kTimer);
  key.u64(static_cast<std::uint64_t>(timer.due_unix_ms) ^ kSignBit)
      .id(timer.invocation)
      .byte(static_cast<std::uint8_t>(timer.kind))
      .u32(timer.completion);
  return key;
}

Key waited_for_key(const WaitedFor& of) {
  if (const auto* id = std::get_if<InvocationId>(&of)) return Key(storage::Table::kWaiter).id(*id);
  const auto& promise = std::get<PromiseName>(of);
  return object_key(storage::Table::kPromiseWaiter, promise.service, promise.key)
      .escaped(promise.name);
}

Result<InvocationId> id_in(BytesView key) {
  if (key.size() < 1 + kIdSize) return bad_key(key);
  return InvocationId::from_bytes(key.substr(1, kIdSize));
}

Result<std::uint64_t> stamp_in(BytesView key) {
  if (key.size() < 1 + kStampSize) return bad_key(key);
  return read_big_endian<std::uint64_t>(key.substr(key.size() - kStampSize));
}

Result<Timer> timer_in(BytesView key) {
  if (key.size() != kTimerKeySize) return bad_key(key);
  Timer timer;
  timer.due_unix_ms =
      static_cast<std::int64_t>(read_big_endian<std::uint64_t>(key.substr(1)) ^ kSignBit);
  timer.invocation = TRY(InvocationId::from_bytes(key.substr(9, kIdSize)));
  const auto kind = static_cast<std::uint8_t>(key[9 + kIdSize]);
  if (kind < static_cast<std::uint8_t>(TimerKind::kSleep) ||
      kind > static_cast<std::uint8_t>(TimerKind::kExpireJournal)) {
    return Error(ErrorCode::kCorruption, "a timer of the unknown kind " + std::to_string(kind));
  }
  timer.kind = static_cast<TimerKind>(kind);
  timer.completion = read_big_endian<std::uint32_t>(key.substr(10 + kIdSize));
  return timer;
}

Result<ObjectKeyParts> object_in(BytesView key) {
  if (key.size() < kTagSize + kPartitionKeySize) return bad_key(key);
  BytesView rest = key.substr(kTagSize + kPartitionKeySize);
  auto service = take_escaped(rest);
  auto object = service.has_value() ? take_escaped(rest) : std::nullopt;
  if (!object.has_value()) return bad_key(key);
  return ObjectKeyParts{std::move(*service), std::move(*object), rest};
}

Result<WaiterKeyParts> waiter_in(BytesView key) {
  WaiterKeyParts parts;
  BytesView waiter;
  if (key.starts_with(static_cast<char>(storage::Table::kWaiter))) {
    parts.of = TRY(id_in(key));
    waiter = key.substr(kTagSize + kIdSize);
  } else {
    auto object = TRY(object_in(key));
    auto name = take_escaped(object.rest);
    if (!name.has_value()) return bad_key(key);
    parts.of = PromiseName{std::move(object.service), std::move(object.key), std::move(*name)};
    waiter = object.rest;
  }
  if (waiter.size() != kWaiterSize) return bad_key(key);
  parts.waiter.invocation = TRY(InvocationId::from_bytes(waiter.substr(0, kIdSize)));
  parts.waiter.completion = read_big_endian<std::uint32_t>(waiter.substr(kIdSize));
  parts.waiter.life = read_big_endian<std::uint32_t>(waiter.substr(kIdSize + 4));
  return parts;
}

}  // namespace holdfast::journal
