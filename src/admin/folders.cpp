#include "admin/folders.hpp"

#include <filesystem>
#include <system_error>

namespace chatear::admin {

std::string find_folder(
    std::string_view given,
    const Environment& environment,
    std::string_view variable,
    std::string_view name,
    const std::string& executable
) {
    if (!given.empty()) {
        return std::string(given);
    }
    const auto configured = environment.get(variable);
    if (configured && *configured) {
        return **configured;
    }
    namespace fs = std::filesystem;
    const fs::path bin = fs::path(executable).parent_path();
    const fs::path candidates[] = {
        fs::path(name),
        bin / ".." / "share" / "chatear" / name,
        bin / ".." / ".." / ".." / name,  // build/<preset>/bin of a checkout.
    };
    std::error_code ignored;
    for (const fs::path& candidate : candidates) {
        if (fs::is_directory(candidate, ignored)) {
            return candidate.lexically_normal().string();
        }
    }
    return std::string(name);
}

std::string executable_path() {
    std::error_code error;
    const std::filesystem::path path = std::filesystem::read_symlink("/proc/self/exe", error);
    return error ? "" : path.string();
}

}  // namespace chatear::admin
