#include "notification/email_send.hpp"

#include "base/json.hpp"
#include "base/utc.hpp"
#include "mail/characters.hpp"
#include "mail/template_folder.hpp"
#include "notification/email_extras.hpp"
#include "notification/json_field.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace chatear::notification {
namespace {

namespace json = boost::json;

constexpr std::size_t max_mailbox_text_bytes = 1024;  // Names and quotes included.

/// An address; nothing where the field is absent.
Result<std::optional<mail::Address>> read_address(
    const json::object& event, std::string_view field
) {
    const auto text = short_text_field(event, field, max_mailbox_text_bytes);
    if (!text) {
        return text.error();
    }
    if (text->empty()) {
        return std::optional<mail::Address>();
    }
    auto address = mail::parse_address(*text);
    if (!address) {
        return field_error(field, address.error().message);
    }
    return std::optional<mail::Address>(*std::move(address));
}

Result<void> read_addresses(const json::object& event, EmailSend& email) {
    auto recipient = read_address(event, "recipient");
    if (!recipient) {
        return recipient.error();
    }
    if (!*recipient) {
        return field_error("recipient", "is missing");
    }
    auto reply_to = read_address(event, "reply_to");
    if (!reply_to) {
        return reply_to.error();
    }
    email.recipient = **std::move(recipient);
    email.reply_to = *std::move(reply_to);
    return {};
}

/// The name of a template or locale: never a path.
Result<std::string> read_name(const json::object& event, std::string_view field) {
    auto name = short_text_field(event, field, max_body_bytes);
    if (name && !name->empty() && !mail::is_template_name(*name)) {
        return field_error(field, "is not 1 to 64 of the characters A-Z a-z 0-9 _ -");
    }
    return name;
}

Result<void> read_names(const json::object& event, EmailSend& email) {
    auto template_name = read_name(event, "template_name");
    if (!template_name) {
        return template_name.error();
    }
    auto locale = read_name(event, "locale");
    if (!locale) {
        return locale.error();
    }
    email.template_name = *std::move(template_name);
    email.locale = *std::move(locale);
    return {};
}

Result<void> read_subject(const json::object& event, EmailSend& email) {
    auto subject = text_field(event, "subject", max_subject_bytes);
    if (!subject) {
        return subject.error();
    }
    if (!*subject && email.template_name.empty()) {
        return field_error("subject", "is missing");
    }
    email.subject = std::move(*subject).value_or("");
    if (mail::has_control_character(email.subject)) {
        return field_error("subject", "has a control character (a line break, perhaps)");
    }
    return {};
}

Result<void> read_bodies(const json::object& event, EmailSend& email) {
    auto html = text_field(event, "html", max_body_bytes);
    if (!html) {
        return html.error();
    }
    auto body = text_field(event, "body", max_body_bytes);
    if (!body) {
        return body.error();
    }
    if (!*body && !*html && email.template_name.empty()) {
        return field_error("body", "is missing");
    }
    email.html = *std::move(html);
    email.body = std::move(*body).value_or("");
    return {};
}

Result<void> read_event_id(const json::object& event, EmailSend& email) {
    auto id = short_text_field(event, "event_id", max_event_id_bytes);
    if (!id) {
        return id.error();
    }
    const bool visible =
        std::all_of(id->begin(), id->end(), [](char byte) { return byte > ' ' && byte < 0x7f; });
    if (!visible) {
        return field_error("event_id", "is not made of visible ASCII characters without spaces");
    }
    email.event_id = *std::move(id);
    return {};
}

Result<void> read_send_at(const json::object& event, EmailSend& email) {
    using namespace std::chrono_literals;
    const auto text = short_text_field(event, "send_at", 64);
    if (!text) {
        return text.error();
    }
    if (text->empty()) {
        return {};
    }
    const auto time = parse_time(*text);
    if (!time) {
        return field_error("send_at", "is no time: write it as 2026-11-23T18:04:05Z (RFC 3339)");
    }
    const auto year =
        std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(*time)).year();
    if (year < 2020y || year > 2099y) {
        return field_error("send_at", "is not between the years 2020 and 2099");
    }
    email.send_at = *time;
    return {};
}

}  // namespace

Result<EmailSend> decode_email_send(std::string_view text) {
    if (text.size() > max_email_event_bytes) {
        return Error{fmt::format("the event is over {} bytes", max_email_event_bytes)};
    }
    // The document lives as long as this call: its parts need not be allocated one by one.
    std::array<unsigned char, 4096> buffer;
    json::monotonic_resource storage(buffer.data(), buffer.size());
    const auto document = parse_json(text, &storage);
    if (!document) {
        return Error{"the event is " + document.error().message};
    }
    const json::object* event = document->if_object();
    if (event == nullptr) {
        return Error{"the event is no JSON object"};
    }
    EmailSend email;
    // read_names first: the next two ask whether there is a template.
    for (const auto read :
         {read_addresses,
          read_names,
          read_subject,
          read_bodies,
          read_event_id,
          read_send_at,
          read_headers,
          read_attachments,
          read_template_data}) {
        const Result<void> done = read(*event, email);
        if (!done) {
            return done.error();
        }
    }
    return email;
}

}  // namespace chatear::notification
