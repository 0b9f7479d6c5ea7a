#pragma once

#include "base/settings.hpp"
#include "net/tls_context.hpp"
#include "smtp/authentication.hpp"
#include "smtp/classification.hpp"
#include "smtp/handshake.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chatear::smtp {

/// How long a server may take (RFC 5321, 4.5.3.2; where it names none, ours).
struct TimeLimits {
    using milliseconds = std::chrono::milliseconds;

    milliseconds connect = std::chrono::seconds(30);        ///< Ours: all addresses together.
    milliseconds tls = std::chrono::seconds(30);            ///< Ours.
    milliseconds greeting = std::chrono::minutes(5);        ///< 4.5.3.2.1.
    milliseconds hello = std::chrono::minutes(5);           ///< Ours, as the greeting.
    milliseconds authentication = std::chrono::minutes(2);  ///< Ours; an answer each.
    milliseconds mail = std::chrono::minutes(5);            ///< 4.5.3.2.2; RSET too.
    milliseconds rcpt = std::chrono::minutes(5);            ///< 4.5.3.2.3.
    milliseconds data = std::chrono::minutes(2);            ///< 4.5.3.2.4.
    milliseconds content_write = std::chrono::minutes(3);   ///< 4.5.3.2.5; a piece each.
    milliseconds content_reply = std::chrono::minutes(10);  ///< 4.5.3.2.6 and RFC 1047.
    milliseconds quit = std::chrono::seconds(2);            ///< Ours: nothing depends on it.

    /// For the reply to `step`.
    milliseconds of(Step step) const;
};

struct Options {
    std::string host;
    std::uint16_t port = 25;
    TlsPolicy tls = TlsPolicy::when_offered;
    net::TlsContext tls_context;  ///< Required unless `tls` is off.
    std::optional<Credentials> credentials;
    std::optional<Mechanism>
        mechanism;  ///< Nothing = the first of PLAIN, LOGIN, XOAUTH2 that is offered.
    std::string helo_name = "localhost";
    std::size_t connections = 8;  ///< At most, in one process.
    std::size_t window = 16;  ///< Messages under way on one connection, with CHUNKING; 1 = DATA.
    TimeLimits limits;

    /// A connection unused for so long is closed; servers do it at 5 minutes, under load at 10 s.
    std::chrono::milliseconds idle_limit = std::chrono::seconds(30);
    /// Between attempts to reach a server that is down.
    std::chrono::milliseconds backoff_first = std::chrono::milliseconds(500);
    std::chrono::milliseconds backoff_most = std::chrono::seconds(30);
    /// After a refusal of us (AUTH, our sender): long, because accounts get locked.
    std::chrono::milliseconds pause_first = std::chrono::minutes(1);
    std::chrono::milliseconds pause_most = std::chrono::minutes(15);
};

/// Reads SMTP_HOST, SMTP_PORT, SMTP_USER, SMTP_PASS, SMTP_TLS, SMTP_AUTH, SMTP_CA_FILE,
/// SMTP_HELO_NAME, SMTP_CONNECTIONS and SMTP_WINDOW. Mistakes are in the reader; then the result is
/// not to be used.
Options read_settings(SettingsReader& settings);

/// What SMTP_TLS means: `auto` is implicit on port 465, else STARTTLS, required with credentials.
TlsPolicy tls_policy(std::string_view word, std::uint16_t port, bool has_credentials);

}  // namespace chatear::smtp
