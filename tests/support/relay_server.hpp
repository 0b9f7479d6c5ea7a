#pragma once

#include "support/aiosmtpd_server.hpp"

#include <cstdint>
#include <string>

namespace chatear::test {

/// A real mail server on the loopback that passes everything on to a MailCatcher. It takes mail for
/// b.test only (and refuses to relay elsewhere), and refuses refuse@b.test by 550 5.1.1. STARTTLS
/// is offered with a certificate for 127.0.0.1.
class RelayServer {
public:
    virtual ~RelayServer() = default;

    virtual std::uint16_t port() const = 0;
    virtual std::string log() const = 0;  ///< What it wrote, for a test that fails.

    virtual bool offers_tls() const { return true; }

    std::string ca_file() const { return certificates_.ca_file(); }
    MailCatcher& sink() {
        return sink_;
    }  ///< Where the mail ends: each with the relay's header fields in front.

protected:
    Certificates certificates_;
    MailCatcher sink_{MailCatcher::Options{.arguments = {"--utf8"}}};
};

}  // namespace chatear::test
