#pragma once

#include "support/aiosmtpd_server.hpp"
#include "support/process.hpp"
#include "support/unpacked_mail_servers.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace chatear::test {

/// smtp-sink of the unpacked postfix package: takes everything at the speed of the wire, several
/// commands of one write too, and announces PIPELINING but no CHUNKING.
class SmtpSinkServer {
public:
    explicit SmtpSinkServer(const UnpackedMailServer& postfix);

    std::uint16_t port() const { return port_; }

    /// In no order. Sender, recipients and content only; the content has smtp-sink's own header
    /// field in front, and its line ends, which smtp-sink keeps as LF, are CRLF again.
    std::vector<CaughtMail> mails() const;

private:
    TemporaryFolder folder_;
    std::uint16_t port_;
    std::unique_ptr<Process> process_;
};

}  // namespace chatear::test
