#include "admin/whole_number.hpp"

#include <fmt/format.h>

#include <charconv>
#include <string>
#include <system_error>

namespace chatear::admin {

CLI::Validator whole_number(std::int64_t least, std::int64_t most) {
    const auto check = [least, most](const std::string& text) -> std::string {
        std::int64_t value = 0;
        const char* const end = text.data() + text.size();
        const auto [stopped, error] = std::from_chars(text.data(), end, value);
        if (error == std::errc() && stopped == end && value >= least && value <= most) {
            return "";
        }
        return fmt::format("'{}' is no whole number from {} to {}", text, least, most);
    };
    return {check, ""};
}

}  // namespace chatear::admin
