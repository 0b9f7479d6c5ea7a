#pragma once

#include "base/digest.hpp"
#include "base/json.hpp"
#include "base/result.hpp"

#include <boost/describe.hpp>
#include <boost/json.hpp>
#include <boost/mp11.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace chatear::runtime {

namespace codec {

template <typename T>
inline constexpr bool is_optional = false;
template <typename T>
inline constexpr bool is_optional<std::optional<T>> = true;

/// Reads one field; the Error says what it should have been.
template <typename T>
Result<T> read_field(const boost::json::value& value, std::string_view name) {
    if constexpr (std::is_same_v<T, std::string>) {
        if (const auto* text = value.if_string()) {
            return T(std::string_view(*text));
        }
        return Error{"'", name, "' is not a string"};
    } else if constexpr (std::is_same_v<T, bool>) {
        if (const bool* truth = value.if_bool()) {
            return *truth;
        }
        return Error{"'", name, "' is neither true nor false"};
    } else if constexpr (std::is_same_v<T, boost::json::object>) {
        if (const auto* object = value.if_object()) {
            return *object;
        }
        return Error{"'", name, "' is not an object"};
    } else {
        static_assert(
            std::is_arithmetic_v<T>, "give a type with other fields an EventCodec of its own"
        );
        boost::system::error_code error;
        const T number = value.to_number<T>(error);
        if (error) {
            return Error{"'", name, "' is not a number that fits"};
        }
        return number;
    }
}

template <typename T>
Result<void> read_member(const boost::json::object& object, std::string_view name, T& member) {
    const boost::json::value* value = object.if_contains(name);
    const bool missing = value == nullptr || value->is_null();
    if constexpr (is_optional<T>) {
        if (missing) {
            return {};
        }
        auto field = read_field<typename T::value_type>(*value, name);
        if (!field) {
            return field.error();
        }
        member = std::move(*field);
    } else {
        if (missing) {
            return Error{"'", name, "' is missing"};
        }
        auto field = read_field<T>(*value, name);
        if (!field) {
            return field.error();
        }
        member = std::move(*field);
    }
    return {};
}

}  // namespace codec

/// How an event of type T is read, and what its content is (rule 2). This one serves any struct
/// with BOOST_DESCRIBE_STRUCT whose members are strings, numbers, bools, JSON objects or optionals
/// of these: a field that is missing and not optional is an Error, an unknown one is ignored. A
/// member `std::optional<std::string> event_id` is the event's id. Specialize it for checks of your
/// own.
template <typename T>
struct EventCodec {
    static Result<T> decode(std::string_view payload) {
        const auto value = parse_json(payload);
        if (!value) {
            return value.error();
        }
        const boost::json::object* object = value->if_object();
        if (object == nullptr) {
            return Error{"the event is not a JSON object"};
        }
        T event{};
        Result<void> result;
        boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_public>>(
            [&](auto member) {
                if (result) {
                    result = codec::read_member(*object, member.name, event.*member.pointer);
                }
            }
        );
        if (!result) {
            return result.error();
        }
        return event;
    }

    /// SHA-256 over the recognised fields in the order of the struct.
    static std::string content_sha256(const T& event) {
        Sha256 digest;
        boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_public>>(
            [&](auto member) {
                digest.update_field(member.name);
                digest.update_field(to_json_text(boost::json::value_from(event.*member.pointer)));
            }
        );
        return digest.finish();
    }

    static std::optional<std::string> event_id(const T& event) {
        if constexpr (requires { event.event_id; }) {
            return event.event_id;
        } else {
            return std::nullopt;
        }
    }
};

}  // namespace chatear::runtime
