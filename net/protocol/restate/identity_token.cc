#include "net/protocol/restate/identity_token.h"

#include <boost/json.hpp>
#include <limits>

#include "net/protocol/restate/base58.h"

namespace holdfast::protocol::restate {
namespace {

namespace json = boost::json;

constexpr std::string_view kKeyPrefix = "publickeyv1_";
constexpr std::size_t kKeySize = 32;
constexpr std::size_t kSignatureSize = 64;
constexpr std::size_t kTokenMax = 8192;
constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

Error wrong(std::string_view why) {
  return {ErrorCode::kInvalidArgument, "the identity token " + std::string(why)};
}

std::string to_base64url(BytesView bytes) {
  std::string text;
  text.reserve((bytes.size() * 4 + 2) / 3);
  std::uint32_t bits = 0;
  int count = 0;
  for (const char byte : bytes) {
    bits = (bits << 8) | static_cast<unsigned char>(byte);
    for (count += 8; count >= 6;) text += kAlphabet[(bits >> (count -= 6)) & 0x3F];
  }
  if (count > 0) text += kAlphabet[(bits << (6 - count)) & 0x3F];
  return text;
}

// Without padding, and bits left over are zero: one text for one byte string.
std::optional<Bytes> from_base64url(std::string_view text) {
  Bytes bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char letter : text) {
    const std::size_t value = kAlphabet.find(letter);
    if (value == std::string_view::npos) return std::nullopt;
    bits = (bits << 6) | static_cast<std::uint32_t>(value);
    if ((count += 6) >= 8) bytes += static_cast<char>(bits >> (count -= 8));
  }
  if (count >= 6 || (bits & ((1u << count) - 1)) != 0) return std::nullopt;
  return bytes;
}

Result<json::object> object_of(std::string_view part, std::string_view name) {
  const std::optional<Bytes> bytes = from_base64url(part);
  if (!bytes) return wrong("is not base64url in its " + std::string(name));
  json::error_code error;
  json::value value = json::parse(*bytes, error);
  if (error || !value.is_object()) {
    return wrong("has no JSON object as its " + std::string(name));
  }
  return std::move(value.get_object());
}

std::string text_in(const json::object& object, std::string_view name) {
  const json::value* const found = object.if_contains(name);
  if (found == nullptr || !found->is_string()) return {};
  return std::string(found->get_string());
}

// A NumericDate may have a fraction (RFC 7519, 2); whole seconds are enough.
std::optional<std::int64_t> seconds_in(const json::object& object, std::string_view name) {
  const json::value* const found = object.if_contains(name);
  if (found == nullptr) return std::nullopt;
  if (const std::int64_t* const seconds = found->if_int64()) return *seconds;
  const double* const fraction = found->if_double();
  if (fraction == nullptr || !(*fraction > -9e15 && *fraction < 9e15)) return std::nullopt;
  return static_cast<std::int64_t>(*fraction);
}

// `aud` is a text, or a list with one text.
std::string audience_in(const json::object& claims) {
  const json::value* const found = claims.if_contains("aud");
  if (found != nullptr && found->is_array() && found->get_array().size() == 1 &&
      found->get_array()[0].is_string()) {
    return std::string(found->get_array()[0].get_string());
  }
  return text_in(claims, "aud");
}

}  // namespace

std::string public_key_text(BytesView raw) {
  CHECK(raw.size() == kKeySize, "an Ed25519 public key has 32 bytes");
  return std::string(kKeyPrefix) + to_base58(raw);
}

Result<Bytes> public_key_of(std::string_view text) {
  std::optional<Bytes> raw;
  if (text.starts_with(kKeyPrefix)) raw = from_base58(text.substr(kKeyPrefix.size()));
  if (!raw || raw->size() != kKeySize) {
    return Error(ErrorCode::kInvalidArgument,
                 "'" + std::string(text) +
                     "' is no public key: publickeyv1_ and 32 bytes in base58 are expected");
  }
  return *raw;
}

std::string signing_input(const IdentityToken& token) {
  const json::value header = {{"typ", "JWT"}, {"alg", "EdDSA"}, {"kid", token.key}};
  json::object claims = {{"aud", token.audience},
                         {"iat", token.issued_s},
                         {"nbf", token.not_before_s},
                         {"exp", token.expires_s}};
  if (!token.subject.empty()) claims["sub"] = token.subject;
  return to_base64url(json::serialize(header)) + '.' + to_base64url(json::serialize(claims));
}

std::string with_signature(std::string signing_input, BytesView signature) {
  signing_input += '.';
  signing_input += to_base64url(signature);
  return signing_input;
}

Result<ParsedToken> parse_token(std::string_view text) {
  if (text.size() > kTokenMax) return wrong("is too long");
  const std::size_t first = text.find('.');
  const std::size_t second = first == text.npos ? text.npos : text.find('.', first + 1);
  if (second == text.npos) return wrong("has not three parts");
  const json::object header = TRY(object_of(text.substr(0, first), "header"));
  if (text_in(header, "typ") != "JWT" || text_in(header, "alg") != "EdDSA") {
    return wrong("is not a JWT signed with EdDSA");
  }
  const json::object claims = TRY(object_of(text.substr(first + 1, second - first - 1), "claims"));
  std::optional<Bytes> signature = from_base64url(text.substr(second + 1));
  if (!signature || signature->size() != kSignatureSize) return wrong("has no whole signature");
  constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
  IdentityToken token;
  token.key = text_in(header, "kid");
  token.audience = audience_in(claims);
  token.subject = text_in(claims, "sub");
  token.issued_s = seconds_in(claims, "iat").value_or(0);
  token.not_before_s = seconds_in(claims, "nbf").value_or(kNever);
  token.expires_s = seconds_in(claims, "exp").value_or(0);
  return ParsedToken{std::move(token), text.substr(0, second), std::move(*signature)};
}

}  // namespace holdfast::protocol::restate
