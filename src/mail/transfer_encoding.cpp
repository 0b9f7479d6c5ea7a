#include "mail/transfer_encoding.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <cstdint>

namespace chatear::mail {
namespace {

constexpr std::size_t max_plain_line_bytes = 998;
constexpr std::size_t max_encoded_line_bytes = 76;  // RFC 2045, 6.7 and 6.8.
constexpr std::string_view hex_digits = "0123456789ABCDEF";

/// Takes the next line off `text`, without its break: CR, LF or CRLF.
std::string_view take_line(std::string_view& text) {
    std::size_t end = 0;
    while (end < text.size() && text[end] != '\n' && text[end] != '\r') {
        ++end;
    }
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end);
    if (text.starts_with("\r\n")) {
        text.remove_prefix(2);
    } else if (!text.empty()) {
        text.remove_prefix(1);
    }
    return line;
}

struct Survey {
    std::size_t eight_bit = 0;  // Bytes over 127.
    std::size_t controls = 0;   // But TAB, CR and LF; with DEL.
    std::size_t equals = 0;     // What quoted-printable must encode for its own sake.
    bool awkward_line = false;  // Too long, or begins like something else.
};

Survey survey(std::string_view text) {
    Survey found;
    for (const char byte : text) {
        const unsigned char value = static_cast<unsigned char>(byte);
        found.eight_bit += value >> 7;
        found.controls +=
            (value < 0x20 && value != '\t' && value != '\n' && value != '\r') || value == 0x7f;
        found.equals += value == '=';
    }
    while (!text.empty() && !found.awkward_line) {
        const std::string_view line = take_line(text);
        found.awkward_line = line.size() > max_plain_line_bytes || line.starts_with("--=_") ||
                             line.starts_with("From ");
    }
    return found;
}

void append_escaped(std::string& out, char byte) {
    out += '=';
    out += hex_digits[static_cast<unsigned char>(byte) >> 4];
    out += hex_digits[static_cast<unsigned char>(byte) & 0x0f];
}

bool is_quoted_printable_literal(char byte) {
    return (byte >= 0x20 && byte < 0x7f && byte != '=') || byte == '\t';
}

/// One line in quoted-printable, with soft breaks where it is long, and its CRLF.
void append_quoted_printable_line(std::string& out, std::string_view line) {
    std::size_t column = 0;
    for (std::size_t place = 0; place < line.size(); ++place) {
        const char byte = line[place];
        if (byte == '\0') {
            continue;
        }
        const bool last = place + 1 == line.size();
        const bool blank = byte == ' ' || byte == '\t';
        const bool begins_like_mbox = place == 0 && line.starts_with("From ");
        const bool literal =
            is_quoted_printable_literal(byte) && !(last && blank) && !begins_like_mbox;
        const std::size_t size = literal ? 1 : 3;
        if (column + size > max_encoded_line_bytes - 1) {
            out += "=\r\n";
            column = 0;
        }
        if (literal) {
            out += byte;
        } else {
            append_escaped(out, byte);
        }
        column += size;
    }
    out += "\r\n";
}

std::string with_canonical_breaks(std::string_view text) {
    std::string canonical;
    canonical.reserve(text.size() + text.size() / 32 + 2);
    while (!text.empty()) {
        for (const char byte : take_line(text)) {
            if (byte != '\0') {
                canonical += byte;
            }
        }
        canonical += "\r\n";
    }
    return canonical;
}

}  // namespace

std::string_view name_of(TransferEncoding encoding) {
    switch (encoding) {
        case TransferEncoding::seven_bit:
            return "7bit";
        case TransferEncoding::eight_bit:
            return "8bit";
        case TransferEncoding::quoted_printable:
            return "quoted-printable";
        case TransferEncoding::base64:
            return "base64";
    }
    CHATEAR_ASSERT(false);
    return "";
}

TransferEncoding choose_text_encoding(std::string_view text, bool eight_bit_mime) {
    const Survey found = survey(text);
    const bool plain = found.controls == 0 && !found.awkward_line;
    if (plain && found.eight_bit == 0) {
        return TransferEncoding::seven_bit;
    }
    if (plain && eight_bit_mime) {
        return TransferEncoding::eight_bit;
    }
    // A byte that must be escaped grows by 2; base64 makes four of three.
    const std::size_t escaped = found.eight_bit + found.controls + found.equals;
    return escaped * 2 > text.size() / 3 ? TransferEncoding::base64
                                         : TransferEncoding::quoted_printable;
}

void append_text(std::string& out, std::string_view text, TransferEncoding encoding) {
    switch (encoding) {
        case TransferEncoding::seven_bit:
        case TransferEncoding::eight_bit:
            while (!text.empty()) {
                out += take_line(text);
                out += "\r\n";
            }
            return;
        case TransferEncoding::quoted_printable:
            while (!text.empty()) {
                append_quoted_printable_line(out, take_line(text));
            }
            return;
        case TransferEncoding::base64:
            append_base64_lines(out, with_canonical_breaks(text));
            return;
    }
    CHATEAR_ASSERT(false);
}

void append_base64_lines(std::string& out, std::string_view bytes) {
    constexpr std::size_t bytes_a_line = max_encoded_line_bytes / 4 * 3;
    while (!bytes.empty()) {
        append_base64(out, bytes.substr(0, bytes_a_line));
        out += "\r\n";
        bytes.remove_prefix(std::min(bytes_a_line, bytes.size()));
    }
}

void append_base64(std::string& out, std::string_view bytes) {
    static constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const auto value = [bytes](std::size_t place) -> std::uint32_t {
        return place < bytes.size() ? static_cast<unsigned char>(bytes[place]) : 0;
    };
    for (std::size_t place = 0; place < bytes.size(); place += 3) {
        const std::uint32_t group = value(place) << 16 | value(place + 1) << 8 | value(place + 2);
        const char four[] = {
            digits[group >> 18],
            digits[group >> 12 & 63],
            place + 1 < bytes.size() ? digits[group >> 6 & 63] : '=',
            place + 2 < bytes.size() ? digits[group & 63] : '='};
        out.append(four, 4);
    }
}

}  // namespace chatear::mail
