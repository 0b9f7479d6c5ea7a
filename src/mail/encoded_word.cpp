#include "mail/encoded_word.hpp"

#include "base/utf8.hpp"
#include "mail/characters.hpp"
#include "mail/transfer_encoding.hpp"

#include <algorithm>

namespace chatear::mail {
namespace {

constexpr std::size_t max_word = 75;
constexpr std::size_t max_line = 76;
constexpr std::string_view replacement = "\xef\xbf\xbd";  // U+FFFD
constexpr std::string_view hex_digits = "0123456789ABCDEF";

/// RFC 2047, section 5 (3): what may stand for itself in a phrase's word, and so everywhere.
bool stands_for_itself(char byte) {
    return is_ascii_letter_or_digit(byte) || byte == '!' || byte == '*' || byte == '+' ||
           byte == '-' || byte == '/' || byte == ' ';
}

std::size_t q_size(std::string_view text) {
    std::size_t size = 0;
    for (const char byte : text) {
        size += stands_for_itself(byte) ? 1U : 3U;
    }
    return size;
}

std::size_t base64_size(std::size_t bytes) {
    return (bytes + 2) / 3 * 4;
}

void append_q(std::string& out, std::string_view text) {
    for (const char byte : text) {
        if (byte == ' ') {
            out += '_';
        } else if (stands_for_itself(byte)) {
            out += byte;
        } else {
            out += '=';
            out += hex_digits[static_cast<unsigned char>(byte) >> 4];
            out += hex_digits[static_cast<unsigned char>(byte) & 0x0f];
        }
    }
}

/// How many bytes of `text`, whole characters, fit into `room` characters of encoded text.
std::size_t fitting(std::string_view text, std::size_t room, bool use_q) {
    std::size_t taken = 0;
    std::size_t used = 0;
    while (taken < text.size()) {
        const std::size_t length = utf8_character_length(text.substr(taken));
        used = use_q ? used + q_size(text.substr(taken, length)) : base64_size(taken + length);
        if (used > room) {
            break;
        }
        taken += length;
    }
    return taken;
}

/// How many bytes of whole characters, at most `taken`, make base64 without padding; perhaps 0.
std::size_t without_padding(std::string_view text, std::size_t taken) {
    std::size_t best = 0;
    for (std::size_t place = 0; place <= taken;
         place += utf8_character_length(text.substr(place))) {
        if (place % 3 == 0) {
            best = place;
        }
        if (place == text.size()) {
            break;
        }
    }
    return best;
}

/// One encoded word's share of a text.
struct Share {
    std::size_t bytes = 0;
    bool use_q = false;
};

/// The next word's share of `text` where it has `room`. GMime 3.2 joins the base64 of adjacent
/// words before it decodes them and stops at the first padding: so a base64 word with more to come
/// has none, and where that cannot be, this word is in Q.
Share next_share(std::string_view text, std::size_t room, bool use_q) {
    const std::size_t taken = fitting(text, room, use_q);
    if (use_q || taken == text.size()) {
        return {taken, use_q};
    }
    const std::size_t unpadded = without_padding(text, taken);
    if (unpadded > 0) {
        return {unpadded, false};
    }
    return {fitting(text, room, true), true};
}

std::string cleaned(std::string_view text) {
    std::string clean;
    clean.reserve(text.size());
    while (!text.empty()) {
        const std::size_t length = utf8_character_length(text);
        if (length == 0) {
            clean += replacement;
        } else if (is_control_character(text.substr(0, length))) {
            clean += ' ';
        } else {
            clean += text.substr(0, length);
        }
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return clean;
}

void append_word(std::string& out, std::string_view text, bool use_q) {
    out += use_q ? "=?utf-8?Q?" : "=?utf-8?B?";
    if (use_q) {
        append_q(out, text);
    } else {
        append_base64(out, text);
    }
    out += "?=";
}

}  // namespace

std::size_t append_encoded_words(std::string& out, std::size_t column, std::string_view raw) {
    const std::string clean = cleaned(raw);
    std::string_view text = clean;
    const bool use_q = q_size(text) <= base64_size(text.size());
    constexpr std::size_t frame = 12;  // "=?utf-8?Q?" and "?=".
    while (!text.empty()) {
        const std::size_t left = column + frame < max_line ? max_line - column - frame : 0;
        const Share share = next_share(text, std::min(left, max_word - frame), use_q);
        if (share.bytes == 0) {
            out += "\r\n ";
            column = 1;
            continue;
        }
        const std::size_t before = out.size();
        append_word(out, text.substr(0, share.bytes), share.use_q);
        column += out.size() - before;
        text.remove_prefix(share.bytes);
        if (!text.empty()) {
            out += "\r\n ";
            column = 1;
        }
    }
    return column;
}

}  // namespace chatear::mail
