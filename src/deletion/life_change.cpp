#include "deletion/life_change.hpp"

#include "base/utc.hpp"
#include "deletion/audit_actions.hpp"
#include "deletion/notices.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>

namespace chatear::deletion {

AuditEntry audit_of(const Deletion& deletion, std::string_view action, boost::json::object meta) {
    meta["deletion_id"] = deletion.id;
    return {deletion.user_id, std::string(action), std::move(meta)};
}

Change unchanged(const Deletion& deletion) {
    return {deletion, deletion};
}

void queue_mail(Deletion& deletion, int mail_number, Time now) {
    if (deletion.mail_number != mail_number) {
        deletion.mail_number = mail_number;
        deletion.mail_attempts = 0;
    }
    deletion.status = Status::queued;
    deletion.next_mail_at = now;
    deletion.recovery_sent_at.reset();
    deletion.scheduled_at.reset();
    deletion.held_reason.clear();
    deletion.held_from.reset();
}

void schedule(Change& change, Time sent_at, std::chrono::milliseconds recovery_period) {
    Deletion& after = change.after;
    after.status = Status::scheduled;
    after.recovery_sent_at = sent_at;
    after.scheduled_at = sent_at + recovery_period;
    after.next_mail_at.reset();
    after.held_reason.clear();
    after.held_from.reset();

    const std::string due = format_time(*after.scheduled_at);
    Notice notice = domain_event(
        subject::scheduled, fmt::format("scheduled.{}.{}", after.mail_number, due), after.user_id
    );
    notice.payload["scheduled_at"] = due;
    change.notices.push_back(std::move(notice));
}

Change fail(const Deletion& deletion, std::string_view reason) {
    Change change = unchanged(deletion);
    change.after.status = Status::failed;
    change.after.next_mail_at.reset();
    change.after.held_reason.clear();
    change.after.held_from.reset();
    change.audit.push_back(
        audit_of(deletion, audit::failed, {{"was", to_text(deletion.status)}, {"reason", reason}})
    );
    Notice notice = domain_event(subject::failed, "failed", deletion.user_id);
    notice.payload["reason"] = reason;
    change.notices.push_back(std::move(notice));
    return change;
}

std::string_view no_address_reason(const User& user) {
    return user.email.value_or("").empty() ? "the account has no e-mail address"
                                           : "the account's e-mail address is not a valid one";
}

std::string_view reply_codes(std::string_view reply) {
    const std::size_t end = reply.find_first_not_of("0123456789. ");
    std::string_view codes = reply.substr(0, end);
    // Digits of a word that begins with some ("550 5.1.1 4711@...") are no code.
    if (end != std::string_view::npos) {
        codes = codes.substr(0, codes.find_last_of(' ') + 1);
    }
    const std::size_t last = codes.find_last_not_of(' ');
    return last == std::string_view::npos ? std::string_view() : codes.substr(0, last + 1);
}

}  // namespace chatear::deletion
