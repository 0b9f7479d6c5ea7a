#pragma once

#include <string_view>

/// The words of `action_logs.action`; what each has in its `meta` is in docs/deletion.md.
namespace chatear::deletion::audit {

// Requests.
inline constexpr std::string_view requested = "deletion.requested";
inline constexpr std::string_view requested_again = "deletion.requested_again";
inline constexpr std::string_view already_deleted = "deletion.already_deleted";
inline constexpr std::string_view superseded = "deletion.superseded";
inline constexpr std::string_view rejected = "deletion.rejected";

// The recovery mail.
inline constexpr std::string_view mail_accepted = "deletion.mail_accepted";
inline constexpr std::string_view mail_refused = "deletion.mail_refused";
inline constexpr std::string_view mail_postponed = "deletion.mail_postponed";
inline constexpr std::string_view mail_limited = "deletion.mail_limited";
inline constexpr std::string_view mail_accepted_by_operator = "deletion.mail_accepted_by_operator";
inline constexpr std::string_view mail_resent = "deletion.mail_resent";

// States.
inline constexpr std::string_view held = "deletion.held";
inline constexpr std::string_view released = "deletion.released";
inline constexpr std::string_view address_changed = "deletion.address_changed";
inline constexpr std::string_view put_off = "deletion.put_off";
inline constexpr std::string_view executed = "deletion.executed";
inline constexpr std::string_view cancelled = "deletion.cancelled";
inline constexpr std::string_view failed = "deletion.failed";
inline constexpr std::string_view adopted = "deletion.adopted";

// Recoveries that changed nothing.
inline constexpr std::string_view recovery_too_late = "recovery.too_late";
inline constexpr std::string_view recovery_without_deletion = "recovery.without_deletion";
inline constexpr std::string_view recovery_rejected = "recovery.rejected";

// The whole.
inline constexpr std::string_view executions_stopped = "executions.stopped";
inline constexpr std::string_view executions_resumed = "executions.resumed";
inline constexpr std::string_view log_adopted = "audit.adopted";
inline constexpr std::string_view erased = "user.erased";

}  // namespace chatear::deletion::audit
