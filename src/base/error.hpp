#pragma once

#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>

namespace chatear {

/// Why something to be expected did not go as wished: bad input, a refusal, something not found.
/// The message names the thing, the value (redacted where it is personal) and the remedy.
struct Error {
    Error() = default;

    /// `Error{"cannot read ", path}`: its pieces are joined. There is deliberately no conversion
    /// from a string, so that a Result<std::string> can tell its value from an error.
    Error(std::initializer_list<std::string_view> pieces);

    std::string message;

    bool operator==(const Error&) const = default;
};

/// Called by boost::system::result when value() is asked of an error: a bug of the caller's.
[[noreturn]] void throw_exception_from_error(const Error& error, const auto& /*location*/) {
    throw std::logic_error("value() of a result that holds the error: " + error.message);
}

/// Thrown when something we depend on is down, stalled or refuses us as a whole. It says nothing
/// about the event at hand: its consumer pauses and goes on when the dependency answers again.
class Unavailable : public std::runtime_error {
public:
    /// `dependency`: "nats", "postgres", "redis", "smtp"; `where`: host:port; `why`: for a person.
    Unavailable(std::string dependency, std::string where, std::string why);

    const std::string& dependency() const { return dependency_; }
    const std::string& where() const { return where_; }
    const std::string& why() const { return why_; }

private:
    std::string dependency_;
    std::string where_;
    std::string why_;
};

}  // namespace chatear
