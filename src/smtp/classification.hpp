#pragma once

#include "smtp/reply.hpp"

#include <string_view>

namespace chatear::smtp {

/// What a reply answers.
enum class Step {
    connect,
    greeting,
    hello,
    starttls,
    tls,
    authentication,
    reset,
    mail,
    rcpt,
    data,
    content,
    quit,
};

/// Who or what keeps a message from being accepted.
enum class Culprit {
    accepted,          ///< Nobody: the step succeeded.
    try_later,         ///< It may succeed later: greylisting, a full mailbox. A counted attempt.
    never_recipient,   ///< The recipient does not exist or takes no mail.
    never_message,     ///< The message as it is, for instance its size.
    sender_or_server,  ///< Our account, address or network, or the server's settings: pause and
                       ///< alarm.
    unavailable,  ///< The server does not work, or works in another step than we: nobody is judged.
};

std::string_view to_text(Step step);        ///< "rcpt": a label for logs and metrics.
std::string_view to_text(Culprit culprit);  ///< "never_recipient".

/// Judges a reply by the step it answers, its code, its enhanced code (RFC 3463, RFC 7372) and, for
/// 5.7.x only, by words in its text. The table is in docs/smtp.md.
Culprit classify(Step step, const Reply& reply);

/// The server asks for less: 421, 432 (too many connections: Exchange), 454 (throttling: SES).
bool asks_for_less(const Reply& reply);

}  // namespace chatear::smtp
