#include "deletion/recovery_mailer.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "deletion/recovery_token.hpp"
#include "deletion/settings.hpp"
#include "mail/message_id.hpp"
#include "net/task_group.hpp"
#include "notification/compose.hpp"
#include "notification/hand_over.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace chatear::deletion {

struct RecoveryMailer::Trying {
    Letter letter;
    runtime::Event event;
    runtime::Claim claim{};
    Time claimed_at{};
    std::optional<Slot> slot{};
    std::string token_sha256{};
    bool token_stands = false;
    bool content_begun = false;
};

RecoveryMailer::RecoveryMailer(Parts parts, Settings settings, Observer observer)
    : parts_(parts), settings_(std::move(settings)), observer_(std::move(observer)) {}

asio::awaitable<RecoveryMailer::Handled> RecoveryMailer::handle(MailJob job) {
    Letter last = letter_of(job, job.record ? job.record->recipient : std::string());
    co_await settle_left_slot(std::move(last), job.record);
    const std::optional<MailResult> known = known_result(job);
    if (known) {
        co_return co_await conclude(job.deletion, *known);
    }
    const MailStep step = before_mail(job.deletion, job.user);
    if (const Change* change = std::get_if<Change>(&step)) {
        co_return co_await apply(*change);
    }
    std::optional<Letter> notice = notice_of(job);
    if (notice) {
        co_await settle_left_slot(*notice, job.notice_record);
        const std::optional<MailResult> tried = known_notice_result(job);
        if (tried) {
            --notice->number_of_try;
            co_return co_await conclude_notice(*notice, *tried);
        }
        co_return co_await send_notice(*notice);
    }
    Letter letter = letter_of(job, std::get<SendMail>(step).address);
    co_return co_await send(std::move(letter));
}

/// The mail whose acceptance counts. One that was accepted is left to the next pass, which
/// schedules its deletion by what the ledger says: there is no other way to that state.
asio::awaitable<RecoveryMailer::Handled> RecoveryMailer::send(Letter letter) {
    const Letter sent = letter;
    Tried tried = co_await try_once(std::move(letter));
    if (tried.decided) {
        co_return *tried.decided;
    }
    if (tried.end.status == runtime::LedgerStatus::done) {
        co_return Handled::moved;
    }
    MailResult result = std::move(tried.end.result);
    result.address_hash = address_hash(sent.address);
    const Handled handled = co_await conclude(sent.deletion, std::move(result));
    co_return tried.end.outage ? Handled::outage : handled;
}

/// Once it has ended, the mail that counts is the next pass's: to the address that stands then.
asio::awaitable<RecoveryMailer::Handled> RecoveryMailer::send_notice(Letter letter) {
    const Letter sent = letter;
    Tried tried = co_await try_once(std::move(letter));
    if (tried.decided) {
        co_return *tried.decided;
    }
    const bool goes_on = tried.end.status == runtime::LedgerStatus::retrying ||
                         tried.end.status == runtime::LedgerStatus::deferred;
    if (!goes_on) {
        co_return Handled::moved;
    }
    const Handled handled = co_await conclude_notice(sent, std::move(tried.end.result));
    co_return tried.end.outage ? Handled::outage : handled;
}

asio::awaitable<RecoveryMailer::Tried> RecoveryMailer::try_once(Letter letter) {
    Tried tried;
    const Shared trying = co_await claim(std::move(letter));
    if (!trying) {
        tried.decided = Handled::nothing;
        co_return tried;
    }
    const std::optional<TryEnd> end = co_await attempt(trying);
    tried.end = end ? *end : withdrawn("over the day's limit of recovery mails");
    const bool slot_unused = trying->slot && !trying->content_begun;
    const bool stands = co_await record(trying, tried.end);
    if (!stands) {
        if (slot_unused) {  // It has our claim's name: nobody else will ask for it.
            co_await parts_.store.free_mail_slot(trying->letter.slot_holder());
        }
        tried.decided = Handled::nothing;
    } else if (!end) {
        tried.decided = co_await postpone(trying->letter.deletion, trying->claimed_at);
    } else if (trying->slot) {
        co_await settle_slot(trying->letter, *end);
    }
    co_return tried;
}

/// Null: another process has it, or it has ended.
asio::awaitable<RecoveryMailer::Shared> RecoveryMailer::claim(Letter letter) {
    Shared trying = std::make_shared<Trying>();
    trying->letter = std::move(letter);
    const DayState day = co_await parts_.store.day_state();
    trying->claimed_at = day.now;
    trying->event = event_of(trying->letter, day.now);
    trying->claim.event_id = trying->event.event_id;
    trying->claim.generation = trying->event.generation;
    // With another number a claim that stands, and whose answer was lost, would be a stranger's.
    const auto number = unanswered_.try_emplace(trying->event.event_id, claims_ + 1).first;
    claims_ = std::max(claims_, number->second);
    trying->claim.claim_no = number->second;
    trying->claim.lease_number = parts_.gate.lease_number();
    std::vector<std::optional<std::string>> details = claim_details(
        trying->letter, mail::stable_message_id(trying->event.event_id, settings_.from.domain)
    );
    trying->claim.reply =
        co_await parts_.judge.claim(trying->event, trying->claim.claim_no, std::move(details));
    unanswered_.erase(trying->event.event_id);
    trying->letter.takeovers = trying->claim.reply.takeovers;
    const runtime::ClaimAnswer answer = trying->claim.reply.answer;
    if (answer == runtime::ClaimAnswer::conflict) {
        log::error(
            "a recovery mail cannot be sent: its id stands in email_sends with another content",
            {{"event_id", trying->event.event_id}}
        );
    }
    const bool ours =
        answer == runtime::ClaimAnswer::granted || answer == runtime::ClaimAnswer::taken_over;
    if (!ours) {
        trying.reset();
    }
    co_return trying;
}

asio::awaitable<std::optional<TryEnd>> RecoveryMailer::attempt(Shared trying) {
    const runtime::ClaimReply& reply = trying->claim.reply;
    const bool taken_over = reply.answer == runtime::ClaimAnswer::taken_over;
    if (reply.already_accepted) {
        co_return accepted_before();
    }
    const bool in_doubt = taken_over && reply.content_may_have_left;
    if (in_doubt) {
        observer_.possible_duplicate(trying->event.event_id);
        if (settings_.on_ambiguity == notification::OnAmbiguity::hold) {
            co_return unknown_to_all();
        }
    }
    TryEnd end;
    try {
        if (taken_over && !in_doubt) {
            co_await inherit_slot(trying->letter);
        }
        const bool within_limit = co_await take_slot(trying);
        if (!within_limit) {
            co_return std::nullopt;
        }
        end = co_await deliver(trying);
    } catch (const Unavailable& unavailable) {
        end = withdrawn_by_outage(unavailable.what());
    } catch (const std::exception& error) {
        if (net::is_stop(error)) {
            throw;
        }
        // The claim must not stay with us, or nobody could try again while we live.
        end = withdrawn(error.what());
        log::error("a recovery mail could not be made", {{"reason", end.reason}});
    }
    co_return end;
}

/// Rules 6 and 9: PostgreSQL's slot first, then the counter that others may count in too.
asio::awaitable<bool> RecoveryMailer::take_slot(Shared trying) {
    const Letter& letter = trying->letter;
    const std::string& user = letter.deletion.user_id;
    trying->slot =
        co_await parts_.store.take_mail_slot(user, letter.slot_holder(), settings_.daily_limit);
    if (!trying->slot) {
        co_return false;
    }
    // By its number: a slot is counted once, to whichever mail or deletion it is passed on.
    std::string counted = std::to_string(trying->slot->number);
    const bool within_limit = co_await parts_.limits.count_mail(
        user, trying->slot->day, std::move(counted), trying->slot->taken - 1, settings_.daily_limit
    );
    if (!within_limit) {
        co_await parts_.store.free_mail_slot(letter.slot_holder());
        trying->slot.reset();
    }
    co_return within_limit;
}

asio::awaitable<TryEnd> RecoveryMailer::deliver(Shared trying) {
    Result<mail::Message> message = co_await compose(trying);
    if (!message) {
        co_return unsendable(message.error().message);
    }
    smtp::BeforeContent before = [this, trying] { return may_begin(trying); };
    auto composed = std::make_shared<const mail::Message>(std::move(*message));
    notification::ContentAnswered answered = [this, trying](bool taken, std::string_view words) {
        parts_.judge.content_answered(trying->claim, taken, words, trying->letter.address);
    };
    const smtp::SendResult result = co_await notification::hand_over(
        parts_.transport, std::move(composed), std::move(before), std::move(answered)
    );
    TryEnd end = end_of(result, settings_.on_ambiguity, is_last(trying->letter));
    if (end.possible_duplicate) {
        observer_.possible_duplicate(trying->event.event_id);
    }
    co_return std::move(end);
}

/// Each try has a token of its own (rule 5).
asio::awaitable<Result<mail::Message>> RecoveryMailer::compose(Shared trying) {
    const Letter& letter = trying->letter;
    const RecoveryToken token = make_recovery_token();
    trying->token_sha256 = token.sha256;
    LetterContent content;
    content.recovery_url = recovery_link(settings_.recovery_url, token.text);
    content.scheduled_at = trying->slot->now + settings_.recovery_period;
    if (!letter.user.time_zone.empty()) {
        content.local_time =
            co_await parts_.local_times.minute_in(content.scheduled_at, letter.user.time_zone);
    }
    const Result<notification::EmailSend> mail = compose_letter(letter, content);
    if (!mail) {
        co_return mail.error();
    }
    co_return notification::compose(
        *mail,
        parts_.templates,
        settings_.from,
        mail::stable_message_id(letter.id(), settings_.from.domain),
        trying->slot->now
    );
}

/// Right before the content: its token stands, nobody has recovered meanwhile, the claim is ours,
/// and the slot is still today's. The day is asked for last: what it is then the content is of.
asio::awaitable<bool> RecoveryMailer::may_begin(Shared trying) {
    if (!trying->token_stands) {
        co_await parts_.store.add_token(trying->letter.deletion.id, trying->token_sha256);
        trying->token_stands = true;
    }
    const TokenState state = co_await parts_.store.look_up_token(trying->token_sha256);
    if (state != TokenState::usable) {
        co_return false;
    }
    const bool ours = co_await parts_.judge.begin_content(trying->event, trying->claim);
    if (!ours) {
        co_return false;
    }
    const DayState day = co_await parts_.store.day_state();
    const bool allowed = day.day == trying->slot->day && parts_.gate.lease_fresh() &&
                         trying->claim.lease_number == parts_.gate.lease_number();
    if (allowed && !trying->content_begun) {
        trying->content_begun = true;
        ++contents_;
    }
    co_return allowed;
}

/// Whether it stands; false = somebody else has taken the claim over and decides.
asio::awaitable<bool> RecoveryMailer::record(Shared trying, TryEnd end) {
    runtime::Verdict verdict;
    verdict.status = end.status;
    verdict.counts_attempt = end.status != runtime::LedgerStatus::deferred;
    verdict.reason = end.reason;
    std::vector<std::optional<std::string>> details;
    if (!trying->claim.reply.already_accepted) {  // Else they stand.
        details = verdict_details(trying->letter, end);
    }
    const runtime::Settlement settlement = co_await parts_.judge.record(
        trying->event, trying->claim, std::move(verdict), std::move(details)
    );
    if (trying->content_begun) {
        trying->content_begun = false;
        --contents_;
    }
    co_return settlement.action != runtime::Settlement::Action::drop;
}

}  // namespace chatear::deletion
