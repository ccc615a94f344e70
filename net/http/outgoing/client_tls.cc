#include "net/http/outgoing/client_tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <boost/asio/ip/address.hpp>
#include <iterator>
#include <utility>

namespace holdfast::net {
namespace {

namespace ssl = boost::asio::ssl;

// Length-prefixed names.
constexpr unsigned char kHttp2[] = "\x02h2";
constexpr unsigned char kHttp11[] = "\x08http/1.1";

}  // namespace

Result<std::unique_ptr<ssl::context>> make_client_tls_context(const std::string& ca_file) try {
  auto context = std::make_unique<ssl::context>(ssl::context::tls_client);
  context->set_options(ssl::context::default_workarounds | ssl::context::no_tlsv1 |
                       ssl::context::no_tlsv1_1 | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context->native_handle(), SSL_MODE_RELEASE_BUFFERS);
  context->set_verify_mode(ssl::verify_peer);
  boost::system::error_code error;
  if (ca_file.empty()) {
    context->set_default_verify_paths(error);
    error = {};  // Without any, https endpoints are refused one by one, with the reason.
  } else {
    context->load_verify_file(ca_file, error);
  }
  if (error) {
    return Error(ErrorCode::kInvalidArgument,
                 "cannot use the file of trusted authorities " + ca_file + ": " + error.message());
  }
  return context;
} catch (const boost::system::system_error& error) {
  return Error(ErrorCode::kUnavailable, std::string("TLS is not available: ") + error.what());
}

bool prepare_client_tls(SSL* tls, const EndpointAddress& address) {
  boost::system::error_code not_ip;
  boost::asio::ip::make_address(address.host, not_ip);
  X509_VERIFY_PARAM* const expected = SSL_get0_param(tls);
  X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const bool named = not_ip ? X509_VERIFY_PARAM_set1_host(expected, address.host.data(),
                                                          address.host.size()) == 1 &&
                                  SSL_set_tlsext_host_name(tls, address.host.c_str()) == 1
                            : X509_VERIFY_PARAM_set1_ip_asc(expected, address.host.c_str()) == 1;
  const bool http2 = address.version == HttpVersion::kHttp2;
  // Unlike all others, this call gives 0 for success.
  return named && SSL_set_alpn_protos(tls, http2 ? kHttp2 : kHttp11,
                                      http2 ? std::size(kHttp2) - 1 : std::size(kHttp11) - 1) == 0;
}

std::string explain_tls_failure(SSL* tls, const EndpointAddress& address,
                                const boost::system::error_code& error) {
  const long verdict = SSL_get_verify_result(tls);
  if (verdict == X509_V_ERR_HOSTNAME_MISMATCH || verdict == X509_V_ERR_IP_ADDRESS_MISMATCH) {
    return "its TLS certificate is not made out to " + address.host;
  }
  if (verdict != X509_V_OK) {
    return std::string("its TLS certificate is not trusted (") +
           X509_verify_cert_error_string(verdict) + ")";
  }
  if (ERR_GET_REASON(static_cast<unsigned long>(error.value())) ==
      SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL) {
    return "over TLS it does not agree to speak HTTP/2; does it need HTTP/1.1?";
  }
  return "the TLS handshake failed (" + error.message() + ")";
}

}  // namespace holdfast::net
