#pragma once

#include "notification/email_send.hpp"
#include "runtime/event_codec.hpp"

namespace chatear::runtime {

/// `email.send` has checks of its own, and a content that does not depend on how its JSON is
/// written.
template <>
struct EventCodec<notification::EmailSend> {
    static Result<notification::EmailSend> decode(std::string_view payload) {
        return notification::decode_email_send(payload);
    }
    static std::string content_sha256(const notification::EmailSend& event) {
        return notification::content_digest(event);
    }
    static std::optional<std::string> event_id(const notification::EmailSend& event) {
        return event.event_id.empty() ? std::nullopt : std::optional<std::string>(event.event_id);
    }
};

}  // namespace chatear::runtime
