#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace chatear::test {

/// A folder of its own under the system's temporary folder, removed with everything in it. Readable
/// for the user that servers which refuse to be root run as.
class TemporaryFolder {
public:
    explicit TemporaryFolder(const std::string& name);
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    const std::filesystem::path& path() const { return path_; }
    std::string operator/(const std::string& name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

void write_file(const std::string& path, const std::string& content);
std::string read_file(const std::string& path);

/// A TCP port of the loopback that nothing listens on, and that no connection is given; not given
/// twice by this process.
std::uint16_t free_port();

/// Whether something accepts connections there.
bool accepts_connections(std::uint16_t port);

/// Looks every 10 ms until `condition` holds; fails the test after `limit`. For what no event
/// tells.
bool eventually(
    const std::function<bool()>& condition,
    std::chrono::milliseconds limit = std::chrono::seconds(30)
);

struct Command {
    std::vector<std::string> arguments;                ///< [0] is looked up in PATH.
    std::map<std::string, std::string> environment{};  ///< Added to ours.
    std::string output_file{};  ///< Standard output and error; empty = /dev/null.
    std::string user{};    ///< Whom to become when we are root (`nobody` if there is no such user).
    std::string folder{};  ///< Working folder; empty = ours.
};

/// A child process; killed when this object or the test's process ends (PR_SET_PDEATHSIG).
class Process {
public:
    explicit Process(const Command& command);
    ~Process();
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    pid_t pid() const { return pid_; }
    bool running();
    void signal(int number);
    /// Its exit status, or 128 + the signal's number; waits at most `limit`, then kills it.
    int wait(std::chrono::milliseconds limit = std::chrono::seconds(10));
    /// Signals and waits.
    int stop(int number);

private:
    pid_t pid_ = -1;
    std::optional<int> status_;
};

/// Runs a command to its end; what it printed and its exit status.
struct Finished {
    int status = 0;
    std::string output;
};
Finished run(Command command, std::chrono::milliseconds limit = std::chrono::seconds(60));

/// The first of `names` that is an executable file in PATH or the usual server folders; nothing
/// else.
std::optional<std::string> find_program(const std::vector<std::string>& names);

}  // namespace chatear::test
