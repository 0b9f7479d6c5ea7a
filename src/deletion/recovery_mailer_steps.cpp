// What a mail's end makes of its deletion and of its slot.
#include "deletion/recovery_mailer.hpp"

#include <utility>
#include <vector>

namespace chatear::deletion {

asio::awaitable<MailContext> RecoveryMailer::context_of(MailResult& result) {
    const DayState day = co_await parts_.store.day_state();
    MailContext context;
    context.now = day.now;
    context.recovery_period = settings_.recovery_period;
    context.policy = settings_.retry;
    context.random = std::generate_canonical<double, 32>(random_);
    if (result.kind == MailResult::Kind::nobody) {
        const Time judged_at = result.judged_at.value_or(day.now);
        context.relay_accepted_lately = co_await parts_.store.relay_accepted_before(judged_at);
    }
    if (result.kind != MailResult::Kind::accepted) {
        result.at = day.now;
    }
    co_return context;
}

asio::awaitable<RecoveryMailer::Handled> RecoveryMailer::conclude(
    Deletion deletion, MailResult result
) {
    const MailContext context = co_await context_of(result);
    Change change = after_mail(deletion, result, context);
    co_return co_await apply(std::move(change));
}

asio::awaitable<RecoveryMailer::Handled> RecoveryMailer::conclude_notice(
    Letter letter, MailResult result
) {
    const MailContext context = co_await context_of(result);
    Change change = notice_postponed(letter.deletion, result, letter.number_of_try, context);
    co_return co_await apply(std::move(change));
}

/// `refused_at`: not later than the day's limit was asked, so that no day is left out.
asio::awaitable<RecoveryMailer::Handled> RecoveryMailer::postpone(
    Deletion deletion, Time refused_at
) {
    Change change = mail_limited(deletion, next_utc_day(refused_at));
    co_return co_await apply(std::move(change));
}

asio::awaitable<RecoveryMailer::Handled> RecoveryMailer::apply(Change change) {
    std::vector<Change> changes(1, change);
    const std::vector<bool> happened = co_await parts_.store.apply(std::move(changes));
    if (happened.front()) {
        observer_.changed(change);
    }
    co_return happened.front() ? Handled::moved : Handled::nothing;
}

/// From processes that died before their content began: it has its slot, or they never took one.
asio::awaitable<void> RecoveryMailer::inherit_slot(Letter letter) {
    const std::string heir = letter.slot_holder();
    while (letter.takeovers > 0) {
        --letter.takeovers;
        co_await parts_.store.pass_mail_slot(letter.slot_holder(), heir);
    }
}

asio::awaitable<void> RecoveryMailer::settle_left_slot(
    Letter letter, std::optional<MailRecord> record
) {
    const std::optional<SlotHeir> left = slot_left_behind(letter, record);
    if (left) {
        co_await parts_.store.pass_mail_slot(left->holder, left->heir);
    }
}

asio::awaitable<void> RecoveryMailer::settle_slot(Letter letter, TryEnd end) {
    if (end.slot == SlotUse::freed) {
        co_await parts_.store.free_mail_slot(letter.slot_holder());
    } else if (end.slot == SlotUse::passed) {
        const bool last = end.status != runtime::LedgerStatus::retrying;
        co_await parts_.store.pass_mail_slot(letter.slot_holder(), letter.next_slot_holder(last));
    }
}

bool RecoveryMailer::is_last(const Letter& letter) const {
    return !settings_.retry.delay_after(static_cast<std::uint32_t>(letter.number_of_try), 0);
}

}  // namespace chatear::deletion
