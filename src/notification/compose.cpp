#include "notification/compose.hpp"

#include "base/log.hpp"
#include "mail/characters.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace chatear::notification {
namespace {

namespace json = boost::json;

/// Absent fields are empty texts, not missing variables: a template may show `{{body}}` where there
/// is one.
json::object variables_of(const EmailSend& event) {
    json::object variables = {
        {"recipient", event.recipient.addr_spec()},
        {"subject", event.subject},
        {"body", event.body},
        {"html", event.html.value_or("")},
        {"reply_to", event.reply_to ? event.reply_to->addr_spec() : ""},
        {"event_id", event.event_id},
        {"template_name", event.template_name},
        {"locale", event.locale}};
    for (const json::key_value_pair& member : event.template_data) {
        variables[member.key()] = member.value();
    }
    return variables;
}

Result<void> apply_template(
    mail::Message& message, const EmailSend& event, const mail::Templates& templates
) {
    auto rendered = templates.render(event.template_name, event.locale, variables_of(event));
    if (!rendered) {
        return rendered.error();
    }
    if (!rendered->missing_variables.empty() && log::enabled(log::Level::debug)) {
        log::debug(
            "A template's variables were missing",
            {{"template", event.template_name},
             {"variables", fmt::format("{}", fmt::join(rendered->missing_variables, " "))}}
        );
    }
    message.subject = std::move(rendered->subject);
    message.text = std::move(rendered->text);
    message.html = std::move(rendered->html);
    if (message.subject.size() > max_subject_bytes) {
        return Error{fmt::format(
            "template '{}': the subject is over {} bytes", event.template_name, max_subject_bytes
        )};
    }
    return {};
}

void add_auto_submitted(mail::Message& message) {
    const bool said =
        std::any_of(message.headers.begin(), message.headers.end(), [](const auto& header) {
            return mail::equal_ignoring_case(header.first, "Auto-Submitted");
        });
    if (!said) {
        message.headers.emplace_back("Auto-Submitted", "auto-generated");
    }
}

}  // namespace

mail::Templates load_templates(const std::string& folder) {
    auto templates = mail::Templates::load(folder);
    if (!templates) {
        throw std::runtime_error(templates.error().message);
    }
    return std::move(*templates);
}

Result<mail::Message> compose(
    const EmailSend& event,
    const mail::Templates& templates,
    const mail::Address& from,
    std::string message_id,
    Time date
) {
    mail::Message message;
    message.from = from;
    message.to = event.recipient;
    message.reply_to = event.reply_to;
    message.headers = event.headers;
    message.attachments = event.attachments;
    message.message_id = std::move(message_id);
    message.date = date;
    add_auto_submitted(message);
    if (event.template_name.empty()) {
        message.subject = event.subject;
        if (!event.body.empty() || !event.html) {
            message.text = event.body;
        }
        message.html = event.html;
        return message;
    }
    const Result<void> applied = apply_template(message, event, templates);
    if (!applied) {
        return applied.error();
    }
    return message;
}

}  // namespace chatear::notification
