#pragma once

#include "base/result.hpp"
#include "runtime/event_codec.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace chatear::deletion {

constexpr std::size_t max_user_id_bytes = 256;
constexpr std::size_t max_event_id_bytes = 256;

/// The event `user.delete`, decoded and checked: somebody asked for an account's deletion.
struct UserDelete {
    std::string user_id;   ///< 1 to 256 bytes without control characters; a whole number is text.
    std::string event_id;  ///< Visible ASCII; empty = none.
};

/// Unknown fields are ignored; null counts as absent, so does "" in `event_id`. The error names the
/// field and does not repeat its value.
Result<UserDelete> decode_user_delete(std::string_view json);
std::string content_sha256(const UserDelete& event);

}  // namespace chatear::deletion

namespace chatear::runtime {

template <>
struct EventCodec<deletion::UserDelete> {
    static Result<deletion::UserDelete> decode(std::string_view payload) {
        return deletion::decode_user_delete(payload);
    }
    static std::string content_sha256(const deletion::UserDelete& event) {
        return deletion::content_sha256(event);
    }
    static std::optional<std::string> event_id(const deletion::UserDelete& event) {
        return event.event_id.empty() ? std::nullopt : std::optional<std::string>(event.event_id);
    }
};

}  // namespace chatear::runtime
