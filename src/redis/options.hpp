#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/settings.hpp"
#include "net/tls_context.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace chatear::redis {

/// Where the server is and who we are there.
struct Address {
    std::string host;
    std::uint16_t port = 6379;
    bool tls = false;  ///< rediss://
    std::string user;  ///< Empty = the default user.
    Secret password;   ///< Empty = none.
    int database = 0;
};

/// redis[s]://[user:password@]host[:port][/database]; user and password percent-encoded. The Error
/// does not repeat the URL, which may hold a password.
Result<Address> parse_address(std::string_view url);

struct Options {
    Address address;
    net::TlsContext tls;  ///< Set where address.tls is.

    std::chrono::milliseconds connect_timeout{
        5000};  ///< TCP, TLS, AUTH and the first write together.
    std::chrono::milliseconds command_timeout{5000};  ///< From the command to its reply.
    std::chrono::milliseconds first_backoff{100};
    std::chrono::milliseconds most_backoff{5000};
};

/// REDIS_URL and its relatives. Mistakes are noted in `reader`.
Options read_settings(SettingsReader& reader);

}  // namespace chatear::redis
