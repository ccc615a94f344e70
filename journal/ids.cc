#include "journal/ids.h"

#include <openssl/evp.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <optional>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "storage/base/check.h"

namespace holdfast::journal {
namespace {

using u128 = unsigned __int128;

static_assert(std::endian::native == std::endian::little, "ids are read as little-endian numbers");

constexpr std::string_view kInvocationPrefix = "inv_";
constexpr std::string_view kAwakeablePrefix = "sign_";
constexpr std::string_view kDeploymentPrefix = "dp_";
constexpr char kTextVersion = '1';
constexpr std::size_t kRawSize = 24;
constexpr std::size_t kPartitionKeyDigits = 11;
constexpr std::size_t kUuidDigits = 22;
constexpr std::size_t kInvocationTextSize =
    kInvocationPrefix.size() + 1 + kPartitionKeyDigits + kUuidDigits;

constexpr std::string_view kBase62 =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kBase64Url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::uint8_t kNoDigit = 0xFF;

constexpr std::array<std::uint8_t, 256> digit_values(std::string_view alphabet) {
  std::array<std::uint8_t, 256> values{};
  for (auto& value : values) value = kNoDigit;
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}
constexpr auto kBase62Values = digit_values(kBase62);
constexpr auto kBase64UrlValues = digit_values(kBase64Url);

// The most base62 digits whose number always fits 64 bits, and what they count to.
constexpr std::size_t kChunkDigits = 10;
constexpr std::uint64_t kChunk = 839'299'365'868'340'224u;  // 62^10

void write_base62(char* to, std::size_t digits, std::uint64_t number) {
  for (std::size_t i = digits; i-- > 0;) {
    to[i] = kBase62[number % 62];
    number /= 62;
  }
}

void write_base62(char* to, u128 number) {
  const u128 high = number / kChunk;
  write_base62(to + 12, kChunkDigits, static_cast<std::uint64_t>(number % kChunk));
  write_base62(to + 2, kChunkDigits, static_cast<std::uint64_t>(high % kChunk));
  write_base62(to, 2, static_cast<std::uint64_t>(high / kChunk));
}

// REQUIRES: digits only.
u128 read_base62_digits(std::string_view text) {
  u128 number = 0;
  while (!text.empty()) {
    const std::string_view chunk = text.substr(0, std::min(kChunkDigits, text.size()));
    std::uint64_t value = 0;
    std::uint64_t scale = 1;
    for (const char c : chunk) {
      value = value * 62 + kBase62Values[static_cast<unsigned char>(c)];
      scale *= 62;
    }
    number = number * scale + value;
    text.remove_prefix(chunk.size());
  }
  return number;
}

// None: it does not fit 128 bits. REQUIRES: 22 digits.
std::optional<u128> read_u128(std::string_view text) {
  // 62^20 < 2^128: the last 20 digits fit; the first two decide.
  u128 number = static_cast<u128>(kChunk) * kChunk;
  if (__builtin_mul_overflow(read_base62_digits(text.substr(0, 2)), number, &number) ||
      __builtin_add_overflow(read_base62_digits(text.substr(2)), number, &number)) {
    return std::nullopt;
  }
  return number;
}

bool all_digits(std::string_view text, const std::array<std::uint8_t, 256>& values) {
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return values[static_cast<unsigned char>(c)] != kNoDigit; });
}

Error invalid(std::string_view what, std::string_view why) {
  return {ErrorCode::kInvalidArgument, std::string(what) + ": " + std::string(why)};
}

// Checks and takes off the prefix and the version.
Result<std::string_view> text_body(std::string_view text, std::string_view prefix,
                                   std::string_view what) {
  if (text.substr(0, prefix.size()) != prefix) {
    return invalid(what, "does not start with " + std::string(prefix));
  }
  text.remove_prefix(prefix.size());
  if (text.empty()) return invalid(what, "ends after its prefix");
  if (text.front() != kTextVersion)
    return invalid(what, "has another character than 1 after its prefix");
  return text.substr(1);
}

std::array<char, kRawSize> raw(const InvocationId& id) {
  std::array<char, kRawSize> bytes;
  const std::uint64_t partition_key = __builtin_bswap64(id.partition_key);
  std::memcpy(bytes.data(), &partition_key, 8);
  std::memcpy(bytes.data() + 8, id.uuid.data(), 16);
  return bytes;
}

std::uint64_t hash_with_end(std::string_view text) {
  static constexpr char kEnd = '\xFF';
  char buffer[256];
  if (text.size() < sizeof(buffer)) {
    std::memcpy(buffer, text.data(), text.size());
    buffer[text.size()] = kEnd;
    return XXH3_64bits(buffer, text.size() + 1);
  }
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  XXH3_64bits_update(&state, text.data(), text.size());
  XXH3_64bits_update(&state, &kEnd, 1);
  return XXH3_64bits_digest(&state);
}

// SHA-256 of the parts joined with commas, first half.
std::array<std::uint8_t, 16> digest(std::initializer_list<std::string_view> parts) {
  thread_local const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(
      EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  static const EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  bool done = EVP_DigestInit_ex(context.get(), sha256, nullptr) == 1;
  bool first = true;
  for (const std::string_view part : parts) {
    if (!first) done = done && EVP_DigestUpdate(context.get(), ",", 1) == 1;
    done = done && EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1;
    first = false;
  }
  std::array<std::uint8_t, 32> whole;
  done = done && EVP_DigestFinal_ex(context.get(), whole.data(), nullptr) == 1;
  CHECK(done, "SHA-256 must be there");

  std::array<std::uint8_t, 16> half;
  std::copy_n(whole.begin(), half.size(), half.begin());
  return half;
}

// Unix milliseconds in 6 bytes, big endian, then the low 16 bits of `high` and all of `low`.
std::array<std::uint8_t, 16> ulid_of(std::int64_t now_unix_ms, std::uint64_t high,
                                     std::uint64_t low) {
  const std::uint64_t first =
      __builtin_bswap64(static_cast<std::uint64_t>(now_unix_ms) << 16 | (high & 0xFFFF));
  std::array<std::uint8_t, 16> ulid;
  std::memcpy(ulid.data(), &first, 8);
  std::memcpy(ulid.data() + 8, &low, 8);
  return ulid;
}

struct SipHash13 {
  std::uint64_t v0 = 0x736f6d6570736575u, v1 = 0x646f72616e646f6du;
  std::uint64_t v2 = 0x6c7967656e657261u, v3 = 0x7465646279746573u;

  void round() {
    v0 += v1, v1 = std::rotl(v1, 13) ^ v0, v0 = std::rotl(v0, 32);
    v2 += v3, v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3, v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1, v1 = std::rotl(v1, 17) ^ v2, v2 = std::rotl(v2, 32);
  }
  void word(std::uint64_t m) {
    v3 ^= m;
    round();
    v0 ^= m;
  }
  std::uint64_t finish() {
    v2 ^= 0xFF;
    round(), round(), round();
    return v0 ^ v1 ^ v2 ^ v3;
  }
};

// REQUIRES: eighth < 8.
std::uint64_t bucket_of(std::int64_t now_unix_ms, std::uint64_t eighth) {
  constexpr std::uint64_t kEach = kServiceBuckets / 8;
  return eighth * kEach + (static_cast<std::uint64_t>(now_unix_ms) >> 10) % kEach;
}

}  // namespace

Bytes InvocationId::bytes() const {
  const auto bytes = raw(*this);
  return Bytes(bytes.data(), bytes.size());
}

std::string InvocationId::text() const {
  std::string text(kInvocationTextSize, kTextVersion);
  char* to = text.data();
  std::memcpy(to, kInvocationPrefix.data(), kInvocationPrefix.size());
  to += kInvocationPrefix.size() + 1;
  write_base62(to, kPartitionKeyDigits, __builtin_bswap64(partition_key));
  u128 number;
  std::memcpy(&number, uuid.data(), sizeof(number));
  write_base62(to + kPartitionKeyDigits, number);
  return text;
}

Result<InvocationId> InvocationId::from_bytes(BytesView raw) {
  if (raw.size() != kRawSize) return invalid("invocation id", "is not 24 bytes long");
  InvocationId id;
  std::memcpy(&id.partition_key, raw.data(), 8);
  id.partition_key = __builtin_bswap64(id.partition_key);
  std::memcpy(id.uuid.data(), raw.data() + 8, 16);
  return id;
}

Result<InvocationId> InvocationId::from_text(std::string_view text) {
  constexpr std::string_view kWhat = "invocation id";
  const std::string_view body = TRY(text_body(text, kInvocationPrefix, kWhat));
  if (body.size() != kPartitionKeyDigits + kUuidDigits) {
    return invalid(kWhat, "is not 38 characters long");
  }
  if (!all_digits(body, kBase62Values)) {
    return invalid(kWhat, "has a character that is not a letter or digit");
  }

  const u128 partition_key = read_base62_digits(body.substr(0, kPartitionKeyDigits));
  if (partition_key >> 64 != 0) return invalid(kWhat, "has a partition key over 64 bits");

  const std::optional<u128> number = read_u128(body.substr(kPartitionKeyDigits));
  if (!number.has_value()) return invalid(kWhat, "has a number over 128 bits");

  InvocationId id;
  id.partition_key = __builtin_bswap64(static_cast<std::uint64_t>(partition_key));
  std::memcpy(id.uuid.data(), &*number, sizeof(*number));
  return id;
}

namespace {
constexpr std::size_t kAwakeableRawSize = kRawSize + 4;
constexpr std::size_t kAwakeableDigits = (kAwakeableRawSize * 8 + 5) / 6;  // 38, without padding.
}  // namespace

std::string AwakeableId::text() const {
  std::array<std::uint8_t, kAwakeableRawSize + 2> bytes{};  // Zeros at the end, up to three bytes.
  const auto id = raw(invocation);
  const std::uint32_t big_endian_index = __builtin_bswap32(index);
  std::memcpy(bytes.data(), id.data(), id.size());
  std::memcpy(bytes.data() + id.size(), &big_endian_index, 4);

  std::string text(kAwakeablePrefix.size() + 1 + kAwakeableDigits, kTextVersion);
  std::memcpy(text.data(), kAwakeablePrefix.data(), kAwakeablePrefix.size());
  char* to = text.data() + kAwakeablePrefix.size() + 1;
  for (std::size_t i = 0; i < kAwakeableDigits; ++i) {
    const std::size_t byte = i / 4 * 3;
    const std::uint32_t three = bytes[byte] << 16 | bytes[byte + 1] << 8 | bytes[byte + 2];
    to[i] = kBase64Url[three >> (18 - 6 * (i % 4)) & 63];
  }
  return text;
}

Result<AwakeableId> AwakeableId::from_text(std::string_view text) {
  constexpr std::string_view kWhat = "awakeable id";
  std::string_view body = TRY(text_body(text, kAwakeablePrefix, kWhat));
  if (body.size() == kAwakeableDigits + 2 && body.substr(kAwakeableDigits) == "==") {
    body.remove_suffix(2);
  }
  if (body.size() != kAwakeableDigits) return invalid(kWhat, "is not 44 characters long");
  if (!all_digits(body, kBase64UrlValues)) {
    return invalid(kWhat, "has a character outside the base64url alphabet");
  }

  std::array<std::uint8_t, kAwakeableRawSize + 2> bytes{};
  std::uint32_t bits = 0;
  int count = 0;
  std::size_t size = 0;
  for (const char c : body) {
    bits = bits << 6 | kBase64UrlValues[static_cast<unsigned char>(c)];
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes[size++] = static_cast<std::uint8_t>(bits >> count);
    }
  }
  if ((bits & ((1u << count) - 1)) != 0) return invalid(kWhat, "has bits after its last byte");

  const char* const begin = reinterpret_cast<const char*>(bytes.data());
  AwakeableId id;
  id.invocation = TRY(InvocationId::from_bytes({begin, kRawSize}));
  std::memcpy(&id.index, begin + kRawSize, 4);
  id.index = __builtin_bswap32(id.index);
  return id;
}

std::string DeploymentId::text() const {
  u128 number;
  std::memcpy(&number, ulid.data(), sizeof(number));
  std::string text(kDeploymentPrefix.size() + 1 + kUuidDigits, kTextVersion);
  std::memcpy(text.data(), kDeploymentPrefix.data(), kDeploymentPrefix.size());
  write_base62(text.data() + kDeploymentPrefix.size() + 1, number);
  return text;
}

Result<DeploymentId> DeploymentId::from_bytes(BytesView raw) {
  DeploymentId id;
  if (raw.size() != id.ulid.size()) return invalid("deployment id", "is not 16 bytes long");
  std::memcpy(id.ulid.data(), raw.data(), raw.size());
  return id;
}

Result<DeploymentId> DeploymentId::from_text(std::string_view text) {
  constexpr std::string_view kWhat = "deployment id";
  const std::string_view body = TRY(text_body(text, kDeploymentPrefix, kWhat));
  if (body.size() != kUuidDigits) return invalid(kWhat, "is not 26 characters long");
  if (!all_digits(body, kBase62Values)) {
    return invalid(kWhat, "has a character that is not a letter or digit");
  }
  const std::optional<u128> number = read_u128(body);
  if (!number.has_value()) return invalid(kWhat, "has a number over 128 bits");
  DeploymentId id;
  std::memcpy(id.ulid.data(), &*number, sizeof(*number));
  return id;
}

PartitionKey partition_key_of(std::string_view object_key) { return hash_with_end(object_key); }

// INV-8: the same request names the same invocation, on every node and in every release.
PartitionKey bucket_key(std::string_view service, std::uint64_t bucket) {
  return hash_with_end(service) + (bucket << (64 - kServiceBucketBits));
}

InvocationId workflow_run_id(std::string_view service, std::string_view key) {
  return {partition_key_of(key), digest({"wf", service, key})};
}

InvocationId idempotent_id(std::string_view service, std::optional<std::string_view> key,
                           std::string_view handler, std::string_view idempotency_key) {
  if (key.has_value()) {
    return {partition_key_of(*key), digest({"ik", service, *key, handler, idempotency_key})};
  }
  const std::uint64_t bucket = hash_with_end(idempotency_key) >> (64 - kServiceBucketBits);
  return {bucket_key(service, bucket), digest({"ik", service, handler, idempotency_key})};
}

InvocationId fresh_id(std::string_view service, std::optional<std::string_view> key,
                      std::int64_t now_unix_ms, Random& random) {
  const std::uint64_t low = random.next();
  const std::uint64_t high = random.next();  // 16 bits for the uuid, the top 3 for the bucket.

  InvocationId id;
  id.partition_key = key.has_value() ? partition_key_of(*key)
                                     : bucket_key(service, bucket_of(now_unix_ms, high >> 61));
  id.uuid = ulid_of(now_unix_ms, high, low);
  return id;
}

DeploymentId fresh_deployment_id(std::int64_t now_unix_ms, Random& random) {
  const std::uint64_t low = random.next();
  return {ulid_of(now_unix_ms, random.next(), low)};
}

std::uint64_t random_seed_of(const InvocationId& id) {
  // 32 bytes of input and no rest, so that the last word is the length alone.
  const auto bytes = raw(id);
  SipHash13 hash;
  hash.word(kRawSize);
  for (std::size_t i = 0; i < kRawSize; i += 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data() + i, 8);
    hash.word(word);
  }
  hash.word(std::uint64_t{8 + kRawSize} << 56);
  return hash.finish();
}

}  // namespace holdfast::journal
