#include "net/protocol/restate/identity_check.h"

#include <openssl/evp.h>

#include <algorithm>
#include <utility>

namespace holdfast::protocol::restate {
namespace {

constexpr std::size_t kRememberedMax = 1024;

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

Error refuse(std::string_view why) {
  return {ErrorCode::kInvalidArgument, "request identity: " + std::string(why)};
}

const unsigned char* raw(BytesView bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

bool is_signed_by(EVP_PKEY* key, BytesView text, BytesView signature) {
  const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  return context != nullptr &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), raw(signature), signature.size(), raw(text),
                          text.size()) == 1;
}

bool is_over(const IdentityToken& token, std::int64_t now_s) {
  return token.expires_s <= now_s - IdentityCheck::kLeewaySeconds;
}

}  // namespace

struct IdentityCheck::Key {
  std::string text;
  std::unique_ptr<EVP_PKEY, FreeKey> key;
};

IdentityCheck::IdentityCheck() = default;
IdentityCheck::~IdentityCheck() = default;

Result<std::unique_ptr<IdentityCheck>> IdentityCheck::make(
    const std::vector<std::string>& public_keys) {
  if (public_keys.empty()) return refuse("no public key is given");
  std::unique_ptr<IdentityCheck> made(new IdentityCheck());
  for (const std::string& text : public_keys) {
    const Bytes bytes = TRY(public_key_of(text));
    std::unique_ptr<EVP_PKEY, FreeKey> key(
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, raw(bytes), bytes.size()));
    if (key == nullptr) return refuse("'" + text + "' is no Ed25519 public key");
    made->keys_.push_back({text, std::move(key)});
  }
  return made;
}

Result<void> IdentityCheck::check(std::optional<std::string_view> scheme,
                                  std::optional<std::string_view> token, std::string_view path,
                                  WallTime now) const {
  if (!scheme || *scheme != kSignatureScheme) return refuse("the request is not signed");
  if (!token) return refuse("the token is missing");
  const IdentityToken found = TRY(signed_token(*token, now));
  const std::int64_t now_s = to_unix_millis(now) / 1000;
  if (found.not_before_s > now_s + kLeewaySeconds) return refuse("the token is not valid yet");
  if (is_over(found, now_s)) return refuse("the token is over");
  if (found.audience != path) return refuse("the token is for another path");
  return {};
}

Result<IdentityToken> IdentityCheck::signed_token(std::string_view text, WallTime now) const {
  {
    const std::lock_guard lock(mutex_);
    const auto found = good_.find(std::string(text));
    if (found != good_.end()) return found->second;
  }
  ParsedToken parsed = TRY(parse_token(text));
  const auto key = std::find_if(keys_.begin(), keys_.end(), [&parsed](const Key& known) {
    return known.text == parsed.token.key;
  });
  if (key == keys_.end()) return refuse("the token is signed with an unknown key");
  if (!is_signed_by(key->key.get(), parsed.signing_input, parsed.signature)) {
    return refuse("the signature is wrong");
  }
  const std::lock_guard lock(mutex_);
  if (good_.size() >= kRememberedMax) {
    const std::int64_t now_s = to_unix_millis(now) / 1000;
    std::erase_if(good_, [now_s](const auto& item) { return is_over(item.second, now_s); });
    if (good_.size() >= kRememberedMax) good_.clear();
  }
  good_.emplace(text, parsed.token);
  return std::move(parsed.token);
}

}  // namespace holdfast::protocol::restate
