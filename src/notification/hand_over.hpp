#pragma once

#include "mail/message.hpp"
#include "notification/mail_transport.hpp"

#include <boost/asio/awaitable.hpp>

namespace chatear::notification {

/// Gives a composed e-mail to `transport`; its bytes are written once the server's abilities are
/// known. As MailTransport::send().
asio::awaitable<smtp::SendResult> hand_over(
    MailTransport& transport, mail::Message message, smtp::BeforeContent before
);

/// "550 5.1.1 no such user (rcpt)": what an end means, for people and ledgers.
std::string describe(const smtp::SendResult& result);

}  // namespace chatear::notification
