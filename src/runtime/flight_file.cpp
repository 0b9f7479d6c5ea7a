#include "runtime/flight_file.hpp"

#include "base/log.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <utility>

namespace chatear::runtime {
namespace {

constexpr std::string_view suffix = ".flight";
constexpr std::string_view unbegun = ".new";  // Behind it, until its process may claim events.
constexpr const char* boot_id_file = "/proc/sys/kernel/random/boot_id";

/// Names this start of the machine's kernel (random(4)).
std::string boot_id() {
    std::ifstream file(boot_id_file);
    std::string id;
    std::getline(file, id);
    return id;
}

Error cannot(const std::string& what, const std::string& path, int error) {
    return Error{"STATE_DIR: cannot ", what, " ", path, ": ", std::strerror(error)};
}

/// A file without room for its pages would end the process with SIGBUS at the first store.
Result<std::span<std::byte>> map_new(int descriptor, const std::string& path, std::size_t bytes) {
    const int full = posix_fallocate(descriptor, 0, static_cast<off_t>(bytes));
    if (full != 0) {
        return cannot("get room for", path, full);
    }
    void* const memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (memory == MAP_FAILED) {
        return cannot("map", path, errno);
    }
    return std::span(static_cast<std::byte*>(memory), bytes);
}

Result<std::string> read_all(int descriptor) {
    std::string bytes;
    std::array<char, 65536> piece;
    while (true) {
        const ssize_t count = ::read(descriptor, piece.data(), piece.size());
        if (count < 0) {
            return Error{"it cannot be read: ", std::strerror(errno)};
        }
        if (count == 0) {
            return bytes;
        }
        bytes.append(piece.data(), static_cast<std::size_t>(count));
    }
}

Result<FlightLog> believable(Result<FlightLog> log) {
    const std::string now = boot_id();
    if (log && (now.empty() || log->boot_id.empty())) {
        return Error{"nobody knows which start of the machine it is of (", boot_id_file, ")"};
    }
    if (log && log->boot_id != now) {
        return Error{"the machine has started anew since: what it holds may be of any age"};
    }
    return log;
}

/// Its process holds the lock of the file itself as long as it lives, whatever its name says.
LeftFlight read_file(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0) {
        return {path, Error{"it cannot be opened: ", std::strerror(errno)}, false};
    }
    const bool living = flock(descriptor, LOCK_SH | LOCK_NB) != 0;
    const Result<std::string> bytes = read_all(descriptor);
    ::close(descriptor);
    if (!bytes) {
        return {path, bytes.error(), living};
    }
    return {path, believable(FlightBook::read(std::as_bytes(std::span(*bytes)))), living};
}

}  // namespace

Result<FlightFile> FlightFile::create(
    const std::string& base, const std::string& instance, std::size_t places
) {
    const std::string path = fmt::format("{}.{}{}{}", base, instance, suffix, unbegun);
    const int descriptor =
        ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0) {
        return cannot("make", path, errno);
    }
    const Result<std::span<std::byte>> memory =
        map_new(descriptor, path, FlightBook::bytes_for(places));
    if (!memory || flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        const Error error = memory ? cannot("lock", path, errno) : memory.error();
        ::close(descriptor);
        ::unlink(path.c_str());
        return error;
    }
    FlightFile file(path, descriptor, *memory);
    const std::string boot = boot_id();
    if (boot.empty()) {
        log::warn(
            "no flight recorder of this process can be believed: the start of the machine has no "
            "name",
            {{"file", boot_id_file}}
        );
    }
    file.book_.emplace(file.memory_, instance, boot);
    return file;
}

FlightFile::FlightFile(FlightFile&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(other.descriptor_),
      memory_(other.memory_),
      book_(std::move(other.book_)),
      begun_(other.begun_) {
    other.memory_ = {};
}

FlightFile::~FlightFile() {
    if (memory_.empty()) {
        return;
    }
    munmap(memory_.data(), memory_.size());
    ::close(descriptor_);
    if (!begun_) {
        remove();
    }
}

Result<void> FlightFile::begin() {
    const std::string name = path_.substr(0, path_.size() - unbegun.size());
    if (::rename(path_.c_str(), name.c_str()) != 0) {
        return cannot("rename", path_, errno);
    }
    path_ = name;
    begun_ = true;
    return {};
}

void FlightFile::remove() {
    ::unlink(path_.c_str());
}

Result<std::vector<std::string>> find_bases(const std::string& folder) {
    namespace fs = std::filesystem;
    std::set<std::string> found;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        const fs::path start = entry->path().parent_path() / entry->path().stem();
        if (name.ends_with(".lock")) {
            found.insert(start.string());
        } else if (name.ends_with(suffix)) {  // Without the instance as well.
            found.insert((start.parent_path() / start.stem()).string());
        }
    }
    if (error) {
        return Error{"STATE_DIR: cannot read ", folder, ": ", error.message()};
    }
    return std::vector<std::string>(found.begin(), found.end());
}

void remove_unbegun_flights(const std::string& base) {
    namespace fs = std::filesystem;
    const fs::path start(base);
    const std::string prefix = start.filename().string() + ".";
    std::error_code error;
    for (fs::directory_iterator entry(start.parent_path(), error), end; !error && entry != end;
         entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (name.starts_with(prefix) && name.ends_with(fmt::format("{}{}", suffix, unbegun))) {
            std::error_code ignored;
            fs::remove(entry->path(), ignored);
        }
    }
}

std::vector<LeftFlight> find_left_flights(
    const std::string& base, const std::string& own_instance
) {
    namespace fs = std::filesystem;
    std::vector<LeftFlight> found;
    const fs::path start(base);
    const std::string prefix = start.filename().string() + ".";
    const std::string own = prefix + own_instance + std::string(suffix);
    std::error_code error;
    for (fs::directory_iterator entry(start.parent_path(), error), end; !error && entry != end;
         entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (name.starts_with(prefix) && name.ends_with(suffix) && name != own &&
            entry->is_regular_file(error)) {
            found.push_back(read_file(entry->path().string()));
        }
    }
    std::sort(found.begin(), found.end(), [](const LeftFlight& a, const LeftFlight& b) {
        return a.path < b.path;
    });
    return found;
}

}  // namespace chatear::runtime
