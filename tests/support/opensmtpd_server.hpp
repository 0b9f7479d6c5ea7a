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

    std::uint16_t port() const override { return port_; }
    std::string log() const override { return read_file(folder_ / "output"); }

private:
    std::string configuration();

    TemporaryFolder folder_;
    std::uint16_t port_;
    std::unique_ptr<Process> daemon_;
};

}  // namespace chatear::test
