#include "base/environment.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

namespace chatear {
namespace {

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

bool is_name(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               c == '_';
    });
}

std::string_view without_quotes(std::string_view value) {
    const bool quoted = value.size() >= 2 && (value.front() == '"' || value.front() == '\'') &&
                        value.back() == value.front();
    return quoted ? value.substr(1, value.size() - 2) : value;
}

constexpr std::size_t max_file_bytes = 1024 * 1024;

Result<std::string> read_file(const std::string& path) {
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    std::string content(file ? max_file_bytes + 1 : 0, '\0');
    file.read(content.data(), static_cast<std::streamsize>(content.size()));
    // A folder can be opened, but not read; a short file only sets failbit, at its end.
    if (file.bad() || !file.is_open()) {
        return Error{fmt::format("cannot read {}: {}", path, std::strerror(errno))};
    }
    content.resize(static_cast<std::size_t>(file.gcount()));
    if (content.size() > max_file_bytes) {
        return Error{fmt::format("{} is larger than {} bytes", path, max_file_bytes)};
    }
    return content;
}

}  // namespace

Environment::Environment(std::map<std::string, std::string, std::less<>> variables)
    : variables_(std::move(variables)) {}

Environment Environment::of_process() {
    std::map<std::string, std::string, std::less<>> variables;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        const std::size_t equals = text.find('=');
        if (equals != std::string_view::npos) {
            variables.emplace(text.substr(0, equals), text.substr(equals + 1));
        }
    }
    return Environment(std::move(variables));
}

Result<void> Environment::add_file(const std::string& path) {
    const auto content = read_file(path);
    if (!content) {
        return content.error();
    }
    std::string_view rest = *content;
    for (int line_number = 1; !rest.empty(); ++line_number) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        std::string_view line = trimmed(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (line.empty() || line.starts_with('#')) {
            continue;
        }
        if (line.starts_with("export ")) {
            line = trimmed(line.substr(7));
        }
        const std::size_t equals = line.find('=');
        const std::string_view name = trimmed(line.substr(0, std::min(equals, line.size())));
        if (equals == std::string_view::npos || !is_name(name)) {
            return Error{fmt::format("{}:{}: not NAME=value", path, line_number)};
        }
        std::string& value = variables_[std::string(name)];
        if (value.empty()) {
            value = without_quotes(trimmed(line.substr(equals + 1)));
        }
    }
    return {};
}

Result<std::optional<std::string>> Environment::get(std::string_view name) const {
    const auto value = variables_.find(name);
    const bool set = value != variables_.end() && !value->second.empty();
    const auto file = variables_.find(std::string(name) + "_FILE");
    if (file == variables_.end() || file->second.empty()) {
        return set ? std::optional(value->second) : std::nullopt;
    }
    if (set) {
        return Error{fmt::format("{0} and {0}_FILE are both set: unset one", name)};
    }
    auto content = read_file(file->second);
    if (!content) {
        return Error{fmt::format("{}_FILE: {}", name, content.error().message)};
    }
    while (content->ends_with('\n') || content->ends_with('\r')) {
        content->pop_back();
    }
    return content->empty() ? std::nullopt : std::optional(std::move(*content));
}

}  // namespace chatear
