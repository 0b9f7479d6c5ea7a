#include "mail/attachment.hpp"

#include "base/utf8.hpp"
#include "mail/characters.hpp"
#include "mail/transfer_encoding.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace chatear::mail {
namespace {

constexpr std::string_view hex_digits = "0123456789ABCDEF";

/// RFC 2045, 5.1, less what RFC 2231's extended values reserve.
bool is_token_character(char byte) {
    return is_ascii_letter_or_digit(byte) ||
           std::string_view("!#$&+-.^_`{|}~").find(byte) != std::string_view::npos;
}

bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
}

bool is_media_type(std::string_view text) {
    const std::size_t slash = text.find('/');
    return slash != std::string_view::npos && text.size() <= max_content_type_bytes &&
           is_token(text.substr(0, slash)) && is_token(text.substr(slash + 1));
}

/// Whether the name may stand between quotes on one line. A '%' is not left to readers that
/// decode it without being told to, nor is what looks like an encoded word.
bool is_plain_name(std::string_view name) {
    return name.size() <= 50 && name.find("=?") == std::string_view::npos &&
           name.find("  ") == std::string_view::npos && name.front() != ' ' && name.back() != ' ' &&
           std::all_of(name.begin(), name.end(), [](char byte) {
               return byte >= ' ' && byte < 0x7f && byte != '"' && byte != '\\' && byte != '%';
           });
}

void append_percent_encoded(std::string& out, std::string_view character) {
    for (const char byte : character) {
        if (is_token_character(byte)) {
            out += byte;
        } else {
            out += '%';
            out += hex_digits[static_cast<unsigned char>(byte) >> 4];
            out += hex_digits[static_cast<unsigned char>(byte) & 0x0f];
        }
    }
}

/// `filename*0*=utf-8''...; filename*1*=...` (RFC 2231, sections 3 and 4.1), one a line.
void append_extended_name(std::string& out, std::string_view name) {
    constexpr std::size_t max_piece = 50;
    int number = 0;
    while (!name.empty()) {
        std::string piece;
        while (!name.empty() && piece.size() < max_piece) {
            const std::size_t length = std::max<std::size_t>(1, utf8_character_length(name));
            append_percent_encoded(piece, name.substr(0, length));
            name.remove_prefix(length);
        }
        const bool only = number == 0 && name.empty();
        out += ";\r\n filename*";
        if (!only) {
            out += fmt::format("{}*", number);
        }
        out += number == 0 ? "=utf-8''" : "=";
        out += piece;
        ++number;
    }
}

}  // namespace

Result<void> check_attachment(const Attachment& attachment) {
    const std::string& name = attachment.filename;
    if (name.empty() || name.size() > max_filename_bytes) {
        return Error{"an attachment's filename is not 1 to 255 bytes long"};
    }
    if (!is_utf8(name) || has_control_character(name)) {
        return Error{"an attachment's filename has a control character or is not UTF-8"};
    }
    if (name.find_first_of("/\\") != std::string::npos || name == "." || name == "..") {
        return Error{"an attachment's filename is a path"};
    }
    const std::string& type = attachment.content_type;
    if (!is_media_type(type)) {
        return Error{"an attachment's content_type is not of the form type/subtype"};
    }
    const std::string_view major = std::string_view(type).substr(0, type.find('/'));
    if (equal_ignoring_case(major, "multipart") || equal_ignoring_case(major, "message")) {
        return Error{"an attachment's content_type may not be multipart/... or message/..."};
    }
    return {};
}

void append_attachment_part(std::string& out, const Attachment& attachment) {
    out += "Content-Type: ";
    out += attachment.content_type;
    out += "\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment";
    if (is_plain_name(attachment.filename)) {
        out += ";\r\n filename=\"";
        out += attachment.filename;
        out += '"';
    } else {
        append_extended_name(out, attachment.filename);
    }
    out += "\r\n\r\n";
    append_base64_lines(out, attachment.bytes);
}

}  // namespace chatear::mail
