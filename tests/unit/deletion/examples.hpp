#pragma once

#include "base/utc.hpp"
#include "deletion/change.hpp"
#include "deletion/deletion.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>

/// Rows and times that the tests begin with.
namespace chatear::deletion::examples {

using namespace std::chrono_literals;

inline constexpr std::chrono::milliseconds day{24h};

/// "2026-11-25T12:00:00Z"
inline Time at(std::string_view text) {
    return parse_time(text).value();
}

inline const Time noon = at("2026-11-25T12:00:00Z");

inline User ann() {
    User user;
    user.id = "4711";
    user.email = "ann@example.com";
    user.name = "Ann";
    user.locale = "pt-BR";
    return user;
}

/// Asked for at noon.
inline Deletion queued() {
    Deletion deletion;
    deletion.id = "d1";
    deletion.user_id = ann().id;
    deletion.requested_at = noon;
    deletion.next_mail_at = noon;
    return deletion;
}

/// Its mail was accepted a minute later.
inline Deletion scheduled() {
    Deletion deletion = queued();
    deletion.status = Status::scheduled;
    deletion.next_mail_at.reset();
    deletion.mail_attempts = 1;
    deletion.recovery_sent_at = noon + 1min;
    deletion.scheduled_at = noon + 1min + day;
    deletion.address_hash = address_hash(*ann().email);
    return deletion;
}

inline Deletion ended(Status status) {
    Deletion deletion = scheduled();
    deletion.status = status;
    return deletion;
}

inline Deletion held(Status from) {
    Deletion deletion = from == Status::scheduled ? scheduled() : queued();
    deletion.status = Status::held;
    deletion.held_from = from;
    deletion.held_reason = "a test";
    deletion.next_mail_at.reset();
    return deletion;
}

/// The subjects of the notices, in order: "user.deletion.cancelled email.send".
inline std::string subjects(const std::vector<Notice>& notices) {
    std::string all;
    for (const Notice& notice : notices) {
        all += (all.empty() ? "" : " ") + notice.subject;
    }
    return all;
}

/// The actions of the audit entries, in order.
inline std::string actions(const std::vector<AuditEntry>& entries) {
    std::string all;
    for (const AuditEntry& entry : entries) {
        all += (all.empty() ? "" : " ") + entry.action;
    }
    return all;
}

/// A text of the entry's meta; "" where it is not there.
inline std::string meta(const AuditEntry& entry, std::string_view name) {
    const boost::json::value* value = entry.meta.if_contains(name);
    return value == nullptr ? "" : std::string(value->as_string());
}

}  // namespace chatear::deletion::examples
