#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace chatear::smtp {

/// What a reply's code says by itself; classification.hpp says whose fault it is.
enum class Verdict {
    accepted,     ///< 2xx.
    go_on,        ///< 3xx: send the rest.
    try_later,    ///< 4xx: the same command may succeed later.
    never,        ///< 5xx: repeating it cannot help.
    unavailable,  ///< 421: the server hangs up without judging anything (RFC 5321, 3.8).
};

/// "5.7.1" (RFC 3463): class, subject and detail.
struct EnhancedCode {
    int status_class = 0;
    int subject = 0;
    int detail = 0;

    bool operator==(const EnhancedCode&) const = default;
};

std::string to_text(const EnhancedCode& code);

/// A server's answer to one command (RFC 5321, 4.2).
struct Reply {
    int code = 0;      ///< 200 to 599; 0 = none came, and the text is ours.
    std::string text;  ///< Its lines joined by '\n', codes removed. Untrusted: log one_line().

    Verdict verdict() const;

    /// What stands at the start of the text, if its class equals the code's first digit
    /// (RFC 2034, 4: else it is ignored).
    std::optional<EnhancedCode> enhanced_code() const;

    /// Code and text in one line of printable characters, at most 500 bytes: for logs and ledgers.
    std::string one_line() const;

    bool operator==(const Reply&) const = default;
};

/// Turns received bytes, cut anywhere, into replies. Does no I/O.
class ReplyParser {
public:
    /// With CRLF. RFC 5321, 4.5.3.1.5 says 512; real servers go beyond it.
    static constexpr std::size_t max_line_bytes = 4096;
    static constexpr std::size_t max_reply_bytes =
        std::size_t{64} * 1024;  ///< Our bound; the RFC has none.

    void feed(std::string_view bytes) { buffer_ += bytes; }

    /// The next whole reply, or nothing until more bytes are fed. An Error means that the peer does
    /// not speak SMTP: drop the connection, and this parser with it.
    Result<std::optional<Reply>> next();

    /// Nothing was fed that next() has not given out.
    bool empty() const { return buffer_.empty() && partial_.code == 0; }

private:
    /// Adds one line, without its line break; true when it was the reply's last.
    Result<bool> add_line(std::string_view line);

    std::string buffer_;  // Received, not parsed yet.
    Reply partial_;       // The lines so far of an unfinished reply; code 0 = none.
};

}  // namespace chatear::smtp
