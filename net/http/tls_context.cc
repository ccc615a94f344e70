#include "net/http/tls_context.h"

#include <openssl/ssl.h>

#include <iterator>
#include <utility>

namespace holdfast::net {
namespace {

namespace ssl = boost::asio::ssl;

// Length-prefixed names, the preferred one first.
constexpr unsigned char kProtocols[] = "\x02h2\x08http/1.1";

int select_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned offered_size, void*) {
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, chosen_size, kProtocols, std::size(kProtocols) - 1, offered,
                            offered_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;  // RFC 7301, 3.2: no protocol in common.
  }
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

Error unusable(const char* what, const std::string& file, const boost::system::error_code& error) {
  return Error(ErrorCode::kInvalidArgument,
               std::string("cannot use the TLS ") + what + " " + file + ": " + error.message());
}

}  // namespace

Result<std::unique_ptr<ssl::context>> make_tls_context(const std::string& certificate_file,
                                                       const std::string& key_file) try {
  auto context = std::make_unique<ssl::context>(ssl::context::tls_server);
  context->set_options(ssl::context::default_workarounds | ssl::context::no_tlsv1 |
                       ssl::context::no_tlsv1_1 | ssl::context::single_dh_use |
                       SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context->native_handle(), SSL_MODE_RELEASE_BUFFERS);  // Idle ones hold little.
  boost::system::error_code error;
  context->use_certificate_chain_file(certificate_file, error);
  if (error) {
    return unusable("certificate", certificate_file, error);
  }
  context->use_private_key_file(key_file, ssl::context::pem, error);
  if (error) {
    return unusable("key", key_file, error);
  }
  if (SSL_CTX_check_private_key(context->native_handle()) != 1) {
    return Error(ErrorCode::kInvalidArgument,
                 "the TLS key " + key_file + " does not belong to " + certificate_file);
  }
  SSL_CTX_set_alpn_select_cb(context->native_handle(), select_protocol, nullptr);
  return context;
} catch (const boost::system::system_error& error) {
  return Error(ErrorCode::kUnavailable, std::string("TLS is not available: ") + error.what());
}

}  // namespace holdfast::net
