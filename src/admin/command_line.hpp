#pragma once

#include "base/environment.hpp"

#include <iosfwd>
#include <string>
#include <vector>

namespace chatear::admin {

/// Runs the tool to its end. `arguments` are without the program's name; `terminal`: somebody
/// watches `errors`. The result is an ExitCode's number.
int run_tool(
    std::vector<std::string> arguments,
    Environment environment,
    std::ostream& output,
    std::ostream& errors,
    bool terminal
);

}  // namespace chatear::admin
