#include "net/tls_context.hpp"

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/verify_mode.hpp>
#include <fmt/format.h>

namespace chatear::net {

namespace ssl = boost::asio::ssl;

Result<TlsContext> make_tls_context(const TlsOptions& options) {
    const auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
    boost::system::error_code error;
    SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
    context->set_verify_mode(ssl::verify_peer);
    if (options.ca_file.empty()) {
        context->set_default_verify_paths(error);
    } else {
        context->load_verify_file(options.ca_file, error);
    }
    if (error) {
        return Error{fmt::format(
            "cannot read the trusted certificates in '{}': {}", options.ca_file, error.message()
        )};
    }
    if (options.certificate_file.empty() != options.key_file.empty()) {
        return Error{"a client certificate needs both its certificate file and its key file"};
    }
    if (!options.certificate_file.empty()) {
        context->use_certificate_chain_file(options.certificate_file, error);
        if (error) {
            return Error{fmt::format(
                "cannot read the certificate in '{}': {}", options.certificate_file, error.message()
            )};
        }
        context->use_private_key_file(options.key_file, ssl::context::pem, error);
        if (error) {
            return Error{
                fmt::format("cannot read the key in '{}': {}", options.key_file, error.message())};
        }
    }
    return context;
}

}  // namespace chatear::net
