#include "support/unpacked_mail_servers.hpp"

#include "support/process.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

namespace chatear::test {

Result<UnpackedMailServer> UnpackedMailServer::find(const std::string& name) {
    if (geteuid() != 0) {
        return Error{name + " must be started by root"};
    }
    const std::string folder = std::filesystem::absolute(".dev/unpacked/" + name).string();
    if (!std::filesystem::exists(folder)) {
        const Finished unpacked =
            run({.arguments = {"tests/support/unpack_mail_servers.sh"}}, std::chrono::minutes(5));
        if (!std::filesystem::exists(folder)) {
            return Error{name + " cannot be unpacked: " + unpacked.output};
        }
    }
    return UnpackedMailServer(folder);
}

std::map<std::string, std::string> UnpackedMailServer::environment() const {
    std::string folders;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_ + "/usr/lib")) {
        const std::string name = entry.path().filename().string();
        const std::string parent = entry.path().parent_path().string();
        if (name.starts_with("lib") && name.find(".so") != std::string::npos &&
            folders.find(parent + ":") == std::string::npos) {
            folders += parent + ":";
        }
    }
    return {{"LD_LIBRARY_PATH", folders}};
}

}  // namespace chatear::test
