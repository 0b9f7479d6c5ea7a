#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace chatear::http {

/// http[s]://host[:port][/path][?query], taken apart; without user, password and fragment.
struct Url {
    bool tls = false;
    std::string host;  ///< A name or an address, IPv6 without brackets.
    std::uint16_t port = 80;
    std::string target;  ///< Path and query as given; at least "/".

    bool operator==(const Url&) const = default;
};

/// An Error says what is wrong with it.
Result<Url> parse_url(std::string_view text);

}  // namespace chatear::http
