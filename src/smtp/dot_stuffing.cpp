#include "smtp/dot_stuffing.hpp"

namespace chatear::smtp {
namespace {

bool is_plain(char character) {
    return character != '\r' && character != '\n' && character != '\0';
}

}  // namespace

std::string dot_stuffed(std::string_view content) {
    std::string stuffed;
    stuffed.reserve(content.size() + content.size() / 64 + 16);
    bool at_line_start = true;
    std::size_t position = 0;
    while (position < content.size()) {
        std::size_t end = position;
        while (end < content.size() && is_plain(content[end])) {
            ++end;
        }
        if (end > position) {
            if (at_line_start && content[position] == '.') {
                stuffed += '.';
            }
            stuffed.append(content, position, end - position);
            at_line_start = false;
        }
        if (end < content.size() && content[end] != '\0') {
            const bool pair =
                content[end] == '\r' && end + 1 < content.size() && content[end + 1] == '\n';
            stuffed += "\r\n";
            at_line_start = true;
            end += pair ? 1 : 0;
        }
        position = end + 1;
    }
    if (!at_line_start) {
        stuffed += "\r\n";
    }
    stuffed += end_of_content;
    return stuffed;
}

}  // namespace chatear::smtp
