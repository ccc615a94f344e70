#include "net/egress/identity.h"

#include <utility>

#include "net/protocol/restate/identity_token.h"
#include "storage/base/check.h"

namespace holdfast::net {
namespace {

constexpr std::size_t kTokensMax = 4096;

// A clock that was set back makes a token unusable, too.
bool is_usable(WallTime made, WallTime now) { return now >= made && now - made < Identity::kReuse; }

}  // namespace

Identity::Identity(std::vector<IdentityKey> keys) : keys_(std::move(keys)) {
  CHECK(!keys_.empty() && keys_.size() <= kKeysMax, "one key signs, a second may wait");
}

Result<std::unique_ptr<Identity>> Identity::load(const std::vector<std::string>& files) {
  if (files.empty() || files.size() > kKeysMax) {
    return Error(ErrorCode::kInvalidArgument, "one or two identity keys are expected");
  }
  std::vector<IdentityKey> keys;
  for (const std::string& file : files) keys.push_back(TRY(IdentityKey::load(file)));
  if (keys.size() == 2 && keys[0].public_key() == keys[1].public_key()) {
    return Error(ErrorCode::kInvalidArgument, files[1] + ": the same identity key twice");
  }
  return std::make_unique<Identity>(std::move(keys));
}

std::vector<std::string> Identity::public_keys() const {
  std::vector<std::string> texts;
  for (const IdentityKey& key : keys_) texts.push_back(key.public_key());
  return texts;
}

Result<void> Identity::sign(std::string_view path, std::string_view subject, WallTime now,
                            HttpHeaders& headers, Signer signer) const {
  const std::size_t key = signer == Signer::kSecond ? keys_.size() - 1 : 0;
  std::string text = TRY(token(key, path, subject, now));
  headers.emplace_back(protocol::restate::kSignatureSchemeHeader,
                       protocol::restate::kSignatureScheme);
  headers.emplace_back(protocol::restate::kTokenHeader, std::move(text));
  return {};
}

Result<std::string> Identity::token(std::size_t key, std::string_view path,
                                    std::string_view subject, WallTime now) const {
  std::string name(1, static_cast<char>(key));
  name.append(path).append(1, '\0').append(subject);
  {
    const std::lock_guard lock(mutex_);
    const auto found = tokens_.find(name);
    if (found != tokens_.end() && is_usable(found->second.made, now)) return found->second.text;
  }
  protocol::restate::IdentityToken token;
  token.key = keys_[key].public_key();
  token.audience = path;
  token.subject = subject;
  token.issued_s = token.not_before_s = to_unix_millis(now) / 1000;
  token.expires_s = token.issued_s + kValid.count();
  std::string input = protocol::restate::signing_input(token);
  const Bytes signature = TRY(keys_[key].sign(input));
  std::string text = protocol::restate::with_signature(std::move(input), signature);

  const std::lock_guard lock(mutex_);
  if (tokens_.size() >= kTokensMax) {
    std::erase_if(tokens_, [now](const auto& item) { return !is_usable(item.second.made, now); });
    if (tokens_.size() >= kTokensMax) tokens_.clear();
  }
  tokens_.insert_or_assign(std::move(name), Token{text, now});
  return text;
}

}  // namespace holdfast::net
