#include "smtp/wire_content.hpp"

#include <algorithm>

namespace chatear::smtp {
namespace {

bool is_plain(char character) {
    return character != '\r' && character != '\n' && character != '\0';
}

bool ends_in_line_end(std::string_view content) {
    return content.empty() || content.ends_with("\r\n");
}

/// The first CR of each line stands right before its LF.
bool is_canonical(std::string_view content) {
    if (!ends_in_line_end(content) || content.find('\0') != std::string_view::npos) {
        return false;
    }
    while (!content.empty()) {
        const std::size_t cr = content.find('\r');
        const std::size_t lf = content.find('\n');
        if (cr == std::string_view::npos || lf != cr + 1) {
            return false;
        }
        content.remove_prefix(lf + 1);
    }
    return true;
}

}  // namespace

std::string canonical_content(std::string content) {
    if (is_canonical(content)) {
        return content;
    }
    std::string canonical;
    canonical.reserve(content.size() + content.size() / 64 + 16);
    std::size_t position = 0;
    while (position < content.size()) {
        std::size_t end = position;
        while (end < content.size() && is_plain(content[end])) {
            ++end;
        }
        canonical.append(content, position, end - position);
        if (end < content.size() && content[end] != '\0') {
            const bool pair =
                content[end] == '\r' && end + 1 < content.size() && content[end + 1] == '\n';
            canonical += "\r\n";
            end += pair ? 1 : 0;
        }
        position = end + 1;
    }
    if (!ends_in_line_end(canonical)) {
        canonical += "\r\n";
    }
    return canonical;
}

std::string dot_stuffed(std::string canonical) {
    const auto next_dot = [&canonical](std::size_t from) {
        const std::size_t found = canonical.find("\n.", from);
        return found == std::string::npos ? found : found + 1;
    };
    std::size_t dot = canonical.starts_with('.') ? 0 : next_dot(0);
    if (dot == std::string::npos) {
        return canonical;
    }
    std::string stuffed;
    stuffed.reserve(canonical.size() + canonical.size() / 64 + 16);
    std::size_t copied = 0;
    for (; dot != std::string::npos; dot = next_dot(dot)) {
        stuffed.append(canonical, copied, dot - copied);
        stuffed += '.';
        copied = dot;
    }
    stuffed.append(canonical, copied);
    return stuffed;
}

std::size_t first_field_bytes(std::string_view canonical) {
    constexpr std::size_t max_line_bytes = 1000;  // RFC 5321, 4.5.3.1.6.
    const std::size_t end = canonical.find("\r\n");
    const std::size_t colon = canonical.find(':');
    if (end == std::string_view::npos || end + 2 > max_line_bytes || colon == 0 || colon >= end) {
        return 0;
    }
    const std::string_view name = canonical.substr(0, colon);
    const bool is_name =
        std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c <= '~'; });
    return is_name ? end + 2 : 0;
}

}  // namespace chatear::smtp
