#pragma once

#include "support/aiosmtpd_server.hpp"

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace chatear::test {

/// A real mail server on the loopback that passes everything on to a MailCatcher. It takes mail for
/// b.test only (and refuses to relay elsewhere), and refuses refuse@b.test by 550 5.1.1. STARTTLS
/// is offered with a certificate for 127.0.0.1. Postfix and Exim refuse a content whose subject is
/// refused_subject by 550 5.6.0.
class RelayServer {
public:
    static constexpr const char* refused_subject = "refuse this content";

    virtual ~RelayServer() = default;

    virtual std::uint16_t port() const = 0;
    virtual std::string log() const = 0;  ///< What it wrote, for a test that fails.

    virtual bool offers_tls() const { return true; }

    /// Nothing is in its queue any more: what it accepted is in the sink.
    virtual bool has_sent_all() const = 0;

    /// Kills the process that serves a connection; false = none does, or the server is not one that
    /// has a process for each.
    bool kill_connection() const;

    std::string ca_file() const { return certificates_.ca_file(); }
    MailCatcher& sink() {
        return sink_;
    }  ///< Where the mail ends: each with the relay's header fields in front.

protected:
    /// Whose children serve the connections.
    virtual pid_t main_process() const = 0;

    /// Whether a file is below one of `folders`, with a name that ends so. One that moves from an
    /// earlier folder to a later one meanwhile is seen.
    static bool any_file(const std::vector<std::string>& folders, const std::string& end = "");

    Certificates certificates_;
    MailCatcher sink_{MailCatcher::Options{.arguments = {"--utf8"}}};
};

}  // namespace chatear::test
