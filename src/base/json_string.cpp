#include "base/json_string.hpp"

#include "base/utf8.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>

namespace chatear {
namespace {

constexpr std::size_t most_reserved = 4096;

/// What stands for itself in a string, one byte a character.
bool is_plain(char byte) {
    return static_cast<signed char>(byte) >= ' ' && byte != '"' && byte != '\\';
}

/// How many such bytes `text` begins with. Eight are looked at at a time: of those that stand out
/// the high bit is set, and in bytes behind the first one perhaps falsely.
std::size_t plain_bytes(std::string_view text) {
    std::size_t count = 0;
    if constexpr (std::endian::native == std::endian::little) {
        constexpr std::uint64_t ones = 0x0101010101010101;
        constexpr std::uint64_t high_bits = ones * 0x80;
        const auto zero_bytes = [](std::uint64_t word) { return (word - ones) & ~word; };
        while (text.size() - count >= 8) {
            std::uint64_t word = 0;
            std::memcpy(&word, text.data() + count, 8);
            const std::uint64_t controls = (word - ones * ' ') & ~word;
            const std::uint64_t standing_out =
                (word | controls | zero_bytes(word ^ ones * '"') | zero_bytes(word ^ ones * '\\')) &
                high_bits;
            if (standing_out != 0) {
                return count + static_cast<std::size_t>(std::countr_zero(standing_out)) / 8;
            }
            count += 8;
        }
    }
    while (count < text.size() && is_plain(text[count])) {
        ++count;
    }
    return count;
}

void append_utf8(std::string& out, unsigned point) {
    const auto tail = [&](unsigned shift) {
        out += static_cast<char>(0x80 | (point >> shift & 0x3f));
    };
    if (point < 0x80) {
        out += static_cast<char>(point);
    } else if (point < 0x800) {
        out += static_cast<char>(0xc0 | point >> 6);
        tail(0);
    } else if (point < 0x10000) {
        out += static_cast<char>(0xe0 | point >> 12);
        tail(6);
        tail(0);
    } else {
        out += static_cast<char>(0xf0 | point >> 18);
        tail(12);
        tail(6);
        tail(0);
    }
}

/// `\uXXXX`.
std::optional<unsigned> take_code_unit(std::string_view text, std::size_t& place) {
    const std::string_view escape = text.substr(place, 6);
    unsigned unit = 0;
    if (escape.size() < 6 || !escape.starts_with("\\u")) {
        return std::nullopt;
    }
    const auto [end, failed] =
        std::from_chars(escape.data() + 2, escape.data() + escape.size(), unit, 16);
    if (failed != std::errc() || end != escape.data() + escape.size()) {
        return std::nullopt;
    }
    place += 6;
    return unit;
}

/// The same, or two of them that are one character.
std::optional<unsigned> take_code_point(std::string_view text, std::size_t& place) {
    const std::optional<unsigned> unit = take_code_unit(text, place);
    if (!unit || *unit < 0xd800 || *unit >= 0xe000) {
        return unit;
    }
    const std::optional<unsigned> low = take_code_unit(text, place);
    if (!low || *unit >= 0xdc00 || *low < 0xdc00 || *low >= 0xe000) {
        return std::nullopt;
    }
    return 0x10000 + ((*unit - 0xd800) << 10) + (*low - 0xdc00);
}

}  // namespace

bool JsonStringReader::fail(std::string_view why) {
    complaint_ = why;
    return false;
}

bool JsonStringReader::read(std::string_view text, std::size_t& place) {
    const std::size_t begin = ++place;
    place += plain_bytes(text.substr(place));
    if (place < text.size() && text[place] == '"') {
        value_ = text.substr(begin, place - begin);
        ++place;
        return true;
    }
    unescaped_.reserve(std::min(text.size() - begin, most_reserved));
    unescaped_.assign(text, begin, place - begin);
    while (place < text.size() && text[place] != '"') {
        if (!read_unplain(text, place)) {
            return false;
        }
        const std::size_t plain = plain_bytes(text.substr(place));
        unescaped_ += text.substr(place, plain);
        place += plain;
    }
    if (place == text.size()) {
        return fail("a string has no end");
    }
    ++place;
    value_ = unescaped_;
    return true;
}

/// One character that does not stand for itself, or that has several bytes.
bool JsonStringReader::read_unplain(std::string_view text, std::size_t& place) {
    if (text[place] == '\\') {
        return read_escape(text, place);
    }
    const std::string_view rest = text.substr(place);
    const std::size_t length = utf8_character_length(rest);
    if (length == 0) {
        return fail("a string is not UTF-8");
    }
    if (length == 1) {
        return fail("a string holds a control character");
    }
    unescaped_ += rest.substr(0, length);
    place += length;
    return true;
}

bool JsonStringReader::read_escape(std::string_view text, std::size_t& place) {
    static constexpr std::string_view names = "\"\\/bfnrt";
    static constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    const std::size_t name =
        place + 1 < text.size() ? names.find(text[place + 1]) : std::string_view::npos;
    if (name != std::string_view::npos) {
        unescaped_ += meanings[name];
        place += 2;
        return true;
    }
    const std::optional<unsigned> point = take_code_point(text, place);
    if (!point) {
        return fail("a string has an escape that does not exist, or half a character");
    }
    if (*point == 0) {
        return fail("a string holds the character U+0000");
    }
    append_utf8(unescaped_, *point);
    return true;
}

}  // namespace chatear
