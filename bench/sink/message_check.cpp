#include "sink/message_check.hpp"

#include <zlib.h>

#include <charconv>
#include <cstdint>
#include <optional>

namespace chatear::bench {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view trailer_word = "chatear-bench ";

bool lines_end_with_crlf(std::string_view content) {
    std::size_t begin = 0;
    while (begin < content.size()) {
        const std::size_t end = content.find('\n', begin);
        const std::string_view line = content.substr(begin, end - begin);
        const std::size_t cr = line.find('\r');
        const bool right = end == std::string_view::npos ? cr == std::string_view::npos
                                                         : !line.empty() && cr == line.size() - 1;
        if (!right) {
            return false;
        }
        begin = end == std::string_view::npos ? content.size() : end + 1;
    }
    return true;
}

bool begins_with_field(std::string_view line, std::string_view name) {
    if (line.size() <= name.size() || line[name.size()] != ':') {
        return false;
    }
    for (std::size_t i = 0; i < name.size(); ++i) {
        const char lower =
            line[i] >= 'A' && line[i] <= 'Z' ? static_cast<char>(line[i] + 32) : line[i];
        if (lower != name[i]) {
            return false;
        }
    }
    return true;
}

/// The value of the field that begins `rest`, with the lines that continue it.
std::string_view field_value(std::string_view rest, std::size_t name_size) {
    std::size_t end = rest.find(line_end);
    while (end != std::string_view::npos && end + 2 < rest.size() &&
           (rest[end + 2] == ' ' || rest[end + 2] == '\t')) {
        end = rest.find(line_end, end + 2);
    }
    std::string_view value = rest.substr(name_size + 1, end - name_size - 1);
    while (!value.empty() &&
           (value.front() == ' ' || value.front() == '\r' || value.front() == '\n')) {
        value.remove_prefix(1);
    }
    return value;
}

struct Header {
    std::string_view message_id;
    std::string_view to;
    std::string_view body;
};

/// Nothing where no empty line ends the header.
std::optional<Header> read_header(std::string_view content) {
    Header header;
    std::size_t begin = 0;
    while (begin < content.size()) {
        const std::string_view rest = content.substr(begin);
        const std::size_t end = rest.find(line_end);
        if (end == 0) {
            header.body = rest.substr(line_end.size());
            return header;
        }
        if (begins_with_field(rest, "message-id")) {
            header.message_id = field_value(rest, 10);
        } else if (begins_with_field(rest, "to")) {
            header.to = field_value(rest, 2);
        }
        if (end == std::string_view::npos) {
            break;
        }
        begin += end + line_end.size();
    }
    return std::nullopt;
}

template <class Number>
bool read_number(std::string_view text, Number& number, int base) {
    const char* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, number, base);
    return error == std::errc() && stopped == end;
}

Fault check_body(std::string_view body, std::string_view& id) {
    const std::string_view lines = body.substr(0, body.size() - line_end.size());
    const std::size_t before = lines.rfind(line_end);
    const std::size_t begin = before == std::string_view::npos ? 0 : before + line_end.size();
    std::string_view trailer = lines.substr(begin);
    if (!trailer.starts_with(trailer_word)) {
        return Fault::no_trailer;
    }
    trailer.remove_prefix(trailer_word.size());
    const std::size_t first_space = trailer.find(' ');
    const std::size_t second_space = trailer.rfind(' ');
    std::size_t length = 0;
    std::uint32_t checksum = 0;
    if (first_space == second_space ||
        !read_number(trailer.substr(first_space + 1, second_space - first_space - 1), length, 10) ||
        !read_number(trailer.substr(second_space + 1), checksum, 16)) {
        return Fault::no_trailer;
    }
    id = trailer.substr(0, first_space);
    if (length != begin) {
        return Fault::wrong_length;
    }
    const void* bytes = body.data();
    const auto found = ::crc32_z(0, static_cast<const Bytef*>(bytes), begin);
    return found == checksum ? Fault::none : Fault::wrong_checksum;
}

}  // namespace

std::string_view name_of(Fault fault) {
    switch (fault) {
        case Fault::none:
            return "none";
        case Fault::bare_line_end:
            return "bare_line_end";
        case Fault::unfinished:
            return "unfinished";
        case Fault::no_message_id:
            return "no_message_id";
        case Fault::wrong_recipient:
            return "wrong_recipient";
        case Fault::no_trailer:
            return "no_trailer";
        case Fault::wrong_length:
            return "wrong_length";
        case Fault::wrong_checksum:
            return "wrong_checksum";
    }
    return "";
}

CheckedMessage check_message(
    std::string_view content, std::string_view recipient, bool with_trailer
) {
    CheckedMessage checked;
    const std::optional<Header> header = read_header(content);
    if (!header || !content.ends_with(line_end)) {
        checked.fault = Fault::unfinished;
        return checked;
    }
    checked.message_id = header->message_id;
    if (!lines_end_with_crlf(content)) {
        checked.fault = Fault::bare_line_end;
    } else if (header->message_id.empty()) {
        checked.fault = Fault::no_message_id;
    } else if (!with_trailer) {
        return checked;
    } else if (header->to.find(recipient) == std::string_view::npos) {
        checked.fault = Fault::wrong_recipient;
    } else if (header->body.empty()) {
        checked.fault = Fault::unfinished;
    } else {
        checked.fault = check_body(header->body, checked.body_id);
    }
    return checked;
}

}  // namespace chatear::bench
