#include "admin/message_source.hpp"

#include "base/json.hpp"

#include <fmt/format.h>

#include <istream>
#include <iterator>
#include <utility>

namespace chatear::admin {

Result<std::unique_ptr<FileSource>> FileSource::open(const std::string& path) {
    auto file =
        std::make_unique<std::ifstream>(path == "-" ? "/dev/stdin" : path, std::ios::binary);
    if (!*file) {
        return Error{"cannot read ", path};
    }
    return std::make_unique<FileSource>(std::move(file));
}

Result<std::optional<std::string>> FileSource::next() {
    std::string line;
    while (std::getline(*lines_, line)) {
        ++line_;
        if (line.find_first_not_of(" \t\r") == std::string::npos) {
            continue;
        }
        const auto parsed = parse_json(line);
        if (!parsed) {
            return Error{fmt::format("line {}: {}", line_, parsed.error().message)};
        }
        return std::optional<std::string>(std::move(line));
    }
    return std::optional<std::string>();
}

Result<std::optional<std::string>> GeneratedSource::next() {
    if (given_ == count_) {
        return std::optional<std::string>();
    }
    ++given_;
    return std::optional<std::string>(fill_in(pattern_, given_));
}

std::string fill_in(std::string_view pattern, std::uint64_t n) {
    static constexpr std::string_view place = "{n}";
    std::string out;
    for (std::size_t at = pattern.find(place); at != std::string_view::npos;
         at = pattern.find(place)) {
        out += pattern.substr(0, at);
        out += std::to_string(n);
        pattern.remove_prefix(at + place.size());
    }
    out += pattern;
    return out;
}

Result<std::pair<std::string, std::string>> parse_header_line(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos || colon == 0) {
        return Error{"'", text, "' is no header: give it as 'Name: value'"};
    }
    const std::string_view rest = text.substr(colon + 1);
    const std::size_t first = rest.find_first_not_of(' ');
    const std::string_view value = first == std::string_view::npos ? "" : rest.substr(first);
    return std::pair<std::string, std::string>(text.substr(0, colon), value);
}

}  // namespace chatear::admin
