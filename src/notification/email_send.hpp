#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "mail/address.hpp"
#include "mail/attachment.hpp"

#include <boost/json/object.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chatear::notification {

/// The event `email.send`, decoded and checked (docs/events.md): what stands here may go into a
/// header, an SMTP command or a file name without further care.
struct EmailSend {
    mail::Address recipient;
    std::string subject;  ///< One line; with a template perhaps empty.
    std::string body;     ///< Plain text, any line breaks.
    std::optional<std::string> html;
    std::string template_name;          ///< Empty = none.
    boost::json::object template_data;  ///< Bounded in depth and number of values.
    std::string event_id;               ///< Empty = none.
    std::optional<mail::Address> reply_to;
    std::vector<std::pair<std::string, std::string>> headers;  ///< In order of their names.
    std::vector<mail::Attachment> attachments;                 ///< Decoded.
    std::string locale;                                        ///< Empty = the default.
    std::optional<Time> send_at;
};

constexpr std::size_t max_email_event_bytes = 20 << 20;  ///< The whole event, as JSON.
constexpr std::size_t max_subject_bytes = 998;           ///< RFC 5322, 2.1.1.
constexpr std::size_t max_body_bytes = 1 << 20;          ///< Of `body`, and of `html`.
constexpr std::size_t max_headers = 32;
constexpr std::size_t max_attachments = 20;
constexpr std::size_t max_attachment_bytes = 10 << 20;  ///< All together, decoded.
constexpr std::size_t max_template_data_depth = 16;     ///< The object itself is the first.
constexpr std::size_t max_template_data_values = 10'000;
constexpr std::size_t max_event_id_bytes = 256;

/// Reads one event. Unknown fields are ignored; null, and "" for what is optional and short, count
/// as absent. The error begins with the field's name, is meant for a person, and does not repeat
/// addresses or content.
Result<EmailSend> decode_email_send(std::string_view json);

/// The 32 bytes of SHA-256 over all fields but `event_id`, in a fixed order: the same for two
/// events that ask for the same e-mail, however their JSON is written (order of keys, escapes,
/// white space).
std::string content_digest(const EmailSend& event);

}  // namespace chatear::notification
