#include "postgres/storable_text.hpp"

#include <cstddef>

namespace chatear::postgres {
namespace {

// Length of the well-formed sequence at the front, 0 when there is none (RFC 3629, section 4: no
// overlong forms, no surrogates, nothing over U+10FFFF).
std::size_t sequence_length(std::string_view text) {
    const auto byte = [text](std::size_t n) {
        return n < text.size() ? static_cast<unsigned char>(text[n]) : 0U;
    };
    const auto tail = [&byte](std::size_t n) { return byte(n) >= 0x80 && byte(n) <= 0xbf; };
    const unsigned first = byte(0);
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xc2 && first <= 0xdf) {
        return tail(1) ? 2 : 0;
    }
    if (first >= 0xe0 && first <= 0xef) {
        const unsigned least = first == 0xe0 ? 0xa0 : 0x80;
        const unsigned most = first == 0xed ? 0x9f : 0xbf;
        return byte(1) >= least && byte(1) <= most && tail(2) ? 3 : 0;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        const unsigned least = first == 0xf0 ? 0x90 : 0x80;
        const unsigned most = first == 0xf4 ? 0x8f : 0xbf;
        return byte(1) >= least && byte(1) <= most && tail(2) && tail(3) ? 4 : 0;
    }
    return 0;
}

}  // namespace

std::string storable_text(std::string_view text) {
    static constexpr std::string_view replacement = "\xef\xbf\xbd";
    std::string storable;
    storable.reserve(text.size());
    while (!text.empty()) {
        const std::size_t length = text.front() == '\0' ? 0 : sequence_length(text);
        if (length == 0) {
            storable += replacement;
            text.remove_prefix(1);
        } else {
            storable += text.substr(0, length);
            text.remove_prefix(length);
        }
    }
    return storable;
}

}  // namespace chatear::postgres
