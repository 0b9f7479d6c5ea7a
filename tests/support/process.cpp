#include "support/process.hpp"

#include "base/ids.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <set>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace chatear::test {
namespace {

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

void become(const std::string& user) {
    if (user.empty() || geteuid() != 0) {
        return;
    }
    const passwd* entry = getpwnam(user.c_str());
    if (entry == nullptr) {
        entry = getpwnam("nobody");  // As where the server's package is unpacked, not installed.
    }
    if (entry == nullptr || setgroups(0, nullptr) != 0 || setgid(entry->pw_gid) != 0 ||
        setuid(entry->pw_uid) != 0) {
        _exit(126);
    }
}

[[noreturn]] void run_child(const Command& command, pid_t parent) {
    const char* output = command.output_file.empty() ? "/dev/null" : command.output_file.c_str();
    const int file = open(output, O_WRONLY | O_CREAT | O_APPEND, 0666);
    const int input = open("/dev/null", O_RDONLY);
    dup2(input, 0);
    dup2(file, 1);
    dup2(file, 2);
    become(command.user);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(125);
    }
    if (!command.folder.empty() && chdir(command.folder.c_str()) != 0) {
        _exit(124);
    }
    for (const auto& [name, value] : command.environment) {
        setenv(name.c_str(), value.c_str(), 1);
    }
    std::vector<char*> arguments;
    for (const std::string& argument : command.arguments) {
        arguments.push_back(const_cast<char*>(argument.c_str()));
    }
    arguments.push_back(nullptr);
    execvp(arguments[0], arguments.data());
    _exit(127);
}

}  // namespace

TemporaryFolder::TemporaryFolder(const std::string& name)
    : path_(
          std::filesystem::temp_directory_path() /
          ("chatear-" + name + "-" + random_uuid().substr(0, 8))
      ) {
    std::filesystem::create_directories(path_);
    std::filesystem::permissions(path_, std::filesystem::perms::all);
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

void write_file(const std::string& path, const std::string& content) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << content;
    if (!file.flush()) {
        throw std::runtime_error("cannot write " + path);
    }
}

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
}

// Below the ports that the kernel gives to connections (ip(7), ip_local_port_range): one of those
// could be a client's by the time the server starts, and for ever while a stopped one is away.
std::uint16_t free_port() {
    static std::set<std::uint16_t> given;
    static std::mt19937 random{std::random_device()()};
    std::uniform_int_distribution<std::uint16_t> any(10'240, 32'767);
    for (int attempt = 0; attempt < 1'000; ++attempt) {
        const std::uint16_t port = any(random);
        const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const sockaddr_in address = loopback(port);
        const bool bound =
            bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
        close(listener);
        if (bound && given.insert(port).second) {
            return port;
        }
    }
    throw std::runtime_error("no free port between 10240 and 32767");
}

bool accepts_connections(std::uint16_t port) {
    const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(port);
    const bool connected =
        connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    close(client);
    return connected;
}

bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (std::chrono::steady_clock::now() < end) {
        if (condition()) {
            return true;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return condition();
}

Process::Process(const Command& command) {
    const pid_t parent = getpid();
    pid_ = fork();
    if (pid_ == 0) {
        run_child(command, parent);
    }
    if (pid_ < 0) {
        throw std::runtime_error("cannot fork");
    }
}

Process::~Process() {
    if (running()) {
        kill(pid_, SIGCONT);
        stop(SIGKILL);
    }
}

bool Process::running() {
    if (status_) {
        return false;
    }
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) == pid_) {
        status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    return !status_;
}

void Process::signal(int number) {
    if (running()) {
        kill(pid_, number);
    }
}

int Process::wait(std::chrono::milliseconds limit) {
    if (!eventually([this] { return !running(); }, limit)) {
        kill(pid_, SIGKILL);
        eventually([this] { return !running(); }, std::chrono::seconds(10));
    }
    return status_.value_or(-1);
}

int Process::stop(int number) {
    signal(number);
    return wait();
}

Finished run(Command command, std::chrono::milliseconds limit) {
    const TemporaryFolder folder("run");
    command.output_file = folder / "output";
    write_file(command.output_file, "");
    std::filesystem::permissions(command.output_file, std::filesystem::perms::all);
    Process process(command);
    Finished finished;
    finished.status = process.wait(limit);
    finished.output = read_file(command.output_file);
    return finished;
}

std::optional<std::string> find_program(const std::vector<std::string>& names) {
    const char* path = std::getenv("PATH");
    std::vector<std::filesystem::path> folders;
    std::stringstream stream(path == nullptr ? "" : path);
    for (std::string folder; std::getline(stream, folder, ':');) {
        folders.emplace_back(folder);
    }
    folders.insert(folders.end(), {"/usr/sbin", "/sbin", "/usr/bin", "/usr/local/bin"});
    for (const std::string& name : names) {
        for (const auto& folder : folders) {
            const auto candidate =
                name.starts_with('/') ? std::filesystem::path(name) : folder / name;
            if (access(candidate.c_str(), X_OK) == 0) {
                return candidate.string();
            }
        }
    }
    return std::nullopt;
}

}  // namespace chatear::test
