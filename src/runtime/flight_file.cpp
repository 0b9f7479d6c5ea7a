#include "runtime/flight_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <utility>

namespace chatear::runtime {
namespace {

constexpr std::string_view suffix = ".flight";

/// Names this start of the machine's kernel (random(4)).
std::string boot_id() {
    std::ifstream file("/proc/sys/kernel/random/boot_id");
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

Result<FlightLog> read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string text(
        (std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>()
    );
    if (!file.good() && !file.eof()) {
        return Error{"it cannot be read"};
    }
    Result<FlightLog> log = FlightBook::read(std::as_bytes(std::span(text)));
    const std::string now = boot_id();
    if (log && (now.empty() || log->boot_id != now)) {
        return Error{"the machine has started anew since: what it holds may be of any age"};
    }
    return log;
}

}  // namespace

Result<FlightFile> FlightFile::create(
    const std::string& base, const std::string& instance, std::size_t places
) {
    const std::string path = fmt::format("{}.{}{}", base, instance, suffix);
    const int descriptor =
        ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0) {
        return cannot("make", path, errno);
    }
    const Result<std::span<std::byte>> memory =
        map_new(descriptor, path, FlightBook::bytes_for(places));
    ::close(descriptor);
    if (!memory) {
        ::unlink(path.c_str());
        return memory.error();
    }
    FlightFile file(path, *memory);
    file.book_.emplace(file.memory_, instance, boot_id());
    return file;
}

FlightFile::FlightFile(FlightFile&& other) noexcept
    : path_(std::move(other.path_)), memory_(other.memory_), book_(std::move(other.book_)) {
    other.memory_ = {};
}

FlightFile::~FlightFile() {
    if (!memory_.empty()) {
        munmap(memory_.data(), memory_.size());
    }
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
            found.push_back(LeftFlight{entry->path().string(), read_file(entry->path())});
        }
    }
    std::sort(found.begin(), found.end(), [](const LeftFlight& a, const LeftFlight& b) {
        return a.path < b.path;
    });
    return found;
}

}  // namespace chatear::runtime
