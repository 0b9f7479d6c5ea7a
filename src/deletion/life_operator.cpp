#include "base/utc.hpp"
#include "deletion/audit_actions.hpp"
#include "deletion/life.hpp"
#include "deletion/life_change.hpp"

#include <utility>

namespace chatear::deletion {
namespace {

boost::json::object operator_meta(const Deletion& deletion, std::string_view reason) {
    return {{"was", to_text(deletion.status)}, {"reason", reason}};
}

}  // namespace

std::optional<Change> release(const Deletion& deletion, Time now, std::string_view reason) {
    if (deletion.status != Status::held) {
        return std::nullopt;
    }
    Change change = unchanged(deletion);
    const bool scheduled = deletion.held_from == Status::scheduled && deletion.recovery_sent_at &&
                           deletion.scheduled_at;
    if (scheduled) {
        change.after.status = Status::scheduled;
        change.after.held_reason.clear();
        change.after.held_from.reset();
    } else {
        // A mail that was tried has its final record: another try needs a number of its own.
        const int next = deletion.mail_attempts > 0 ? 1 : 0;
        queue_mail(change.after, deletion.mail_number + next, now);
    }
    boost::json::object meta = operator_meta(deletion, reason);
    meta["to"] = to_text(change.after.status);
    meta["mail_number"] = change.after.mail_number;
    change.audit.push_back(audit_of(deletion, audit::released, std::move(meta)));
    return change;
}

std::optional<Change> resend(const Deletion& deletion, Time now, std::string_view reason) {
    if (deletion.status != Status::held && deletion.status != Status::queued) {
        return std::nullopt;
    }
    Change change = unchanged(deletion);
    queue_mail(change.after, deletion.mail_number + 1, now);
    boost::json::object meta = operator_meta(deletion, reason);
    meta["mail_number"] = change.after.mail_number;
    change.audit.push_back(audit_of(deletion, audit::mail_resent, std::move(meta)));
    return change;
}

std::optional<Change> accept_mail(
    const Deletion& deletion,
    Time now,
    std::chrono::milliseconds recovery_period,
    std::string_view reason
) {
    if (deletion.status != Status::held) {
        return std::nullopt;
    }
    Change change = unchanged(deletion);
    schedule(change, now, recovery_period);
    boost::json::object meta = operator_meta(deletion, reason);
    meta["mail_number"] = deletion.mail_number;
    meta["scheduled_at"] = format_time(*change.after.scheduled_at);
    change.audit.push_back(audit_of(deletion, audit::mail_accepted_by_operator, std::move(meta)));
    return change;
}

}  // namespace chatear::deletion
