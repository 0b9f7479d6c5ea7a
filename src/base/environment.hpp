#pragma once

#include "base/result.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatear {

/// The variables that a process was started with, perhaps completed from a `.env` file. An empty
/// value counts as an unset one. A value of our own (SMTP_PASS) may also come from the file that
/// SMTP_PASS_FILE names; both at once is an error that the reader of the setting reports.
class Environment {
public:
    Environment() = default;
    explicit Environment(std::map<std::string, std::string, std::less<>> variables);

    /// What the process has (environ(7)).
    static Environment of_process();

    /// Adds what a `.env` file says where the variable is not set yet: NAME=value lines, `#`
    /// comments, optional `export `, single or double quotes around the whole value.
    Result<void> add_file(const std::string& path);

    /// The value of NAME, or the content of the file NAME_FILE without its last line break.
    Result<std::optional<std::string>> get(std::string_view name) const;

private:
    std::map<std::string, std::string, std::less<>> variables_;
};

}  // namespace chatear
