#pragma once

#include <boost/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chatear::nats {

/// Members of what a server answers, which is not trusted: a missing one, or one of another type,
/// is the fallback.
std::string text_field(const boost::json::object& object, std::string_view name);
bool bool_field(const boost::json::object& object, std::string_view name);
std::int64_t integer_field(
    const boost::json::object& object, std::string_view name, std::int64_t fallback = 0
);
std::uint64_t count_field(const boost::json::object& object, std::string_view name);
std::vector<std::string> list_field(const boost::json::object& object, std::string_view name);
/// Null when there is no object of that name.
const boost::json::object* object_field(const boost::json::object& object, std::string_view name);

}  // namespace chatear::nats
