#include "support/unpacked_mail_servers.hpp"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <stdexcept>

namespace chatear::test {
namespace {

std::string wrapper_library(const std::string& folder) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (entry.path().filename() == "libnss_wrapper.so") {
            return std::filesystem::canonical(entry.path()).string();
        }
    }
    throw std::runtime_error("no libnss_wrapper.so in " + folder);
}

}  // namespace

Result<UnpackedMailServer> UnpackedMailServer::find(const std::string& name) {
    if (geteuid() != 0) {
        return Error{name + " must be started by root"};
    }
    const std::string folder = std::filesystem::absolute(".dev/unpacked/" + name).string();
    if (!std::filesystem::exists(folder) || !std::filesystem::exists(folder + "/../nss_wrapper")) {
        const Finished unpacked =
            run({.arguments = {"tests/support/unpack_mail_servers.sh"}}, std::chrono::minutes(5));
        if (!std::filesystem::exists(folder)) {
            return Error{name + " cannot be unpacked: " + unpacked.output};
        }
    }
    return UnpackedMailServer(folder);
}

std::map<std::string, std::string> UnpackedMailServer::environment() const {
    const std::string libraries = folder_ + "/usr/lib";
    if (!std::filesystem::exists(libraries)) {
        return {};  // A package without libraries, on a machine that has all it needs.
    }
    std::string folders;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(libraries)) {
        const std::string name = entry.path().filename().string();
        const std::string parent = entry.path().parent_path().string();
        if (name.starts_with("lib") && name.find(".so") != std::string::npos &&
            folders.find(parent + ":") == std::string::npos) {
            folders += parent + ":";
        }
    }
    return {{"LD_LIBRARY_PATH", folders}};
}

std::map<std::string, std::string> UnpackedMailServer::environment_with_users(
    const std::vector<std::string>& names, const TemporaryFolder& folder
) const {
    const passwd* mail = getpwnam("mail");
    if (mail == nullptr) {
        throw std::runtime_error("this machine has no user 'mail'");
    }
    std::string users = read_file("/etc/passwd");
    std::string groups = read_file("/etc/group");
    const std::string uid = std::to_string(mail->pw_uid);
    const std::string gid = std::to_string(mail->pw_gid);
    for (const std::string& name : names) {
        users += name + ":x:" + uid + ":" + gid + "::/:/bin/false\n";
        groups += name + ":x:" + gid + ":\n";
    }
    write_file(folder / "passwd", users);
    write_file(folder / "group", groups);
    std::map<std::string, std::string> variables = environment();
    variables["LD_PRELOAD"] = wrapper_library(folder_ + "/../nss_wrapper");
    variables["NSS_WRAPPER_PASSWD"] = folder / "passwd";
    variables["NSS_WRAPPER_GROUP"] = folder / "group";
    return variables;
}

}  // namespace chatear::test
