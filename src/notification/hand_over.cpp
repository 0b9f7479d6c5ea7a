#include "notification/hand_over.hpp"

#include "base/error.hpp"
#include "mail/mime_writer.hpp"

#include <fmt/format.h>

#include <utility>

namespace chatear::notification {
namespace {

Result<std::string> write_content(const mail::Message& message, const smtp::Capabilities& server) {
    if (mail::needs_smtputf8(message) && !server.smtputf8) {
        return Error{
            "an address has a part that is not ASCII, and the mail server does not take such "
            "addresses (SMTPUTF8)"};
    }
    mail::MimeCapabilities capabilities;
    capabilities.eight_bit_mime = server.eight_bit_mime;
    capabilities.smtputf8 = server.smtputf8;
    return mail::write_mime(message, capabilities);
}

}  // namespace

asio::awaitable<smtp::SendResult> hand_over(
    MailTransport& transport,
    SharedMessage message,
    smtp::BeforeContent before,
    ContentAnswered answered
) {
    smtp::Envelope envelope;
    envelope.mail_from = message->from.addr_spec();
    envelope.rcpt_to = message->to.addr_spec();
    envelope.needs_smtputf8 = mail::needs_smtputf8(*message);
    smtp::ContentSource content = [message](const smtp::Capabilities& server) {
        return write_content(*message, server);
    };
    // With BDAT the permission is asked before it is known whether the envelope is taken.
    bool permitted = false;
    smtp::BeforeContent::AtOnce ask = [&permitted, &answered, &before] {
        if (std::exchange(permitted, true)) {
            answered(false, "it did not leave over the connection before");
        }
        return before.at_once();
    };
    smtp::BeforeContent each(std::move(ask), [&before] { return before.later(); });
    smtp::SendResult result;
    try {
        result = co_await transport.send(std::move(envelope), std::move(content), std::move(each));
    } catch (const Unavailable& unavailable) {
        if (permitted) {
            answered(false, unavailable.why());
        }
        throw;
    }
    if (result.status != smtp::SendStatus::in_doubt) {
        answered(result.status == smtp::SendStatus::accepted, result.reply.one_line());
    }
    co_return result;
}

std::string describe(const smtp::SendResult& result) {
    return fmt::format("{} ({})", result.reply.one_line(), smtp::to_text(result.step));
}

}  // namespace chatear::notification
