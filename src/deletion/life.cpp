#include "deletion/life.hpp"

#include "base/assert.hpp"
#include "base/utc.hpp"
#include "deletion/audit_actions.hpp"
#include "deletion/life_change.hpp"
#include "deletion/notices.hpp"

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace chatear::deletion {

std::string_view to_text(CancelledBy by) {
    switch (by) {
        case CancelledBy::recovery_page:
            return "recovery_page";
        case CancelledBy::recovery_event:
            return "recovery_event";
        case CancelledBy::operator_:
            return "operator";
    }
    CHATEAR_ASSERT(false && "somebody who cancels");
    return {};
}

Change cancel(const Deletion& deletion, CancelledBy by, Time now, std::string_view reason) {
    CHATEAR_ASSERT(is_open(deletion.status));
    Change change = unchanged(deletion);
    change.after.status = Status::cancelled;
    change.after.cancelled_at = now;
    change.after.next_mail_at.reset();
    change.after.held_reason.clear();
    change.after.held_from.reset();
    change.tells_address = true;

    boost::json::object meta{{"was", to_text(deletion.status)}, {"by", to_text(by)}};
    if (!reason.empty()) {
        meta["reason"] = reason;
    }
    change.audit.push_back(audit_of(deletion, audit::cancelled, std::move(meta)));

    Notice event = domain_event(subject::cancelled, "cancelled", deletion.user_id);
    event.payload["cancelled_at"] = format_time(now);
    event.payload["by"] = to_text(by);
    change.notices.push_back(std::move(event));
    change.notices.push_back(email_notice("account_recovered", "recovered"));
    return change;
}

Change hold(const Deletion& deletion, std::string_view reason) {
    CHATEAR_ASSERT(is_open(deletion.status));
    Change change = unchanged(deletion);
    change.after.status = Status::held;
    change.after.next_mail_at.reset();
    change.after.held_reason = reason;
    ++change.after.times_held;
    if (deletion.status != Status::held) {
        change.after.held_from = deletion.status;
    }
    boost::json::object meta{{"was", to_text(deletion.status)}, {"reason", reason}};
    change.audit.push_back(audit_of(deletion, audit::held, std::move(meta)));

    Notice notice = domain_event(
        subject::held, fmt::format("held.{}", change.after.times_held), deletion.user_id
    );
    notice.payload["reason"] = reason;
    change.notices.push_back(std::move(notice));
    return change;
}

Time next_utc_day(Time now) {
    return std::chrono::floor<std::chrono::days>(now) + std::chrono::days(1);
}

}  // namespace chatear::deletion
