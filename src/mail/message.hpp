#pragma once

#include "base/clock.hpp"
#include "mail/address.hpp"
#include "mail/attachment.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace chatear::mail {

/// An e-mail to one recipient, before it is bytes.
struct Message {
    Address from;
    Address to;
    std::optional<Address> reply_to;
    std::string subject;              ///< UTF-8, one line.
    std::optional<std::string> text;  ///< UTF-8, any line breaks; with `html` its alternative.
    std::optional<std::string> html;  ///< UTF-8, any line breaks.
    std::vector<std::pair<std::string, std::string>>
        headers;                          ///< Each seen by check_custom_header.
    std::vector<Attachment> attachments;  ///< Each seen by check_attachment.
    std::string message_id;               ///< With its angle brackets (stable_message_id).
    Time date{};
};

}  // namespace chatear::mail
