#include "mail/characters.hpp"

#include "base/utf8.hpp"

#include <algorithm>

namespace chatear::mail {
namespace {

unsigned char byte_at(std::string_view text, std::size_t place) {
    return static_cast<unsigned char>(text[place]);
}

}  // namespace

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = utf8_character_length(text);
        if (length == 0) {
            return false;
        }
        text.remove_prefix(length);
    }
    return true;
}

bool is_ascii(std::string_view text) {
    return std::none_of(text.begin(), text.end(), [](char byte) {
        return static_cast<unsigned char>(byte) >= 0x80;
    });
}

bool is_control_character(std::string_view character) {
    const unsigned char first = byte_at(character, 0);
    if (first < 0x80) {
        return first < 0x20 || first == 0x7f;
    }
    if (first == 0xc2) {
        return character.size() > 1 && byte_at(character, 1) < 0xa0;
    }
    return character == "\xe2\x80\xa8" || character == "\xe2\x80\xa9";
}

bool has_control_character(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = std::max<std::size_t>(1, utf8_character_length(text));
        if (is_control_character(text.substr(0, length))) {
            return true;
        }
        text.remove_prefix(length);
    }
    return false;
}

bool is_ascii_letter_or_digit(char character) {
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9');
}

char to_lower_ascii(char character) {
    return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a')
                                                : character;
}

bool equal_ignoring_case(std::string_view one, std::string_view other) {
    return std::equal(one.begin(), one.end(), other.begin(), other.end(), [](char a, char b) {
        return to_lower_ascii(a) == to_lower_ascii(b);
    });
}

}  // namespace chatear::mail
