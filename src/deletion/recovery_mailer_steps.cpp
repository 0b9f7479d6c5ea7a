// What a mail's end makes of its deletion.
#include "deletion/recovery_mailer.hpp"

#include <utility>
#include <vector>

namespace chatear::deletion {

asio::awaitable<RecoveryMailer::Handled> RecoveryMailer::conclude(
    Deletion deletion, MailResult result
) {
    const DayState day = co_await parts_.store.day_state();
    MailContext context;
    context.now = day.now;
    context.recovery_period = settings_.recovery_period;
    context.policy = settings_.retry;
    context.random = std::generate_canonical<double, 32>(random_);
    if (result.kind == MailResult::Kind::nobody) {
        context.relay_accepted_lately = co_await parts_.store.relay_accepted_lately();
    }
    if (result.kind != MailResult::Kind::accepted) {
        result.at = day.now;
    }
    Change change = after_mail(deletion, result, context);
    co_return co_await apply(std::move(change));
}

asio::awaitable<RecoveryMailer::Handled> RecoveryMailer::postpone(Deletion deletion) {
    const DayState day = co_await parts_.store.day_state();
    Change change = mail_limited(deletion, next_utc_day(day.now));
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

}  // namespace chatear::deletion
