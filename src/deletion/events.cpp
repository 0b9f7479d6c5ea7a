#include "base/digest.hpp"
#include "base/json.hpp"
#include "deletion/recovery_token.hpp"
#include "deletion/user_delete.hpp"
#include "deletion/user_recover.hpp"
#include "mail/characters.hpp"
#include "notification/json_field.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace chatear::deletion {
namespace {

namespace json = boost::json;
using notification::field_error;
using notification::find_field;
using notification::short_text_field;

Result<json::object> read_object(std::string_view text) {
    auto value = parse_json(text);
    if (!value) {
        return value.error();
    }
    json::object* object = value->if_object();
    if (object == nullptr) {
        return Error{"the event is not a JSON object"};
    }
    return std::move(*object);
}

/// The user's id; nothing where the field is absent. A product whose ids are numbers may say them
/// as numbers.
Result<std::optional<std::string>> read_user_id(const json::object& event) {
    const json::value* value = find_field(event, "user_id");
    if (value == nullptr) {
        return std::optional<std::string>();
    }
    if (value->is_int64() || value->is_uint64()) {
        return std::optional<std::string>(to_json_text(*value));
    }
    auto text = short_text_field(event, "user_id", max_user_id_bytes);
    if (!text) {
        return text.error();
    }
    if (text->empty()) {
        return field_error("user_id", "is empty");
    }
    if (mail::has_control_character(*text)) {
        return field_error("user_id", "has a control character (a line break, perhaps)");
    }
    return std::optional<std::string>(*std::move(text));
}

Result<std::string> read_event_id(const json::object& event) {
    auto id = short_text_field(event, "event_id", max_event_id_bytes);
    if (!id) {
        return id.error();
    }
    const bool visible =
        std::all_of(id->begin(), id->end(), [](char byte) { return byte > ' ' && byte < 0x7f; });
    if (!visible) {
        return field_error("event_id", "is not made of visible ASCII characters without spaces");
    }
    return *std::move(id);
}

/// Fills in who is meant: `user_id` or `token`.
Result<void> read_who(const json::object& event, UserRecover& recover) {
    auto user_id = read_user_id(event);
    if (!user_id) {
        return user_id.error();
    }
    const json::value* token = find_field(event, "token");
    if ((token != nullptr) == user_id->has_value()) {
        return Error{
            token != nullptr ? "there is both 'user_id' and 'token'"
                             : "there is neither 'user_id' nor 'token'"};
    }
    if (token == nullptr) {
        recover.user_id = **std::move(user_id);
        return {};
    }
    const json::string* text = token->if_string();
    auto digest = text == nullptr ? std::nullopt : recovery_token_sha256(*text);
    if (!digest) {
        return field_error("token", "is not 64 digits of lower-case hexadecimal");
    }
    recover.token_sha256 = *std::move(digest);
    return {};
}

}  // namespace

Result<UserDelete> decode_user_delete(std::string_view json) {
    const auto object = read_object(json);
    if (!object) {
        return object.error();
    }
    auto user_id = read_user_id(*object);
    if (!user_id) {
        return user_id.error();
    }
    if (!*user_id) {
        return field_error("user_id", "is missing");
    }
    auto event_id = read_event_id(*object);
    if (!event_id) {
        return event_id.error();
    }
    return UserDelete{**std::move(user_id), *std::move(event_id)};
}

std::string content_sha256(const UserDelete& event) {
    Sha256 digest;
    digest.update_field("user.delete 1");
    digest.update_field(event.user_id);
    return digest.finish();
}

Result<UserRecover> decode_user_recover(std::string_view json) {
    const auto object = read_object(json);
    if (!object) {
        return object.error();
    }
    UserRecover recover;
    const auto who = read_who(*object, recover);
    if (!who) {
        return who.error();
    }
    auto event_id = read_event_id(*object);
    if (!event_id) {
        return event_id.error();
    }
    recover.event_id = *std::move(event_id);
    return recover;
}

std::string content_sha256(const UserRecover& event) {
    Sha256 digest;
    digest.update_field("user.recover 1");
    digest.update_field(event.user_id);
    digest.update_field(event.token_sha256);
    return digest.finish();
}

}  // namespace chatear::deletion
