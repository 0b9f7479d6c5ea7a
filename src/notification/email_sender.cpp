#include "notification/email_sender.hpp"

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/utc.hpp"
#include "mail/message_id.hpp"
#include "notification/compose.hpp"

#include <memory>
#include <utility>

namespace chatear::notification {

using runtime::Defer;
using runtime::Delivery;
using runtime::Done;
using runtime::Hold;
using runtime::Outcome;
using runtime::Reject;
using runtime::Retry;

namespace {

constexpr std::size_t most_limits_a_batch = 256;

runtime::DomainEvent told_event(
    const EmailSend* event, const Delivery& delivery, const runtime::FinalVerdict& verdict, Time now
) {
    const bool sent = verdict.status == runtime::LedgerStatus::done;
    boost::json::object payload;
    payload["event_id"] = delivery.event_id();
    if (event != nullptr) {
        payload["recipient"] = event->recipient.addr_spec();
        if (!event->template_name.empty()) {
            payload["template_name"] = event->template_name;
        }
    }
    payload["attempts"] = verdict.attempts;
    payload[sent ? "sent_at" : "failed_at"] = format_time(now);
    if (!sent) {
        payload["reason"] = verdict.reason;
    }
    runtime::DomainEvent told;
    told.subject = sent ? "email.sent" : "email.failed";
    told.payload = to_json_text(payload);
    return told;
}

}  // namespace

runtime::LedgerTable email_ledger() {
    runtime::LedgerTable table;
    table.name = "email_sends";
    table.has_subject = false;
    table.subject = "email.send";
    table.working_word = "sending";
    table.done_word = "sent";
    table.claim_columns = {
        {"recipient", "text"}, {"template_name", "text"}, {"message_id", "text"}};
    table.verdict_columns = {{"smtp_reply", "text"}, {"error", "text"}};
    table.done_at_column = "sent_at";
    table.reply_column = "smtp_reply";
    table.recipient_column = "recipient";
    table.kept_column = "kept";
    return table;
}

Outcome outcome_of(const smtp::SendResult& result, OnAmbiguity on_ambiguity) {
    const std::string reply = describe(result);
    switch (result.status) {
        case smtp::SendStatus::accepted:
            return Done{};
        case smtp::SendStatus::try_later:
            return Retry{"the mail server wants it later: " + reply};
        case smtp::SendStatus::never:
            return Reject{"the mail server refuses it: " + reply};
        case smtp::SendStatus::sender_refused:
            if (!result.content_began) {
                throw Unavailable(
                    "smtp", "the mail server", "it refuses us, not the message: " + reply
                );
            }
            return Retry{"the mail server refuses us, not the message: " + reply};
        case smtp::SendStatus::not_sent:
            if (result.held_back) {
                throw Unavailable(
                    "postgres",
                    "the ledger",
                    "no new content may begin until verdicts can be written"
                );
            }
            if (!result.content_began) {
                throw Unavailable("smtp", "the mail server", reply);
            }
            return Retry{"the connection broke within the content: " + reply};
        case smtp::SendStatus::in_doubt:
            break;
    }
    const std::string unknown = "the content was sent and no answer came: " + reply;
    if (on_ambiguity == OnAmbiguity::hold) {
        return Hold{unknown};
    }
    return Retry{unknown};
}

EmailSender::EmailSender(
    const asio::any_io_executor& executor,
    EmailSettings settings,
    const mail::Templates& templates,
    MailTransport& transport,
    Limits& limits,
    const Clock& clock,
    OnInDoubt on_in_doubt
)
    : settings_(std::move(settings)),
      templates_(templates),
      transport_(transport),
      clock_(clock),
      on_in_doubt_(std::move(on_in_doubt)),
      limits_(executor, "limits", most_limits_a_batch, [&limits](auto batch) {
          return limits.check(std::move(batch));
      }) {}

asio::awaitable<Outcome> EmailSender::send(const EmailSend& event, Delivery delivery) {
    delivery.log_field("recipient_hash", log::redacted_address(event.recipient.addr_spec()));
    delivery.log_field("recipient_domain", event.recipient.domain);
    // What has come back through the outbox has waited by the database's clock; a machine whose
    // clock is behind must not send it round again.
    if (event.send_at && delivery.generation() == 0 && *event.send_at > clock_.now()) {
        Outcome later = Defer{*event.send_at, "asked for later (send_at)"};
        co_return later;
    }
    if (settings_.rate_per_domain || settings_.rate_per_recipient) {
        std::optional<Outcome> limited = co_await check_limits(event, delivery);
        if (limited) {
            co_return std::move(*limited);
        }
    }
    std::string message_id = mail::stable_message_id(delivery.event_id(), settings_.from.domain);
    auto message = compose(event, templates_, settings_.from, std::move(message_id), clock_.now());
    if (!message) {
        Outcome rejected = Reject{message.error().message};
        co_return rejected;
    }
    auto composed = std::make_shared<const mail::Message>(std::move(*message));
    co_return co_await hand_over(std::move(composed), std::move(delivery));
}

asio::awaitable<std::optional<Outcome>> EmailSender::check_limits(
    const EmailSend& event, const Delivery& delivery
) {
    LimitRequest request;
    request.event_id = delivery.event_id();
    request.attempts = static_cast<int>(delivery.attempt() - 1);
    request.recipient = event.recipient.addr_spec();
    request.domain = event.recipient.domain;
    const LimitReply reply = co_await limits_.call(std::move(request));
    std::optional<Outcome> outcome;
    if (!reply.allowed) {
        outcome = Defer{clock_.now() + reply.wait, reply.reason, reply.wait};
    }
    co_return outcome;
}

asio::awaitable<Outcome> EmailSender::hand_over(SharedMessage message, Delivery delivery) {
    smtp::BeforeContent before(
        [delivery]() mutable { return delivery.begin_content_at_once(); },
        [delivery]() mutable { return delivery.begin_content(); }
    );
    ContentAnswered answered = [delivery](bool accepted, std::string_view words) mutable {
        delivery.content_answered(accepted, words);
    };
    const smtp::SendResult result = co_await notification::hand_over(
        transport_, std::move(message), std::move(before), std::move(answered)
    );
    co_return judge(result, delivery);
}

Outcome EmailSender::judge(const smtp::SendResult& result, Delivery& delivery) const {
    if (result.status == smtp::SendStatus::in_doubt) {
        on_in_doubt_();
        log::warn(
            "a content was sent and no answer came: a second copy may arrive",
            {{"event_id", delivery.event_id()}, {"reason", result.reply.one_line()}}
        );
    }
    delivery.log_field("smtp_code", std::to_string(result.reply.code));
    if (result.reply.code != 0) {
        delivery.note("smtp_reply", result.reply.one_line());
    }
    if (result.status != smtp::SendStatus::accepted) {
        delivery.note("error", describe(result));
    }
    return outcome_of(result, settings_.on_ambiguity);
}

runtime::SubjectOptions<EmailSend> EmailSender::subject_options() const {
    runtime::SubjectOptions<EmailSend> options;
    options.ledger = email_ledger();
    options.claim_details = [this](const EmailSend& event, const runtime::Event& identity) {
        std::vector<std::optional<std::string>> details(3);
        details[0] = event.recipient.addr_spec();
        if (!event.template_name.empty()) {
            details[1] = event.template_name;
        }
        details[2] = mail::stable_message_id(identity.event_id, settings_.from.domain);
        return details;
    };
    options.announce = [this](
                           const EmailSend* event,
                           const Delivery& delivery,
                           const runtime::FinalVerdict& verdict
                       ) {
        std::vector<runtime::DomainEvent> told;
        const bool sent = verdict.status == runtime::LedgerStatus::done;
        if (settings_.told == ToldEvents::all || (settings_.told == ToldEvents::failed && !sent)) {
            told.push_back(told_event(event, delivery, verdict, clock_.now()));
        }
        return told;
    };
    return options;
}

}  // namespace chatear::notification
