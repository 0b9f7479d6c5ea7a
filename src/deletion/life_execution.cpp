#include "base/assert.hpp"
#include "base/utc.hpp"
#include "deletion/audit_actions.hpp"
#include "deletion/life.hpp"
#include "deletion/life_change.hpp"
#include "deletion/notices.hpp"

#include <utility>

namespace chatear::deletion {
namespace {

/// Scheduled, but without proof of its mail: a row of somebody else's, adopted. A new mail is its
/// proof.
Change adopt(const Deletion& deletion, Time now) {
    Change change = unchanged(deletion);
    queue_mail(change.after, deletion.mail_number + 1, now);
    change.audit.push_back(audit_of(
        deletion,
        audit::adopted,
        {{"was", to_text(deletion.status)}, {"mail_number", change.after.mail_number}}
    ));
    return change;
}

/// The recovery period was made longer since its mail was accepted: it is due by that one.
Change put_off(const Deletion& deletion, std::chrono::milliseconds recovery_period) {
    Change change = unchanged(deletion);
    schedule(change, *deletion.recovery_sent_at, recovery_period);
    change.audit.push_back(audit_of(
        deletion,
        audit::put_off,
        {{"was_due", format_time(*deletion.scheduled_at)},
         {"scheduled_at", format_time(*change.after.scheduled_at)}}
    ));
    return change;
}

/// Special case: the address changed after acceptance. The mail between the two numbers is the
/// notice to the old address.
Change mail_new_address(const Deletion& deletion, Time now) {
    if (deletion.address_changes > 0) {
        return hold(deletion, "the account's e-mail address changed a second time");
    }
    Change change = unchanged(deletion);
    ++change.after.address_changes;
    change.after.notice_number = deletion.mail_number + 1;
    queue_mail(change.after, deletion.mail_number + 2, now);
    change.audit.push_back(
        audit_of(deletion, audit::address_changed, {{"mail_number", change.after.mail_number}})
    );
    return change;
}

/// What the account itself says, once its deletion is due.
ExecutionStep look_at_account(const Deletion& deletion, const std::optional<User>& user, Time now) {
    if (!user) {
        return fail(deletion, account_gone);
    }
    if (user->is_deleted) {
        return fail(deletion, deleted_elsewhere);
    }
    const auto address = mail_address(*user);
    // An operator may have vouched for a mail that nobody could be sent (accept_mail).
    const bool nobody_told = !address && deletion.address_hash.empty();
    if (nobody_told) {
        return Execute{};
    }
    if (!address) {
        return hold(deletion, no_address_reason(*user));
    }
    if (address_hash(*address) != deletion.address_hash) {
        return mail_new_address(deletion, now);
    }
    return Execute{};
}

}  // namespace

ExecutionStep before_execution(
    const Deletion& deletion,
    const ExecutionFacts& facts,
    Time now,
    std::chrono::milliseconds recovery_period
) {
    if (deletion.status != Status::scheduled) {
        return NotYet{"it is not scheduled"};
    }
    if (facts.recovery_pending) {
        return NotYet{"a recovery is being worked on"};
    }
    if (!deletion.scheduled_at || *deletion.scheduled_at > now) {
        return NotYet{"it is not due"};
    }
    if (!deletion.recovery_sent_at || !facts.mail_proven) {
        return adopt(deletion, now);
    }
    if (*deletion.recovery_sent_at + recovery_period > now) {
        return put_off(deletion, recovery_period);
    }
    return look_at_account(deletion, facts.user, now);
}

Change execute(const Deletion& deletion, const User& user, Time now) {
    CHATEAR_ASSERT(deletion.status == Status::scheduled && deletion.recovery_sent_at);
    CHATEAR_ASSERT(user.id == deletion.user_id && !user.is_deleted);
    Change change = unchanged(deletion);
    change.after.status = Status::executed;
    change.after.executed_at = now;
    change.tells_address = true;

    boost::json::object meta{
        {"mail_number", deletion.mail_number},
        {"recovery_sent_at", format_time(*deletion.recovery_sent_at)},
        {"executed_at", format_time(now)}};
    change.audit.push_back(audit_of(deletion, audit::executed, std::move(meta)));

    Notice event = domain_event(subject::deleted, "deleted", deletion.user_id);
    event.payload["deleted_at"] = format_time(now);
    change.notices.push_back(std::move(event));
    change.notices.push_back(email_notice("account_deleted", "deleted"));
    return change;
}

}  // namespace chatear::deletion
