#include "runtime/instance_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace chatear::runtime {
namespace {

constexpr int most_processes = 1000;

std::optional<std::string> read_instance(int descriptor) {
    char buffer[128];
    const ssize_t count = pread(descriptor, buffer, sizeof buffer, 0);
    if (count <= 0) {
        return std::nullopt;
    }
    return std::string(buffer, static_cast<std::size_t>(count));
}

bool write_instance(int descriptor, const std::string& instance) {
    return ftruncate(descriptor, 0) == 0 &&
           pwrite(descriptor, instance.data(), instance.size(), 0) ==
               static_cast<ssize_t>(instance.size());
}

Error cannot(const std::string& what, const std::string& path) {
    return Error{"STATE_DIR: cannot ", what, " ", path, ": ", std::strerror(errno)};
}

}  // namespace

Result<InstanceFile> InstanceFile::take(
    const std::string& folder, const std::string& worker, const std::string& instance
) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) {
        return Error{"STATE_DIR: cannot make ", folder, ": ", error.message()};
    }
    for (int number = 1; number <= most_processes; ++number) {
        const std::string base = fmt::format("{}/{}-{}", folder, worker, number);
        auto file = take_left(base, instance);
        if (!file) {
            return file.error();
        }
        if (*file) {
            return std::move(**file);
        }
    }
    return Error{"STATE_DIR: more processes than this folder has files for: ", folder};
}

Result<std::optional<InstanceFile>> InstanceFile::take_left(
    const std::string& base, const std::string& instance
) {
    const std::string path = base + ".lock";
    // Written over at once: no link may lead that elsewhere.
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0) {
        return cannot("open", path);
    }
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        ::close(descriptor);
        return std::optional<InstanceFile>();
    }
    InstanceFile file(descriptor, base, read_instance(descriptor));
    if (!write_instance(descriptor, instance)) {
        return cannot("write", path);
    }
    return std::optional(std::move(file));
}

InstanceFile::InstanceFile(InstanceFile&& other) noexcept
    : descriptor_(other.descriptor_),
      base_(std::move(other.base_)),
      predecessor_(std::move(other.predecessor_)) {
    other.descriptor_ = -1;
}

InstanceFile::~InstanceFile() {
    if (descriptor_ >= 0) {
        close(descriptor_);
    }
}

void InstanceFile::ended() {
    // An instance that is declared dead without need costs nothing but a wrong count.
    if (ftruncate(descriptor_, 0) != 0) {
        return;
    }
}

}  // namespace chatear::runtime
