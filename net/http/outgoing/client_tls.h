#pragma once
// TLS towards endpoints: TLS 1.2 or later, the certificate must be signed by a trusted authority
// and made out to the host that is called.

#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>
#include <memory>
#include <string>

#include "net/http/outgoing/endpoint_address.h"
#include "storage/base/result.h"

namespace holdfast::net {

// Trusts the authorities in `ca_file`, or when it is empty those of the system. kInvalidArgument
// when the file cannot be used.
Result<std::unique_ptr<boost::asio::ssl::context>> make_client_tls_context(
    const std::string& ca_file);

// Before the handshake: whom to expect (SNI, host name or IP address), what to speak (ALPN).
bool prepare_client_tls(SSL* tls, const EndpointAddress& address);

// After a handshake that failed: why, for people.
std::string explain_tls_failure(SSL* tls, const EndpointAddress& address,
                                const boost::system::error_code& error);

}  // namespace holdfast::net
