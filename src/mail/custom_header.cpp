#include "mail/custom_header.hpp"

#include "mail/characters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace chatear::mail {
namespace {

constexpr std::array<std::string_view, 3> free_text_names = {
    "Comments", "Keywords", "Organization"};

constexpr std::array<std::string_view, 16> structured_names = {
    "Auto-Submitted",
    "Feedback-ID",
    "Importance",
    "In-Reply-To",
    "List-Archive",
    "List-Help",
    "List-Id",
    "List-Owner",
    "List-Post",
    "List-Subscribe",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Precedence",
    "Priority",
    "References",
    "Sensitivity",
};

/// Headers that have a field of their own in the event, so that the error can say which.
struct OwnField {
    std::string_view header;
    std::string_view field;
};
constexpr std::array<OwnField, 4> own_fields = {{
    {"To", "recipient"},
    {"Subject", "subject"},
    {"Reply-To", "reply_to"},
    {"Content-Type", "html or attachments"},
}};

bool stands_in(const auto& names, std::string_view name) {
    return std::any_of(names.begin(), names.end(), [name](std::string_view known) {
        return equal_ignoring_case(known, name);
    });
}

bool is_extension(std::string_view name) {
    return name.size() > 2 && equal_ignoring_case(name.substr(0, 2), "X-");
}

bool is_header_name(std::string_view name) {
    return !name.empty() && name.size() <= max_header_name_bytes &&
           std::all_of(name.begin(), name.end(), [](char character) {
               return is_ascii_letter_or_digit(character) || character == '-' || character == '_';
           });
}

std::size_t longest_word(std::string_view value) {
    std::size_t longest = 0;
    std::size_t length = 0;
    for (const char character : value) {
        length = character == ' ' ? 0 : length + 1;
        longest = std::max(longest, length);
    }
    return longest;
}

Error not_allowed(std::string_view name) {
    for (const OwnField& own : own_fields) {
        if (equal_ignoring_case(own.header, name)) {
            return Error{
                fmt::format("header {} is not for events: use the field {}", name, own.field)};
        }
    }
    return Error{fmt::format(
        "header {} is not for events: allowed are X-... and those in docs/events.md", name
    )};
}

Result<void> check_value(std::string_view name, std::string_view value) {
    if (value.size() > max_header_value_bytes) {
        return Error{fmt::format("header {} is over {} bytes", name, max_header_value_bytes)};
    }
    if (!is_utf8(value)) {
        return Error{fmt::format("header {} is not UTF-8", name)};
    }
    if (has_control_character(value)) {
        return Error{
            fmt::format("header {} has a control character (a line break, perhaps)", name)};
    }
    if (is_free_text_header(name)) {
        return {};
    }
    if (!is_ascii(value)) {
        return Error{fmt::format("header {} must be ASCII", name)};
    }
    if (longest_word(value) > max_header_word_bytes) {
        return Error{fmt::format(
            "header {} has over {} bytes without a space", name, max_header_word_bytes
        )};
    }
    return {};
}

}  // namespace

bool is_free_text_header(std::string_view name) {
    return is_extension(name) || stands_in(free_text_names, name);
}

Result<void> check_custom_header(std::string_view name, std::string_view value) {
    if (!is_header_name(name)) {
        return Error{"a header's name is not 1 to 64 letters, digits, '-' or '_'"};
    }
    if (!is_free_text_header(name) && !stands_in(structured_names, name)) {
        return not_allowed(name);
    }
    return check_value(name, value);
}

}  // namespace chatear::mail
