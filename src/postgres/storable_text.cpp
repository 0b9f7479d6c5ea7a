#include "postgres/storable_text.hpp"

#include "base/utf8.hpp"

#include <cstddef>

namespace chatear::postgres {

std::string storable_text(std::string_view text) {
    static constexpr std::string_view replacement = "\xef\xbf\xbd";
    std::string storable;
    storable.reserve(text.size());
    while (!text.empty()) {
        const std::size_t length = text.front() == '\0' ? 0 : utf8_character_length(text);
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
