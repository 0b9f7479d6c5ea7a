#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "mail/address.hpp"
#include "mail/message.hpp"
#include "mail/templates.hpp"
#include "notification/email_send.hpp"

#include <string>

namespace chatear::notification {

/// The templates of a folder. Throws std::runtime_error naming every mistake in them, with file and
/// line.
mail::Templates load_templates(const std::string& folder);

/// The e-mail that an event asks for. With a template its subject, text and HTML are the
/// template's; the event's texts and `template_data` are its variables, the latter first. Without
/// one they are `subject`, `body` and `html`. `Auto-Submitted: auto-generated` (RFC 3834) keeps
/// automatic answers away, unless the event says otherwise. The error says why the event can never
/// be sent: it names a template that is not there, or one that becomes too large.
Result<mail::Message> compose(
    const EmailSend& event,
    const mail::Templates& templates,
    const mail::Address& from,
    std::string message_id,
    Time date
);

}  // namespace chatear::notification
