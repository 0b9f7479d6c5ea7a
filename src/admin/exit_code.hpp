#pragma once

#include <stdexcept>
#include <string>

namespace chatear::admin {

/// What `chatear` ends with; scripts rely on the numbers.
enum class ExitCode : int {
    ok = 0,
    failed = 1,       ///< The operation failed, or problems were found.
    usage = 2,        ///< The command line or a setting is wrong.
    unavailable = 3,  ///< A server that is needed does not answer.
};

/// Ends a command; its text is for a person.
class CommandFailed : public std::runtime_error {
public:
    CommandFailed(ExitCode code, const std::string& why) : std::runtime_error(why), code_(code) {}

    ExitCode code() const { return code_; }

private:
    ExitCode code_;
};

}  // namespace chatear::admin
