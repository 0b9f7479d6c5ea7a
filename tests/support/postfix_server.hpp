#pragma once

#include "support/process.hpp"
#include "support/relay_server.hpp"
#include "support/unpacked_mail_servers.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace chatear::test {

/// A private Postfix: its own queue, configuration and log below a temporary folder.
class PostfixServer final : public RelayServer {
public:
    explicit PostfixServer(const UnpackedMailServer& unpacked);
    ~PostfixServer() override;

    std::uint16_t port() const override { return port_; }
    std::string log() const override;
    bool has_sent_all() const override;

private:
    pid_t main_process() const override { return master_->pid(); }
    void make_folders();
    std::string main_cf(const UnpackedMailServer& unpacked);
    std::string master_cf() const;

    TemporaryFolder folder_;
    std::uint16_t port_;
    std::unique_ptr<Process> master_;
};

}  // namespace chatear::test
