#pragma once

#include "base/result.hpp"
#include "runtime/event_codec.hpp"

#include <string>
#include <string_view>

namespace chatear::deletion {

/// The event `user.recover`, decoded and checked: an account shall be kept. Its user is named by
/// exactly one of `user_id` and `token_sha256`.
struct UserRecover {
    std::string user_id;       ///< As in UserDelete; empty = by token.
    std::string token_sha256;  ///< Of the field `token`, a link's token; 32 raw bytes, or empty.
    std::string event_id;      ///< Visible ASCII; empty = none.
};

/// As decode_user_delete().
Result<UserRecover> decode_user_recover(std::string_view json);
std::string content_sha256(const UserRecover& event);

}  // namespace chatear::deletion

namespace chatear::runtime {

template <>
struct EventCodec<deletion::UserRecover> {
    static Result<deletion::UserRecover> decode(std::string_view payload) {
        return deletion::decode_user_recover(payload);
    }
    static std::string content_sha256(const deletion::UserRecover& event) {
        return deletion::content_sha256(event);
    }
    static std::optional<std::string> event_id(const deletion::UserRecover& event) {
        return event.event_id.empty() ? std::nullopt : std::optional<std::string>(event.event_id);
    }
};

}  // namespace chatear::runtime
