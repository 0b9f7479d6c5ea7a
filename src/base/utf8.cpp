#include "base/utf8.hpp"

namespace chatear {
namespace {

struct Range {
    unsigned least;
    unsigned most;
};

/// What may stand second is narrower than 80..BF after these four first bytes.
Range second_byte(unsigned first) {
    return {
        first == 0xe0   ? 0xa0U
        : first == 0xf0 ? 0x90U
                        : 0x80U,
        first == 0xed   ? 0x9fU
        : first == 0xf4 ? 0x8fU
                        : 0xbfU};
}

std::size_t length_by_first_byte(unsigned first) {
    if (first < 0x80) {
        return 1;
    }
    if (first < 0xc2 || first > 0xf4) {
        return 0;
    }
    return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

}  // namespace

std::size_t utf8_character_length(std::string_view text) {
    const auto byte = [text](std::size_t place) {
        return place < text.size() ? static_cast<unsigned char>(text[place]) : 0U;
    };
    const std::size_t length = text.empty() ? 0 : length_by_first_byte(byte(0));
    if (length < 2) {
        return length;
    }
    const Range second = second_byte(byte(0));
    if (byte(1) < second.least || byte(1) > second.most) {
        return 0;
    }
    for (std::size_t place = 2; place < length; ++place) {
        if ((byte(place) & 0xc0) != 0x80) {
            return 0;
        }
    }
    return length;
}

std::string valid_utf8(std::string_view text) {
    std::string valid;
    valid.reserve(text.size());
    while (!text.empty()) {
        const std::size_t length = utf8_character_length(text);
        if (length == 0) {
            valid += "\xef\xbf\xbd";
            text.remove_prefix(1);
        } else {
            valid += text.substr(0, length);
            text.remove_prefix(length);
        }
    }
    return valid;
}

}  // namespace chatear
