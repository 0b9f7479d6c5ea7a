#pragma once

#include "support/process.hpp"
#include "support/relay_server.hpp"
#include "support/unpacked_mail_servers.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace chatear::test {

/// A private Exim: its own spool, configuration and log below a temporary folder. Offers AUTH PLAIN
/// and LOGIN for the account ann with the password secret.
class EximServer final : public RelayServer {
public:
    struct Options {
        int max_mails_per_connection = 1000;
    };

    EximServer(const UnpackedMailServer& unpacked, const Options& options);
    explicit EximServer(const UnpackedMailServer& unpacked) : EximServer(unpacked, Options()) {}
    ~EximServer() override;

    std::uint16_t port() const override { return port_; }
    std::string log() const override;
    /// A message that is only half received has no -H file.
    bool has_sent_all() const override { return !any_file({folder_ / "spool/input"}, "-H"); }

private:
    pid_t main_process() const override { return daemon_->pid(); }
    std::string configuration(const Options& options);

    TemporaryFolder folder_;
    std::uint16_t port_;
    std::unique_ptr<Process> daemon_;
};

}  // namespace chatear::test
