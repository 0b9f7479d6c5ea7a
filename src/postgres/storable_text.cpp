#include "postgres/storable_text.hpp"

#include "base/utf8.hpp"

#include <algorithm>
#include <cstddef>

namespace chatear::postgres {
namespace {

/// ASCII but for NUL: what nearly all texts are made of.
bool is_plain(char c) {
    return static_cast<signed char>(c) > 0;
}

}  // namespace

std::string storable_text(std::string_view text) {
    static constexpr std::string_view replacement = "\xef\xbf\xbd";
    std::string storable;
    storable.reserve(text.size());
    while (true) {
        const auto end = std::find_if_not(text.begin(), text.end(), is_plain);
        const auto plain = static_cast<std::size_t>(end - text.begin());
        storable += text.substr(0, plain);
        text.remove_prefix(plain);
        if (text.empty()) {
            return storable;
        }
        const std::size_t length = text.front() == '\0' ? 0 : utf8_character_length(text);
        if (length == 0) {
            storable += replacement;
            text.remove_prefix(1);
        } else {
            storable += text.substr(0, length);
            text.remove_prefix(length);
        }
    }
}

}  // namespace chatear::postgres
