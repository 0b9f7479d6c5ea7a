#include "notification/json_field.hpp"

#include <fmt/format.h>

namespace chatear::notification {

Error field_error(std::string_view field, std::string_view what) {
    return Error{fmt::format("{}: {}", field, what)};
}

const boost::json::value* find_field(const boost::json::object& event, std::string_view field) {
    const boost::json::value* value = event.if_contains(field);
    return value == nullptr || value->is_null() ? nullptr : value;
}

Result<std::optional<std::string>> text_field(
    const boost::json::object& event, std::string_view field, std::size_t max_bytes
) {
    const boost::json::value* value = find_field(event, field);
    if (value == nullptr) {
        return std::optional<std::string>();
    }
    const boost::json::string* text = value->if_string();
    if (text == nullptr) {
        return field_error(field, "is no text");
    }
    if (text->size() > max_bytes) {
        return field_error(field, fmt::format("is over {} bytes", max_bytes));
    }
    return std::optional<std::string>(std::string(*text));
}

Result<std::string> short_text_field(
    const boost::json::object& event, std::string_view field, std::size_t max_bytes
) {
    auto text = text_field(event, field, max_bytes);
    if (!text) {
        return text.error();
    }
    return std::move(*text).value_or("");
}

}  // namespace chatear::notification
