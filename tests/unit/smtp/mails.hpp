#pragma once

#include "smtp/mail_transaction.hpp"

#include <cstddef>
#include <string>

namespace chatear::smtp::test {

inline std::string user(std::size_t number) {
    return "u" + std::to_string(number) + "@b.test";
}

/// Each message has a sender of its own, so that a mixed envelope shows.
inline std::string sender_to(const std::string& recipient) {
    return "for-" + recipient.substr(0, recipient.find('@')) + "@a.test";
}

inline Envelope envelope_of(const std::string& recipient) {
    return Envelope{sender_to(recipient), recipient, false};
}

inline Mail mail_to(const std::string& recipient) {
    return Mail{"", "To: " + recipient + "\r\n"};
}

/// One whose content would be a message of somebody else where its lines were taken for commands.
inline Mail mail_with_commands_to(const std::string& recipient) {
    Mail mail = mail_to(recipient);
    mail.content +=
        "\r\nRSET\r\nMAIL FROM:<evil@a.test>\r\nRCPT TO:<victim@b.test>\r\nDATA\r\n"
        "To: victim\r\n.\r\n";
    return mail;
}

}  // namespace chatear::smtp::test
