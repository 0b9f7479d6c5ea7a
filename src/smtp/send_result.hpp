#pragma once

#include "smtp/classification.hpp"
#include "smtp/reply.hpp"

#include <string_view>

namespace chatear::smtp {

/// How the sending of one message ended.
enum class SendStatus {
    accepted,        ///< The server has taken responsibility for it.
    try_later,       ///< Refused for now: a counted attempt.
    never,           ///< Refused for good because of the recipient or the message.
    sender_refused,  ///< Refused because of us or the server: pause, alarm, judge no message by it.
    not_sent,        ///< Surely not delivered, and nobody judged it.
    in_doubt,        ///< Its end may have left and no answer came (RFC 1047).
};

std::string_view to_text(SendStatus status);  ///< "in_doubt": a label for logs and metrics.

/// What a culprit means for the message; `unavailable` judges nobody.
SendStatus status_of(Culprit culprit);

struct SendResult {
    SendStatus status = SendStatus::not_sent;
    Culprit culprit = Culprit::unavailable;
    Step step = Step::mail;  ///< Where it ended.
    Reply reply;             ///< The deciding one; code 0 where none came, its text then says why.
    /// A byte of the content may have left, and it is not known that the server threw it away.
    bool content_began = false;
    bool held_back = false;  ///< The caller did not permit the content.
    bool in_probe = false;   ///< It ended where the server had to show that it takes BDAT.
    /// There it was refused by what may be about the message: DATA will tell.
    bool wants_data = false;
};

}  // namespace chatear::smtp
