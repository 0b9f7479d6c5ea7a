#pragma once

#include "smtp/reply.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace chatear::smtp {

/// What decides how a message is written, of what the server can do.
struct Capabilities {
    bool eight_bit_mime = false;        ///< 8-bit content may go as it is (RFC 6152).
    bool smtputf8 = false;              ///< UTF-8 in addresses and header fields (RFC 6531).
    std::size_t max_message_bytes = 0;  ///< 0 = the server names no limit (RFC 1870).
};

/// What a server announced in its answer to EHLO. Forget it when TLS starts (RFC 3207, 4.2).
struct Extensions {
    bool pipelining = false;               ///< RFC 2920.
    bool eight_bit_mime = false;           ///< RFC 6152.
    bool smtputf8 = false;                 ///< RFC 6531.
    bool starttls = false;                 ///< RFC 3207.
    bool chunking = false;                 ///< RFC 3030.
    bool dsn = false;                      ///< RFC 3461.
    bool size = false;                     ///< MAIL may declare SIZE= (RFC 1870).
    std::size_t max_message_bytes = 0;     ///< 0 = no limit named.
    std::optional<std::size_t> max_mails;  ///< Messages a connection (LIMITS MAILMAX, RFC 9422).
    std::vector<std::string> mechanisms;   ///< AUTH, upper case (RFC 4954).

    Capabilities capabilities() const { return {eight_bit_mime, smtputf8, max_message_bytes}; }

    bool operator==(const Extensions&) const = default;
};

/// Reads the lines of a positive answer to EHLO. Unknown or malformed ones are passed over: a
/// server that garbles one extension still takes mail without it.
Extensions parse_extensions(const Reply& hello);

}  // namespace chatear::smtp
