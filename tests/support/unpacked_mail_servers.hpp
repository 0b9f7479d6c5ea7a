#pragma once

#include "base/result.hpp"
#include "support/process.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace chatear::test {

/// A mail server that unpack_mail_servers.sh has put below .dev/unpacked, not installed.
class UnpackedMailServer {
public:
    /// `name` is postfix, exim or opensmtpd. Unpacks it if that was not done before; the error says
    /// why it cannot be had or cannot run here (these daemons must be started by root).
    static Result<UnpackedMailServer> find(const std::string& name);

    std::string operator/(const std::string& path) const { return folder_ + "/" + path; }

    /// What its programs must have in their environment: the unpacked libraries.
    std::map<std::string, std::string> environment() const;

    /// The same, and users that the machine does not have: `names` with the ids of the user mail,
    /// by nss_wrapper with files in `folder`.
    std::map<std::string, std::string> environment_with_users(
        const std::vector<std::string>& names, const TemporaryFolder& folder
    ) const;

private:
    explicit UnpackedMailServer(std::string folder) : folder_(std::move(folder)) {}

    std::string folder_;
};

}  // namespace chatear::test
