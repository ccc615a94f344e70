#pragma once
// TestAuthority: a certificate authority for a test; it issues certificates as files, which go with
// it.

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "storage/base/check.h"

namespace holdfast::net {

class TestAuthority {
 public:
  struct Files {
    std::string certificate;
    std::string key;
  };

  TestAuthority() : key_(new_key()), certificate_(new_certificate("Test Authority", *key_)) {
    static std::atomic<int> count = 0;
    folder_ = std::filesystem::temp_directory_path() /
              ("holdfast-ca-" + std::to_string(::getpid()) + "-" + std::to_string(count++));
    std::filesystem::create_directories(folder_);
    extend(*certificate_, NID_basic_constraints, "critical,CA:TRUE");
    sign(*certificate_, *certificate_);
    write(file(), [&](FILE* to) { PEM_write_X509(to, certificate_.get()); });
  }
  ~TestAuthority() { std::filesystem::remove_all(folder_); }
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  std::string file() const { return folder_ / "authority.pem"; }

  // `names` as OpenSSL writes them: "DNS:localhost,IP:127.0.0.1".
  Files issue(const std::string& names) const {
    const auto key = new_key();
    const auto certificate = new_certificate("endpoint", *key);
    extend(*certificate, NID_subject_alt_name, names.c_str());
    sign(*certificate, *certificate_);
    Files files{folder_ / "certificate.pem", folder_ / "key.pem"};
    write(files.certificate, [&](FILE* to) { PEM_write_X509(to, certificate.get()); });
    write(files.key, [&](FILE* to) {
      PEM_write_PrivateKey(to, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
    return files;
  }

 private:
  struct Deleter {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
  };
  using Key = std::unique_ptr<EVP_PKEY, Deleter>;
  using Certificate = std::unique_ptr<X509, Deleter>;

  static Key new_key() { return Key(EVP_EC_gen("P-256")); }

  static Certificate new_certificate(const char* name, EVP_PKEY& key) {
    Certificate certificate(X509_new());
    X509_set_version(certificate.get(), 2);
    static std::atomic<int> serial = 1;
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial++);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), &key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
    return certificate;
  }

  static void extend(X509& certificate, int id, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, &certificate, &certificate, nullptr, nullptr, 0);
    const std::unique_ptr<X509_EXTENSION, Deleter> extension(
        X509V3_EXT_conf_nid(nullptr, &context, id, value));
    CHECK(extension && X509_add_ext(&certificate, extension.get(), -1) == 1,
          "the test certificate cannot be made");
  }

  void sign(X509& certificate, const X509& issuer) const {
    X509_set_issuer_name(&certificate, X509_get_subject_name(&issuer));
    CHECK(X509_sign(&certificate, key_.get(), EVP_sha256()) > 0,
          "the test certificate cannot be signed");
  }

  template <class Write>
  static void write(const std::string& file, Write write_to) {
    FILE* const to = std::fopen(file.c_str(), "w");
    CHECK(to != nullptr, "the test certificate cannot be written");
    write_to(to);
    std::fclose(to);
  }

  const Key key_;
  const Certificate certificate_;
  std::filesystem::path folder_;
};

}  // namespace holdfast::net
