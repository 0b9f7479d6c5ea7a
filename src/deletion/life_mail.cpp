#include "base/assert.hpp"
#include "base/utc.hpp"
#include "deletion/audit_actions.hpp"
#include "deletion/life.hpp"
#include "deletion/life_change.hpp"
#include "deletion/notices.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <utility>

namespace chatear::deletion {
namespace {

boost::json::object mail_meta(const Deletion& deletion, const MailResult& result) {
    boost::json::object meta{{"mail_number", deletion.mail_number}};
    const std::string_view codes = reply_codes(result.reply);
    if (!codes.empty()) {
        meta["reply"] = codes;
    }
    return meta;
}

/// Its clock runs, since the mail was accepted, or refused as addressed to nobody.
Change start_clock(
    const Deletion& tried,
    const MailResult& result,
    const MailContext& context,
    std::string_view action
) {
    Change change = unchanged(tried);
    schedule(change, result.at, context.recovery_period);
    change.after.address_hash = result.address_hash;
    boost::json::object meta = mail_meta(tried, result);
    meta["at"] = format_time(result.at);
    meta["scheduled_at"] = format_time(*change.after.scheduled_at);
    change.audit.push_back(audit_of(tried, action, std::move(meta)));
    return change;
}

/// The mail's try is over and nothing led on: a person has to look.
Change hold_mail(const Deletion& tried, const MailResult& result, std::string_view what) {
    const std::string_view codes = reply_codes(result.reply);
    Change change = hold(
        tried,
        codes.empty() ? fmt::format("recovery mail {}: {}", tried.mail_number, what)
                      : fmt::format("recovery mail {}: {} ({})", tried.mail_number, what, codes)
    );
    change.after.address_hash = result.address_hash;
    return change;
}

AuditEntry postponed(const Deletion& tried, const MailResult& result, int tries, Time until) {
    boost::json::object meta = mail_meta(tried, result);
    meta["attempts"] = tries;
    meta["until"] = format_time(until);
    return audit_of(tried, audit::mail_postponed, std::move(meta));
}

Change try_again(const Deletion& tried, const MailResult& result, const MailContext& context) {
    const auto delay =
        context.policy.delay_after(static_cast<std::uint32_t>(tried.mail_attempts), context.random);
    if (!delay) {
        return hold_mail(tried, result, fmt::format("tried {} times in vain", tried.mail_attempts));
    }
    Change change = unchanged(tried);
    change.after.next_mail_at = context.now + *delay;
    change.audit.push_back(postponed(tried, result, tried.mail_attempts, *change.after.next_mail_at)
    );
    return change;
}

/// The try's verdict for a row whose attempts count it already.
Change judge(const Deletion& tried, const MailResult& result, const MailContext& context) {
    switch (result.kind) {
        case MailResult::Kind::accepted:
            return start_clock(tried, result, context, audit::mail_accepted);
        case MailResult::Kind::nobody:
            if (context.relay_accepted_lately) {
                return start_clock(tried, result, context, audit::mail_refused);
            }
            return hold_mail(
                tried,
                result,
                "refused as addressed to nobody, by a relay that accepted nothing else within the "
                "last hour"
            );
        case MailResult::Kind::never:
            return hold_mail(tried, result, "refused for good, not because of its address");
        case MailResult::Kind::try_later:
            return try_again(tried, result, context);
        case MailResult::Kind::ambiguous:
            return hold_mail(tried, result, "nobody knows whether it was accepted");
        case MailResult::Kind::withdrawn:
            break;
    }
    Change change = unchanged(tried);
    change.after.next_mail_at = context.now + withdrawn_pause;
    return change;
}

}  // namespace

Change after_mail(const Deletion& deletion, const MailResult& result, const MailContext& context) {
    CHATEAR_ASSERT(deletion.status == Status::queued);
    Deletion tried = deletion;
    if (result.kind != MailResult::Kind::withdrawn) {
        ++tried.mail_attempts;
    }
    Change change = judge(tried, result, context);
    change.before = deletion;
    return change;
}

Change notice_postponed(
    const Deletion& deletion, const MailResult& result, int tries, const MailContext& context
) {
    CHATEAR_ASSERT(deletion.status == Status::queued && deletion.notice_number > 0);
    Change change = unchanged(deletion);
    if (result.kind == MailResult::Kind::withdrawn) {
        change.after.next_mail_at = context.now + withdrawn_pause;
        return change;
    }
    const auto delay =
        context.policy.delay_after(static_cast<std::uint32_t>(tries), context.random);
    change.after.next_mail_at = context.now + delay.value_or(withdrawn_pause);
    Deletion notice = deletion;
    notice.mail_number = deletion.notice_number;
    change.audit.push_back(postponed(notice, result, tries, *change.after.next_mail_at));
    return change;
}

MailStep before_mail(const Deletion& deletion, const std::optional<User>& user) {
    CHATEAR_ASSERT(deletion.status == Status::queued);
    if (!user) {
        return fail(deletion, account_gone);
    }
    if (user->is_deleted) {
        return fail(deletion, deleted_elsewhere);
    }
    auto address = mail_address(*user);
    if (!address) {
        return hold(deletion, no_address_reason(*user));
    }
    return SendMail{*std::move(address)};
}

Change mail_limited(const Deletion& deletion, Time next_day) {
    CHATEAR_ASSERT(deletion.status == Status::queued);
    Change change = unchanged(deletion);
    change.after.next_mail_at = next_day;
    change.audit.push_back(audit_of(
        deletion,
        audit::mail_limited,
        {{"mail_number", deletion.mail_number}, {"until", format_time(next_day)}}
    ));
    return change;
}

}  // namespace chatear::deletion
