#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace chatear {

/// All of `text` as a decimal number; nothing when it is another text, or out of Number's range.
template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
    Number number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return number;
}

}  // namespace chatear
