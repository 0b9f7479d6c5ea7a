#pragma once

#include "support/process.hpp"
#include "support/relay_server.hpp"
#include "support/unpacked_mail_servers.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace chatear::test {

/// A private OpenSMTPD. Its spool and socket have fixed paths below /var: it runs in a mount
/// namespace of its own, where those are empty.
class OpensmtpdServer final : public RelayServer {
public:
    explicit OpensmtpdServer(const UnpackedMailServer& unpacked);
    ~OpensmtpdServer() override;

    /// Why it cannot run here though it was unpacked: no right to make a mount namespace.
    static Result<void> possible();

    /// Debian 12's (6.8 with OpenSSL 3.0) offers STARTTLS and then fails in every handshake, with
    /// RSA and with EC keys ("SSL routines::EVP lib").
    bool offers_tls() const override { return false; }

    std::uint16_t port() const override { return port_; }
    std::string log() const override { return read_file(folder_ / "output"); }
    bool has_sent_all() const override;

private:
    pid_t main_process() const override { return daemon_->pid(); }
    std::string configuration();

    TemporaryFolder folder_;
    std::uint16_t port_;
    std::unique_ptr<Process> daemon_;
};

}  // namespace chatear::test
