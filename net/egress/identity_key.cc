#include "net/egress/identity_key.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "net/protocol/restate/identity_token.h"

namespace holdfast::net {
namespace {

constexpr std::size_t kFileMax = 64 * 1024;
constexpr std::size_t kKeySize = 32;
constexpr std::size_t kSignatureSize = 64;

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
};
struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
struct CloseFile {
  ~CloseFile() { ::close(file); }
  int file;
};

Error wrong(std::string why) { return {ErrorCode::kInvalidArgument, std::move(why)}; }
Error failed(const std::string& file, int error) {
  const ErrorCode code = error == EEXIST   ? ErrorCode::kConflict
                         : error == ENOENT ? ErrorCode::kNotFound
                                           : ErrorCode::kUnavailable;
  return {code, file + ": " + std::strerror(error)};
}

// Instead of asking on the terminal.
int no_password(char*, int, int, void*) { return -1; }

Result<void> write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return Error(ErrorCode::kUnavailable, std::strerror(errno));
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(file) != 0) return Error(ErrorCode::kUnavailable, std::strerror(errno));
  return {};
}

}  // namespace

struct IdentityKey::Held {
  explicit Held(EVP_PKEY* key) : key(key) {}
  ~Held() { EVP_PKEY_free(key); }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

  EVP_PKEY* const key;
};

IdentityKey::IdentityKey(std::shared_ptr<const Held> held, std::string public_key)
    : held_(std::move(held)), public_key_(std::move(public_key)) {}

Result<IdentityKey> IdentityKey::load(const std::string& file) {
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  std::string pem(kFileMax, '\0');
  if (!stream.read(pem.data(), static_cast<std::streamsize>(pem.size())) && !stream.eof()) {
    return failed(file, errno != 0 ? errno : EIO);
  }
  pem.resize(static_cast<std::size_t>(stream.gcount()));
  auto key = from_pem(pem);
  if (!key) return wrong(file + ": " + key.error().message());
  return key;
}

Result<IdentityKey> IdentityKey::from_pem(std::string_view pem) {
  const std::unique_ptr<BIO, FreeBio> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  EVP_PKEY* const key =
      bio == nullptr ? nullptr : PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr);
  if (key == nullptr) return wrong("no unencrypted private key in PEM");
  auto held = std::make_shared<const Held>(key);
  std::array<unsigned char, kKeySize> raw{};
  std::size_t size = raw.size();
  if (EVP_PKEY_get_id(key) != EVP_PKEY_ED25519 ||
      EVP_PKEY_get_raw_public_key(key, raw.data(), &size) != 1) {
    return wrong("the private key is not of the kind Ed25519");
  }
  const BytesView bytes(reinterpret_cast<const char*>(raw.data()), size);
  return IdentityKey(std::move(held), protocol::restate::public_key_text(bytes));
}

Result<IdentityKey> IdentityKey::create(const std::string& file) {
  const Held made(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  const std::unique_ptr<BIO, FreeBio> bio(BIO_new(BIO_s_mem()));
  if (made.key == nullptr || bio == nullptr ||
      PEM_write_bio_PKCS8PrivateKey(bio.get(), made.key, nullptr, nullptr, 0, nullptr, nullptr) !=
          1) {
    return Error(ErrorCode::kUnavailable, "no key could be made");
  }
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  const std::string_view pem(data, static_cast<std::size_t>(size));

  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) return failed(file, errno);
  const CloseFile closing{descriptor};
  const auto written = write_all(descriptor, pem);
  if (!written) {
    ::unlink(file.c_str());  // Half a key is none.
    return Error(written.error().code(), file + ": " + written.error().message());
  }
  return from_pem(pem);
}

Result<Bytes> IdentityKey::sign(BytesView text) const {
  const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  Bytes signature(kSignatureSize, '\0');
  std::size_t size = signature.size();
  if (context == nullptr ||
      EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, held_->key) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     reinterpret_cast<const unsigned char*>(text.data()), text.size()) != 1 ||
      size != kSignatureSize) {
    return Error(ErrorCode::kUnavailable, "a request could not be signed");
  }
  return signature;
}

}  // namespace holdfast::net
