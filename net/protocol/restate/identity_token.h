#pragma once
// IdentityToken: what a request says of who sent it, as a JWT (RFC 7519) signed with Ed25519
// (RFC 8037). Text only; who signs is net/egress/identity, who checks is identity_check.
//
//   x-restate-signature-scheme: v1
//   x-restate-jwt-v1: base64url(header) . base64url(claims) . base64url(signature)
//
// header {"typ":"JWT","alg":"EdDSA","kid":"publickeyv1_" + base58(public key)}, claims aud (the
// path after the base of the endpoint), iat, nbf, exp (seconds), sub when there is one.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "storage/base/bytes.h"
#include "storage/base/result.h"

namespace holdfast::protocol::restate {

inline constexpr std::string_view kSignatureSchemeHeader = "x-restate-signature-scheme";
inline constexpr std::string_view kSignatureScheme = "v1";
inline constexpr std::string_view kTokenHeader = "x-restate-jwt-v1";

// The text of an Ed25519 public key (32 bytes), "publickeyv1_...", and back. kInvalidArgument when
// it is none.
std::string public_key_text(BytesView raw);
Result<Bytes> public_key_of(std::string_view text);

struct IdentityToken {
  std::string key;       // "publickeyv1_..."
  std::string audience;  // "/invoke/Service/handler" or "/discover".
  std::string subject;   // Empty: none.
  std::int64_t issued_s = 0;
  std::int64_t not_before_s = 0;
  std::int64_t expires_s = 0;
};

// Header and claims, joined by a dot: what is signed.
std::string signing_input(const IdentityToken& token);
// The whole, ready for the header.
std::string with_signature(std::string signing_input, BytesView signature);

// A token taken apart. Its signature is not checked. The view borrows from what was parsed.
struct ParsedToken {
  IdentityToken token;
  std::string_view signing_input;
  Bytes signature;  // 64 bytes.
};
// kInvalidArgument says what is wrong. Claims nobody asked for are ignored; the times default to
// those that are never right.
Result<ParsedToken> parse_token(std::string_view text);

}  // namespace holdfast::protocol::restate
