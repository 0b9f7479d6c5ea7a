#pragma once

#include "deletion/change.hpp"
#include "deletion/deletion.hpp"
#include "runtime/retry_policy.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

/// The life of a deletion as pure decisions: from rows and times to a Change, or to what else is to
/// be done. Nothing here reads a clock or does I/O. Diagram and rules: docs/deletion.md.
namespace chatear::deletion {

/// How one try of a recovery mail ended.
struct MailResult {
    enum class Kind {
        accepted,  ///< The relay took responsibility at `at`.
        nobody,  ///< Refused for good as addressed to nobody (5.1.1, 5.1.2, 5.1.6, 5.1.10, 5.2.1).
        never,   ///< Refused for good for another reason, ours or the relay's.
        try_later,  ///< A failure that counts as a try.
        ambiguous,  ///< Nobody knows, and a person shall decide (MAIL_ON_AMBIGUITY=hold).
        withdrawn,  ///< Not judged: the relay was down before any content left. No try.
    };
    Kind kind = Kind::withdrawn;
    Time at{};
    std::optional<Time> judged_at{};  ///< When the relay said so, where that was not just now.
    std::string reply{};              ///< The relay's; only its codes are kept with the deletion.
    std::string address_hash{};       ///< Of whom it went to.
};

/// What the decision about a mail depends on beside its row.
struct MailContext {
    Time now{};
    std::chrono::milliseconds recovery_period{std::chrono::hours(24)};
    /// Another message, within the hour before this one was judged (rule 7).
    bool relay_accepted_lately = false;
    runtime::RetryPolicy policy{};
    double random = 0;  ///< In [0, 1), for the delay.
};

/// How long a mail waits that was withdrawn.
inline constexpr std::chrono::seconds withdrawn_pause{15};

/// Rules 4, 6, 7: what a try of the mail that counts makes of a queued deletion. Also for a try
/// whose result was lost with its process and stands in `email_sends`. A withdrawn try has no audit
/// row: nothing happened.
Change after_mail(const Deletion& deletion, const MailResult& result, const MailContext& context);

/// What to do about a queued deletion whose mail is due: send it ("local@domain"), or a Change
/// instead.
struct SendMail {
    std::string address;
};
using MailStep = std::variant<SendMail, Change>;
MailStep before_mail(const Deletion& deletion, const std::optional<User>& user);

/// What a try of the notice to a former address makes of its deletion: tried again, and the mail
/// that counts waits for it. `tries`: of the notice, judged.
Change notice_postponed(
    const Deletion& deletion, const MailResult& result, int tries, const MailContext& context
);

/// Rule 6: no slot today; the mail waits for the next UTC day, and the deletion with it.
Change mail_limited(const Deletion& deletion, Time next_day);

/// What execution has to know, read in its own transaction.
struct ExecutionFacts {
    std::optional<User> user{};
    /// The mail that counts stands in `email_sends` as sent, or its refusal or an operator's word
    /// for it stands in the audit log (rule 10).
    bool mail_proven = false;
    bool recovery_pending =
        false;  ///< The ledger has a `user.recover` without a final status (11).
};

struct Execute {};  ///< Nothing speaks against it.
struct NotYet {     ///< Nothing is to be done now.
    std::string_view why;
};
using ExecutionStep = std::variant<Execute, NotYet, Change>;

/// Rules 8, 10, 11 and the special cases. `now` is the database's. One that is due by
/// `scheduled_at` but not by a recovery period that was made longer since gets a Change, so that it
/// is looked at once.
ExecutionStep before_execution(
    const Deletion& deletion,
    const ExecutionFacts& facts,
    Time now,
    std::chrono::milliseconds recovery_period
);

/// The execution itself: the audit row, `user.deleted`, and the last mail. Requires that
/// before_execution() found nothing against it.
Change execute(const Deletion& deletion, const User& user, Time now);

/// Who cancels, for the audit log.
enum class CancelledBy { recovery_page, recovery_event, operator_ };
std::string_view to_text(CancelledBy by);  ///< "recovery_page", "recovery_event", "operator".

/// Rule "a recovery always cancels". Requires is_open(deletion.status). `reason` is the operator's,
/// else empty.
Change cancel(const Deletion& deletion, CancelledBy by, Time now, std::string_view reason = {});

/// A person has to look. Requires is_open(). One that is held already gets the newer reason and
/// keeps where it came from. Each time is told anew.
Change hold(const Deletion& deletion, std::string_view reason);

// From `held` only these lead on, each with the operator's reason. Nothing = its status forbids it.

/// Back to where it was held from. A scheduled one is due by its mail's time as before (rule 10). A
/// queued one whose mail was tried gets a new mail: the record of the old one is final.
std::optional<Change> release(const Deletion& deletion, Time now, std::string_view reason);
/// A new mail: `queued` again, with the next mail number. Also for a queued deletion.
std::optional<Change> resend(const Deletion& deletion, Time now, std::string_view reason);
/// The operator vouches for the mail: the recovery period starts now.
std::optional<Change> accept_mail(
    const Deletion& deletion,
    Time now,
    std::chrono::milliseconds recovery_period,
    std::string_view reason
);

/// The first moment of the UTC day after `now`.
Time next_utc_day(Time now);

}  // namespace chatear::deletion
