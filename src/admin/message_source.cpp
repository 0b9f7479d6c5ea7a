#include "admin/message_source.hpp"

#include "base/json.hpp"

#include <fmt/format.h>

#include <utility>

namespace chatear::admin {

Result<std::unique_ptr<FileSource>> FileSource::open(const std::string& path) {
    Result<LineReader> lines = LineReader::open(path);
    if (!lines) {
        return lines.error();
    }
    return std::make_unique<FileSource>(std::move(*lines));
}

bool FileSource::ready() {
    while (!ahead_ && lines_.ready()) {
        advance();
    }
    return ahead_.has_value();
}

Result<std::optional<std::string>> FileSource::next() {
    while (!ahead_) {
        advance();
    }
    return *std::exchange(ahead_, std::nullopt);
}

/// Takes one line; an empty one is nothing.
void FileSource::advance() {
    ++line_;
    Result<std::optional<std::string>> line = lines_.next();
    const bool empty = line && *line && (*line)->find_first_not_of(" \t\r") == std::string::npos;
    if (empty) {
        return;
    }
    std::string wrong;
    if (!line) {
        wrong = line.error().message;
    } else if (*line) {
        const auto parsed = parse_json(**line);
        wrong = parsed ? "" : parsed.error().message;
    }
    ahead_ = wrong.empty() ? std::move(line) : Error{fmt::format("line {}: {}", line_, wrong)};
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
