#pragma once

#include "base/result.hpp"
#include "smtp/extensions.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace chatear::smtp {

/// From whom and to whom a message goes, apart from what it says (RFC 5321, 2.3.1).
struct Envelope {
    std::string mail_from;  ///< Without angle brackets; empty = the null sender.
    std::string
        rcpt_to;  ///< One recipient; an internationalised domain as A-labels where possible.
    bool needs_smtputf8 =
        false;  ///< The header fields hold UTF-8; a non-ASCII address needs it anyway.
};

/// Refuses what must never reach the wire: an address with a control character, white space or
/// angle brackets outside quotes, without a domain, or longer than RFC 5321, 4.5.3.1 allows. The
/// error does not name the address.
Result<void> check(const Envelope& envelope);

/// Whether the transaction must say SMTPUTF8.
bool needs_smtputf8(const Envelope& envelope);

/// What stands behind MAIL FROM's address for this content on this server, with a leading space
/// each.
std::string mail_parameters(
    const Envelope& envelope, std::string_view content, const Extensions& extensions
);

/// Why this server cannot take the message at all: SMTPUTF8 or 8BITMIME missing, or too large.
Result<void> check_possible(
    const Envelope& envelope, std::string_view content, const Extensions& extensions
);

}  // namespace chatear::smtp
