#pragma once
// IdentityCheck: the endpoint's side of request identity. It lets a request through when its token
// was signed by the owner of one of the known public keys, for this path, and is valid now.
//
// Several keys may be known at once, so that the sender can change its key without a gap: first the
// new public key is added here, then the sender signs with it, then the old one is taken out.
//
// A token once found good is remembered (a bounded number of them) until it expires, since a sender
// may use one for many requests and a check of a signature costs about 0.1 ms. Its time and its
// path are looked at every time. A token can be replayed by who reads it, until it expires: use TLS
// where others can read.

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "net/protocol/restate/identity_token.h"
#include "storage/base/clock.h"
#include "storage/base/result.h"

namespace holdfast::protocol::restate {

// Any thread.
class IdentityCheck {
 public:
  // What clocks may differ by, either way.
  static constexpr std::int64_t kLeewaySeconds = 5;

  // `public_keys` are of the form "publickeyv1_..."; kInvalidArgument names one that is not, and
  // refuses an empty list.
  static Result<std::unique_ptr<IdentityCheck>> make(const std::vector<std::string>& public_keys);
  ~IdentityCheck();

  // `scheme` and `token` are the values of kSignatureSchemeHeader and kTokenHeader, when there are
  // any; `path` is what follows the base: "/invoke/Service/handler", "/discover".
  // kInvalidArgument says what is wrong, without a word from the token.
  Result<void> check(std::optional<std::string_view> scheme, std::optional<std::string_view> token,
                     std::string_view path, WallTime now) const;

 private:
  struct Key;
  IdentityCheck();
  Result<IdentityToken> signed_token(std::string_view text, WallTime now) const;

  std::vector<Key> keys_;  // Never changes once made.

  mutable std::mutex mutex_;
  mutable std::unordered_map<std::string, IdentityToken> good_;  // By their text.
};

}  // namespace holdfast::protocol::restate
