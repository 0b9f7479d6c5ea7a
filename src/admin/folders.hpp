#pragma once

#include "base/environment.hpp"

#include <string>
#include <string_view>

namespace chatear::admin {

/// Where the files are that the tool works on.
struct Folders {
    std::string migrations;
    std::string templates;
};

/// For `name` ("migrations"): what the command line says, else what the environment says in
/// `variable`, else ./<name>, else what was installed beside the executable
/// (<prefix>/share/chatear/<name>), else that of the checkout that the executable was built in.
/// When there is none it is ./<name>, for the message that it is missing.
std::string find_folder(
    std::string_view given,
    const Environment& environment,
    std::string_view variable,
    std::string_view name,
    const std::string& executable
);

/// The path of the running executable; empty when it cannot be told.
std::string executable_path();

}  // namespace chatear::admin
