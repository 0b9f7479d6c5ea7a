#pragma once

#include "mail/message.hpp"
#include "notification/mail_transport.hpp"

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <string_view>

namespace chatear::notification {

/// A composed e-mail, shared with what writes its bytes when a session is free.
using SharedMessage = std::shared_ptr<const mail::Message>;

/// Told at once what became of a content that may have left: the server took it, with these words,
/// or surely did not. Not called where nobody knows.
using ContentAnswered = std::function<void(bool accepted, std::string_view words)>;

/// Gives a composed e-mail to `transport`; its bytes are written once the server's abilities are
/// known. As MailTransport::send().
asio::awaitable<smtp::SendResult> hand_over(
    MailTransport& transport,
    SharedMessage message,
    smtp::BeforeContent before,
    ContentAnswered answered
);

/// "550 5.1.1 no such user (rcpt)": what an end means, for people and ledgers.
std::string describe(const smtp::SendResult& result);

}  // namespace chatear::notification
