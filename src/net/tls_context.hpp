#pragma once

#include "base/result.hpp"

#include <boost/asio/ssl/context.hpp>

#include <memory>
#include <string>

namespace chatear::net {

/// What a TLS client trusts and shows. Certificates are always verified; TLS 1.2 at least.
struct TlsOptions {
    std::string ca_file;           ///< PEM; empty = the system's trust store.
    std::string certificate_file;  ///< PEM chain shown to the server; empty = none.
    std::string key_file;          ///< PEM; required with certificate_file.
};

/// Shared by the connections of one adapter; immutable once made.
using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

/// Reads the files; an Error names the file and what OpenSSL says of it.
Result<TlsContext> make_tls_context(const TlsOptions& options);

}  // namespace chatear::net
