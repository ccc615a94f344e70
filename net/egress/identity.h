#pragma once
// Identity: signs the requests to endpoints, so that an endpoint can refuse everybody else.
//
// One key or two. The first signs; the second is the next one: it is loaded and checked at the
// start, so that a changeover cannot fail on it, and its public key is shown beside the first, so
// that endpoints can learn it before it is used. To change the key without a gap:
//   1. start with the old key and the new one; add the new public key to the endpoints;
//   2. when all know it, start with the new key first and the old one second;
//   3. take the old public key out of the endpoints, and its file out of the command line.
// Who knows that an endpoint has only learned the second may sign with it (`Signer::kSecond`): an
// endpoint that answers 401 to the first.
//
// A signature costs about 0.05 ms, so a token is used again for the same path for kReuse; it is
// valid for kValid. Without a subject there is one token per handler; with one, per handler and
// subject. The number kept is bounded.

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "net/egress/identity_key.h"
#include "net/http/request.h"
#include "storage/base/clock.h"
#include "storage/base/result.h"

namespace holdfast::net {

// Any thread.
class Identity {
 public:
  enum class Signer { kFirst, kSecond };
  static constexpr std::size_t kKeysMax = 2;
  static constexpr std::chrono::seconds kValid{60};
  static constexpr std::chrono::seconds kReuse{20};

  // REQUIRES: one key or two.
  explicit Identity(std::vector<IdentityKey> keys);

  // kInvalidArgument for more than two files, none, or the same key twice; else as
  // IdentityKey::load.
  static Result<std::unique_ptr<Identity>> load(const std::vector<std::string>& files);

  std::vector<std::string> public_keys() const;

  // Adds the two headers to `headers`. `path` is what follows the base of the endpoint and stands
  // in the token as it stands here: "/invoke/Service/handler" or "/discover". `subject` may be
  // empty. kSecond with one key is the first.
  Result<void> sign(std::string_view path, std::string_view subject, WallTime now,
                    HttpHeaders& headers, Signer signer = Signer::kFirst) const;

 private:
  struct Token {
    std::string text;
    WallTime made;
  };
  Result<std::string> token(std::size_t key, std::string_view path, std::string_view subject,
                            WallTime now) const;

  const std::vector<IdentityKey> keys_;

  mutable std::mutex mutex_;
  mutable std::unordered_map<std::string, Token> tokens_;  // By key, path and subject.
};

}  // namespace holdfast::net
