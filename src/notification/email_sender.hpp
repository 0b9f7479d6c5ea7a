#pragma once

#include "base/clock.hpp"
#include "mail/message.hpp"
#include "mail/templates.hpp"
#include "notification/email_codec.hpp"
#include "notification/email_send.hpp"
#include "notification/hand_over.hpp"
#include "notification/limits.hpp"
#include "notification/mail_transport.hpp"
#include "notification/settings.hpp"
#include "runtime/coalescer.hpp"
#include "runtime/delivery.hpp"
#include "runtime/ledger.hpp"
#include "runtime/outcome.hpp"
#include "runtime/subscription.hpp"

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <optional>

namespace chatear::notification {

/// Handles `email.send`: limits, template, MIME, SMTP. Everything it is given must outlive it.
class EmailSender {
public:
    /// Called when a second copy may exist: its content had left when the answer was lost.
    using OnInDoubt = std::function<void()>;

    EmailSender(
        const asio::any_io_executor& executor,
        EmailSettings settings,
        const mail::Templates& templates,
        MailTransport& transport,
        Limits& limits,
        const Clock& clock,
        OnInDoubt on_in_doubt
    );

    /// `event` must live until it returns.
    asio::awaitable<runtime::Outcome> send(const EmailSend& event, runtime::Delivery delivery);

    /// The ledger, its details, and what is told to others; for Worker::on.
    runtime::SubjectOptions<EmailSend> subject_options() const;

private:
    asio::awaitable<std::optional<runtime::Outcome>> check_limits(
        const EmailSend& event, const runtime::Delivery& delivery
    );
    asio::awaitable<runtime::Outcome> hand_over(SharedMessage message, runtime::Delivery delivery);
    runtime::Outcome judge(const smtp::SendResult& result, runtime::Delivery& delivery) const;

    EmailSettings settings_;
    const mail::Templates& templates_;
    MailTransport& transport_;
    const Clock& clock_;
    OnInDoubt on_in_doubt_;
    runtime::Coalescer<LimitRequest, LimitReply> limits_;
};

/// `email_sends` as the ledger of `email.send`.
runtime::LedgerTable email_ledger();

/// The outcome that an SMTP result means (delivery.md, 12, 13 and "The SMTP session"); pure.
/// Throws Unavailable where the message was not judged and nothing of it left.
runtime::Outcome outcome_of(const smtp::SendResult& result, OnAmbiguity on_ambiguity);

}  // namespace chatear::notification
