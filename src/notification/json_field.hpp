#pragma once

#include "base/result.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace chatear::notification {

/// "field: what", as the reasons of dead letters are written.
Error field_error(std::string_view field, std::string_view what);

/// The field's value, or nullptr where it is missing or null.
const boost::json::value* find_field(const boost::json::object& event, std::string_view field);

/// The text of a field of `max_bytes` at most; nothing where it is missing or null.
Result<std::optional<std::string>> text_field(
    const boost::json::object& event, std::string_view field, std::size_t max_bytes
);

/// The same, where "" means as much as nothing.
Result<std::string> short_text_field(
    const boost::json::object& event, std::string_view field, std::size_t max_bytes
);

}  // namespace chatear::notification
