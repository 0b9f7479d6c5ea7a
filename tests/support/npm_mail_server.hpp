#pragma once

#include "base/result.hpp"
#include "support/aiosmtpd_server.hpp"
#include "support/process.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace chatear::test {

/// Haraka or smtp-server, as tools/install.sh has put them below .dev. It takes mail for b.test
/// only, and refuses refuse@b.test by 550 5.1.1.
class NpmMailServer {
public:
    /// Why none can run here: Node.js 20 or the packages are missing.
    static Result<void> possible();

    /// `name` is haraka or smtp-server.
    explicit NpmMailServer(const std::string& name);

    std::uint16_t port() const { return port_; }
    std::vector<CaughtMail> mails() const { return mails_in(folder_ / "mails"); }
    std::string log() const { return read_file(folder_ / "output"); }

private:
    Command haraka();
    Command smtp_server();

    TemporaryFolder folder_;
    std::uint16_t port_;
    std::unique_ptr<Process> process_;
};

}  // namespace chatear::test
