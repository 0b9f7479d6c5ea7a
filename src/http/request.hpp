#pragma once

#include "base/result.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatear::http {

/// Names and values of a query or of a form; of a repeated name the last value.
using Parameters = std::map<std::string, std::string, std::less<>>;

struct Header {
    std::string name;
    std::string value;

    bool operator==(const Header&) const = default;
};

/// The value of the first header of that name (any case), or nothing.
std::optional<std::string_view> find_header(
    const std::vector<Header>& headers, std::string_view name
);

/// What a client asks for. Everything in it is untrusted.
struct Request {
    std::string method;     ///< "GET".
    std::string path;       ///< Percent-decoded, begins with '/', without `.` and `..` segments.
    Parameters query;       ///< Percent-decoded.
    Parameters parameters;  ///< What the `{name}` segments of the route stand for.
    std::vector<Header> headers;
    std::string body;
    std::string peer;         ///< The address that the connection comes from.
    bool keep_alive = false;  ///< The client may send another one on this connection.

    /// The first header of that name (any case), or nothing.
    std::optional<std::string_view> header(std::string_view name) const;

    bool operator==(const Request&) const = default;
};

/// Reads application/x-www-form-urlencoded (URL Standard, 5.1): a query without its '?', or a body.
Result<Parameters> parse_form(std::string_view text);

/// A request's target in origin form (RFC 9112, 3.2.1), taken apart.
struct Target {
    std::string path;
    Parameters query;

    bool operator==(const Target&) const = default;
};
Result<Target> parse_target(std::string_view text);

}  // namespace chatear::http
