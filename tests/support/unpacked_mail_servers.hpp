#pragma once

#include "base/result.hpp"

#include <map>
#include <string>

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

private:
    explicit UnpackedMailServer(std::string folder) : folder_(std::move(folder)) {}

    std::string folder_;
};

}  // namespace chatear::test
