#pragma once

#include "smtp/envelope.hpp"
#include "smtp/send_result.hpp"
#include "smtp/submission.hpp"

#include <boost/asio/awaitable.hpp>

namespace chatear::notification {

namespace asio = boost::asio;

/// What hands an e-mail over to somebody who takes responsibility for it: a pool of SMTP sessions
/// in real life. Its contract is smtp::Pool::send's.
class MailTransport {
public:
    virtual ~MailTransport() = default;

    virtual asio::awaitable<smtp::SendResult> send(
        smtp::Envelope envelope, smtp::ContentSource content, smtp::BeforeContent before
    ) = 0;
};

}  // namespace chatear::notification
