#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace chatear::redis {

/// What the server says of a command that it did not carry out.
enum class Refusal {
    command,        ///< The command's own fault: a wrong type, a script that raised an error.
    unavailable,    ///< The server's state: it takes no writes now, or no commands at all.
    configuration,  ///< Our account or the kind of server: a person must act.
};

/// An error reply, "CODE text". Untrusted: escape to log it.
struct ErrorReply {
    std::string text;

    std::string_view code() const;  ///< Its first word.
    Refusal refusal() const;

    bool operator==(const ErrorReply&) const = default;
};

/// "+OK".
struct Status {
    std::string text;

    bool operator==(const Status&) const = default;
};

/// One reply of RESP2. std::monostate is nil; std::string is a bulk string, any bytes.
struct Reply {
    using Array = std::vector<Reply>;

    std::variant<std::monostate, Status, ErrorReply, std::int64_t, std::string, Array> value;

    const std::int64_t* integer() const { return std::get_if<std::int64_t>(&value); }
    const std::string* text() const { return std::get_if<std::string>(&value); }
    const Array* array() const { return std::get_if<Array>(&value); }
    const ErrorReply* error() const { return std::get_if<ErrorReply>(&value); }
    bool nil() const { return std::holds_alternative<std::monostate>(value); }

    bool operator==(const Reply&) const = default;
};

}  // namespace chatear::redis
