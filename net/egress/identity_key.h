#pragma once
// IdentityKey: an Ed25519 private key that signs requests, in a PEM file (PKCS #8, what
// `openssl genpkey -algorithm ed25519` writes, not encrypted). The file is the secret: whoever has
// it can pretend to be this server.

#include <memory>
#include <string>
#include <string_view>

#include "storage/base/bytes.h"
#include "storage/base/result.h"

namespace holdfast::net {

// Copies share the key, which never changes. Any thread.
class IdentityKey {
 public:
  // kInvalidArgument for what is no such key, kNotFound or kUnavailable for a file that cannot be
  // read; each names the file.
  static Result<IdentityKey> load(const std::string& file);
  static Result<IdentityKey> from_pem(std::string_view pem);

  // A new key in a new file that only its owner may read (mode 0600), synced. kConflict when the
  // file is there already: a key is never overwritten.
  static Result<IdentityKey> create(const std::string& file);

  // "publickeyv1_...": what endpoints are told.
  const std::string& public_key() const { return public_key_; }

  // 64 bytes.
  Result<Bytes> sign(BytesView text) const;

 private:
  struct Held;
  IdentityKey(std::shared_ptr<const Held> held, std::string public_key);

  std::shared_ptr<const Held> held_;
  std::string public_key_;
};

}  // namespace holdfast::net
