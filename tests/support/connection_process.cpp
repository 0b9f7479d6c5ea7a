#include "support/connection_process.hpp"

#include "support/process.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <set>
#include <sstream>
#include <string>
#include <system_error>

namespace chatear::test {
namespace {

/// The connections' ends at the server, named as /proc/PID/fd names them (proc(5), /proc/net/tcp).
std::set<std::string> sockets_at(std::uint16_t port) {
    std::array<char, 16> wanted{};
    std::snprintf(wanted.data(), wanted.size(), "0100007F:%04X", static_cast<unsigned>(port));
    constexpr const char* established = "01";
    std::set<std::string> sockets;
    std::istringstream lines(read_file("/proc/net/tcp"));
    for (std::string line; std::getline(lines, line);) {
        std::istringstream fields(line);
        std::string number, local, remote, state, queues, timer, retransmits, user, timeout, inode;
        fields >> number >> local >> remote >> state >> queues >> timer >> retransmits >> user >>
            timeout >> inode;
        if (local == wanted.data() && state == established) {
            sockets.insert("socket:[" + inode + "]");
        }
    }
    return sockets;
}

bool holds_one(pid_t process, const std::set<std::string>& sockets) {
    std::error_code gone;
    const std::string folder = "/proc/" + std::to_string(process) + "/fd";
    std::filesystem::directory_iterator entry(folder, gone);
    for (; !gone && entry != std::filesystem::end(entry); entry.increment(gone)) {
        std::error_code closed;
        const std::filesystem::path target = std::filesystem::read_symlink(entry->path(), closed);
        if (!closed && sockets.contains(target.string())) {
            return true;
        }
    }
    return false;
}

std::set<pid_t> children_of(pid_t parent) {
    const std::string process = std::to_string(parent);
    std::istringstream children(read_file("/proc/" + process + "/task/" + process + "/children"));
    std::set<pid_t> found;
    for (pid_t child = 0; children >> child;) {
        found.insert(child);
    }
    return found;
}

}  // namespace

std::optional<pid_t> child_that_serves(pid_t parent, std::uint16_t port) {
    const std::set<std::string> sockets = sockets_at(port);
    const std::set<pid_t> children = children_of(parent);
    const auto found = std::find_if(children.begin(), children.end(), [&](pid_t child) {
        return holds_one(child, sockets);
    });
    return found == children.end() ? std::nullopt : std::optional<pid_t>(*found);
}

}  // namespace chatear::test
