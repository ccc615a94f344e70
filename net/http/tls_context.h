#pragma once
// TlsContext: what a TLS port needs: certificate, key, TLS 1.2 or later, ALPN with h2 before
// http/1.1.

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "storage/base/result.h"

namespace holdfast::net {

// kInvalidArgument names the file that cannot be read or does not fit.
Result<std::unique_ptr<boost::asio::ssl::context>> make_tls_context(
    const std::string& certificate_file, const std::string& key_file);

}  // namespace holdfast::net
