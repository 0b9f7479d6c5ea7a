#include "nats/json_fields.hpp"

namespace chatear::nats {

std::string text_field(const boost::json::object& object, std::string_view name) {
    const boost::json::value* field = object.if_contains(name);
    return field && field->is_string() ? std::string(field->get_string()) : std::string();
}

bool bool_field(const boost::json::object& object, std::string_view name) {
    const boost::json::value* field = object.if_contains(name);
    return field && field->is_bool() && field->get_bool();
}

std::int64_t integer_field(
    const boost::json::object& object, std::string_view name, std::int64_t fallback
) {
    const boost::json::value* field = object.if_contains(name);
    return field && field->is_int64() ? field->get_int64() : fallback;
}

std::uint64_t count_field(const boost::json::object& object, std::string_view name) {
    const boost::json::value* field = object.if_contains(name);
    if (field && field->is_uint64()) {
        return field->get_uint64();  // Beyond the range of int64.
    }
    return field && field->is_int64() && field->get_int64() > 0
               ? static_cast<std::uint64_t>(field->get_int64())
               : 0;
}

std::vector<std::string> list_field(const boost::json::object& object, std::string_view name) {
    std::vector<std::string> list;
    const boost::json::value* field = object.if_contains(name);
    if (field && field->is_array()) {
        for (const boost::json::value& item : field->get_array()) {
            if (item.is_string()) {
                list.emplace_back(item.get_string());
            }
        }
    }
    return list;
}

const boost::json::object* object_field(const boost::json::object& object, std::string_view name) {
    const boost::json::value* field = object.if_contains(name);
    return field ? field->if_object() : nullptr;
}

}  // namespace chatear::nats
