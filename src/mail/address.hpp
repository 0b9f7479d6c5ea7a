#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace chatear::mail {

/// A mailbox as it may be written into a header and into an SMTP command without further care.
/// Made by parse_address() only.
struct Address {
    std::string display_name;  ///< UTF-8 without control characters; empty = none.
    std::string local_part;    ///< As on the wire: a dot-atom, or quoted where it must be. UTF-8.
    std::string domain;        ///< ASCII (A-labels, RFC 5890), lower case; or an address literal.

    bool operator==(const Address&) const = default;

    /// "local@domain", without angle brackets.
    std::string addr_spec() const;

    /// Whether the local part is not ASCII, so that only a server with SMTPUTF8 can be told of it
    /// (RFC 6531, 3.2). The domain never needs it.
    bool needs_smtputf8() const;
};

constexpr std::size_t max_local_part_bytes = 64;  ///< RFC 5321, 4.5.3.1.1.
constexpr std::size_t max_domain_bytes = 255;     ///< RFC 5321, 4.5.3.1.2.
constexpr std::size_t max_addr_spec_bytes = 254;  ///< A path has 256 with its brackets (4.5.3.1.3).
constexpr std::size_t max_display_name_bytes = 256;  ///< Ours.

/// Reads `ann@example.org` or `Ann <ann@example.org>` (RFC 5322, 3.4; RFC 6531 for UTF-8), one
/// mailbox only, no comments, no obsolete forms. An internationalised domain becomes its A-labels,
/// a local part that is quoted without need loses its quotes. The error does not repeat the
/// address.
Result<Address> parse_address(std::string_view text);

}  // namespace chatear::mail
