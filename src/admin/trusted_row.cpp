#include "admin/trusted_row.hpp"

#include <charconv>
#include <cstdint>

namespace chatear::admin {
namespace {

constexpr std::size_t hash_digits = 64;

}  // namespace

Result<deletion::TrustedRow> parse_trusted_row(std::string_view text) {
    const Error malformed{"--from: '", text, "' is not ID:HASH with 64 hexadecimal digits"};
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0) {
        return malformed;
    }
    const std::string_view digits = text.substr(colon + 1);
    if (digits.size() != hash_digits ||
        digits.find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos) {
        return malformed;
    }
    deletion::TrustedRow row{std::string(text.substr(0, colon)), {}};
    for (std::size_t place = 0; place < digits.size(); place += 2) {
        std::uint8_t byte = 0;
        std::from_chars(digits.data() + place, digits.data() + place + 2, byte, 16);
        row.hash.push_back(static_cast<char>(byte));
    }
    return row;
}

}  // namespace chatear::admin
