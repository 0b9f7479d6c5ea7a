#pragma once

#include "support/process.hpp"

#include <string>
#include <vector>

namespace chatear::test {

/// A certificate authority made for one test, and the certificates it signs. The keys live as long
/// as this object.
class Certificates {
public:
    Certificates();

    struct Pair {
        std::string certificate_file;  ///< PEM.
        std::string key_file;          ///< PEM.
    };

    /// `names` as OpenSSL writes them: "DNS:localhost", "IP:127.0.0.1". Valid for two days.
    Pair issue(const std::vector<std::string>& names);

    /// The same, but its time is over.
    Pair issue_expired(const std::vector<std::string>& names);

    /// Good for localhost and 127.0.0.1.
    Pair loopback() { return issue({"DNS:localhost", "IP:127.0.0.1"}); }

    std::string ca_file() const { return folder_ / "ca.crt"; }

private:
    TemporaryFolder folder_;
    int issued_ = 0;
};

}  // namespace chatear::test
