#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"
#include "smtp/extensions.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace chatear::smtp {

enum class Mechanism { plain, login, xoauth2 };

std::string_view to_text(Mechanism mechanism);  ///< "PLAIN": as the protocol spells it.

struct Credentials {
    std::string user;
    Secret password;  ///< With XOAUTH2 the access token.
};

/// The mechanism to use: the wanted one if the server offers it; without a wish PLAIN, LOGIN,
/// XOAUTH2 in this order. The error says what is offered.
Result<Mechanism> choose_mechanism(std::optional<Mechanism> wanted, const Extensions& extensions);

/// The client's lines of one AUTH dialogue (RFC 4954). Does no I/O. What it gives out holds the
/// password: never log it.
class Authentication {
public:
    /// With CRLF (RFC 5321, 4.5.3.1.4). Access tokens do not fit: what would make the command
    /// longer answers the first challenge instead (RFC 4954, 4).
    static constexpr std::size_t max_command_bytes = 512;

    Authentication(Mechanism mechanism, Credentials credentials);

    /// The AUTH command, with CRLF.
    std::string command() const;

    /// The line that answers a 334, with CRLF; `*` (cancel) to one challenge too many, which the
    /// server answers with 501.
    std::string answer();

    /// The dialogue was cancelled: a further challenge means that the server does not speak AUTH.
    bool cancelled() const { return cancelled_; }

private:
    std::string initial_response() const;  // In base64; empty where the mechanism has none.
    bool fits_command() const;             // The initial response goes with the command.

    Mechanism mechanism_;
    Credentials credentials_;
    std::size_t challenges_ = 0;  // Answered so far.
    bool cancelled_ = false;
};

}  // namespace chatear::smtp
