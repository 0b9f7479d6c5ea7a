#include "deletion/recovery_mail.hpp"

#include "base/digest.hpp"
#include "base/utc.hpp"
#include "deletion/life_change.hpp"
#include "mail/template_folder.hpp"
#include "notification/email_sender.hpp"

#include <fmt/format.h>

#include <utility>

namespace chatear::deletion {
namespace {

using runtime::LedgerStatus;

constexpr std::string_view template_name = "account_recovery";

/// Of a mail that is not tried any more.
MailResult::Kind kind_of_failure(std::string_view words) {
    if (words.starts_with(nobody_there)) {
        return MailResult::Kind::nobody;
    }
    return is_passing(words) ? MailResult::Kind::try_later : MailResult::Kind::never;
}

bool is_final(LedgerStatus status) {
    return status == LedgerStatus::done || status == LedgerStatus::failed ||
           status == LedgerStatus::ambiguous;
}

/// To the minute, rounded down.
std::string minute_text(Time time) {
    const std::string text = format_time(time);
    constexpr std::size_t date_bytes = 10;
    constexpr std::size_t clock_bytes = 5;
    return text.substr(0, date_bytes) + " " + text.substr(date_bytes + 1, clock_bytes) + " UTC";
}

}  // namespace

std::string Letter::slot_holder() const {
    return fmt::format("{}.{}.{}", id(), generation, takeovers);
}

std::string Letter::next_slot_holder(bool last_try) const {
    return last_try ? fmt::format("{}.0.0", mail_id(deletion, mail_number + 1))
                    : fmt::format("{}.{}.0", id(), generation + 1);
}

Letter letter_of(const MailJob& job, std::string address) {
    Letter letter;
    letter.deletion = job.deletion;
    letter.user = job.user.value_or(User());
    letter.mail_number = job.deletion.mail_number;
    letter.number_of_try = job.deletion.mail_attempts + 1;
    letter.generation = job.record ? job.record->generation : 0;
    letter.address = std::move(address);
    return letter;
}

std::optional<Letter> notice_of(const MailJob& job) {
    const bool wanted = job.deletion.notice_number > 0 && job.user && job.former_record &&
                        !job.former_record->recipient.empty();
    const auto& record = job.notice_record;
    if (!wanted || (record && is_final(record->status))) {
        return std::nullopt;
    }
    Letter letter = letter_of(job, job.former_record->recipient);
    letter.mail_number = job.deletion.notice_number;
    letter.number_of_try = record ? static_cast<int>(record->attempts) + 1 : 1;
    letter.generation = record ? record->generation : 0;
    return letter;
}

std::optional<SlotHeir> slot_left_behind(
    const Letter& letter, const std::optional<MailRecord>& record
) {
    if (!record || is_in_doubt(record->error)) {
        return std::nullopt;
    }
    const bool waits =
        record->status == LedgerStatus::retrying || record->status == LedgerStatus::deferred;
    const bool came_back = waits && record->generation > 0;
    if (!came_back && record->status != LedgerStatus::failed) {
        return std::nullopt;
    }
    Letter last = letter;
    last.generation = record->generation - (came_back ? 1 : 0);  // Its verdict has raised it.
    last.takeovers = record->takeovers;
    return SlotHeir{last.slot_holder(), last.next_slot_holder(!came_back)};
}

std::optional<MailResult> known_notice_result(const MailJob& job) {
    const std::optional<MailRecord>& record = job.notice_record;
    const bool wants_next = record && record->status == LedgerStatus::retrying &&
                            job.deletion.next_mail_at <= record->updated_at;
    if (!wants_next) {
        return std::nullopt;
    }
    MailResult result;
    result.kind = MailResult::Kind::try_later;
    result.reply = record->reply;
    return result;
}

std::optional<MailResult> known_result(const MailJob& job) {
    if (!job.record) {
        return std::nullopt;
    }
    const MailRecord& record = *job.record;
    MailResult result;
    result.reply = record.reply;
    result.address_hash = address_hash(record.recipient);
    switch (record.status) {
        case LedgerStatus::done:
            if (!record.sent_at) {
                return std::nullopt;
            }
            result.kind = MailResult::Kind::accepted;
            result.at = *record.sent_at;
            return result;
        case LedgerStatus::failed:
            result.kind = kind_of_failure(record.error);
            result.judged_at = record.updated_at;
            return result;
        case LedgerStatus::ambiguous:
            result.kind = MailResult::Kind::ambiguous;
            return result;
        case LedgerStatus::retrying:
            if (record.attempts > static_cast<std::uint32_t>(job.deletion.mail_attempts)) {
                result.kind = MailResult::Kind::try_later;
                return result;
            }
            break;
        case LedgerStatus::working:
        case LedgerStatus::deferred:
            break;
    }
    return std::nullopt;
}

runtime::LedgerTable recovery_mail_ledger(bool keeps_content_at) {
    runtime::LedgerTable table = notification::email_ledger();
    table.claim_columns.push_back({"kept", "boolean", "true"});
    table.verdict_columns.push_back({"recipient", "text"});
    table.keeps_content_at = keeps_content_at;
    return table;
}

std::vector<std::optional<std::string>> claim_details(
    const Letter& letter, std::string message_id
) {
    std::vector<std::optional<std::string>> details(4);
    details[0] = letter.address;
    details[1] = std::string(template_name);
    details[2] = std::move(message_id);
    details[3] = "true";
    return details;
}

std::vector<std::optional<std::string>> verdict_details(const Letter& letter, const TryEnd& end) {
    std::vector<std::optional<std::string>> details(3);
    if (!end.result.reply.empty()) {
        details[0] = end.result.reply;
    }
    if (!end.reason.empty()) {
        details[1] = end.reason;
    }
    details[2] = letter.address;
    return details;
}

runtime::Event event_of(const Letter& letter, Time now) {
    runtime::Event event;
    event.message.subject = "email.send";
    event.event_id = letter.id();
    event.generation = letter.generation;
    event.published_at = now;
    event.content_sha256 = sha256(letter.id());
    return event;
}

Result<notification::EmailSend> compose_letter(const Letter& letter, const LetterContent& content) {
    auto recipient = mail::parse_address(letter.address);
    if (!recipient) {
        return recipient.error();
    }
    notification::EmailSend mail;
    mail.recipient = std::move(*recipient);
    mail.template_name = template_name;
    if (mail::is_template_name(letter.user.locale)) {
        mail.locale = letter.user.locale;  // The product's word; one that is no locale is unknown.
    }
    mail.event_id = letter.id();
    mail.template_data["scheduled_at"] = minute_text(content.scheduled_at);
    if (content.local_time) {
        mail.template_data["scheduled_at_local"] = *content.local_time;
        mail.template_data["time_zone"] = letter.user.time_zone;
    }
    mail.template_data["recovery_url"] = content.recovery_url;
    if (!letter.user.name.empty()) {
        mail.template_data["name"] = letter.user.name;
    }
    return mail;
}

}  // namespace chatear::deletion
