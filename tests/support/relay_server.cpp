#include "support/relay_server.hpp"

#include "support/connection_process.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <optional>
#include <system_error>

namespace chatear::test {
namespace {

/// The server makes and removes files meanwhile: what has gone is passed over.
bool any_file_below(const std::string& folder, const std::string& end) {
    std::error_code gone;
    std::filesystem::recursive_directory_iterator entry(folder, gone);
    for (; !gone && entry != std::filesystem::end(entry); entry.increment(gone)) {
        std::error_code ignored;
        if (entry->is_regular_file(ignored) && entry->path().string().ends_with(end)) {
            return true;
        }
    }
    return false;
}

}  // namespace

bool RelayServer::kill_connection() const {
    const std::optional<pid_t> process = child_that_serves(main_process(), port());
    return process && kill(*process, SIGKILL) == 0;
}

bool RelayServer::any_file(const std::vector<std::string>& folders, const std::string& end) {
    return std::any_of(folders.begin(), folders.end(), [&](const std::string& folder) {
        return any_file_below(folder, end);
    });
}

}  // namespace chatear::test
