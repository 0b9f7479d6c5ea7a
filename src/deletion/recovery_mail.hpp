#pragma once

#include "deletion/deletion_store.hpp"
#include "deletion/life.hpp"
#include "deletion/try_end.hpp"
#include "notification/email_send.hpp"
#include "runtime/event.hpp"
#include "runtime/ledger.hpp"

#include <optional>
#include <string>
#include <vector>

/// What is decided about one recovery mail without I/O: which one is due, and what it says (rules 4
/// to 7).
namespace chatear::deletion {

/// One mail to one address, at one try.
struct Letter {
    Deletion deletion;
    User user;
    int mail_number = 1;
    int number_of_try = 1;
    std::uint32_t generation = 0;  ///< Of its row in `email_sends`.
    std::uint32_t takeovers = 0;   ///< Of that generation, from processes that died with it.
    std::string address{};

    std::string id() const { return mail_id(deletion, mail_number); }
    /// Of its slot: "<deletion id>.<mail number>.<generation>.<takeovers>". So each claim whose
    /// content may leave has a slot of its own.
    std::string slot_holder() const;
    /// Who gets the slot when this try was refused: the next try, or the first of the next mail.
    std::string next_slot_holder(bool last_try) const;
};

/// The mail whose acceptance counts, to `address`.
Letter letter_of(const MailJob& job, std::string address);

/// After a change of address: the notice to the old one, until it has ended. The mail whose
/// acceptance counts waits for it.
std::optional<Letter> notice_of(const MailJob& job);

/// Where the slot of the mail's last try belongs once its verdict stands, unless the try may have
/// been accepted. Its process may have died in between.
struct SlotHeir {
    std::string holder;
    std::string heir;
};
std::optional<SlotHeir> slot_left_behind(
    const Letter& letter, const std::optional<MailRecord>& record
);

/// The result of a try that stands in the ledger while the deletion does not show it yet: its
/// process died in between, or it was accepted.
std::optional<MailResult> known_result(const MailJob& job);
/// The same for a try of the notice, whose deletion has to wait for the next.
std::optional<MailResult> known_notice_result(const MailJob& job);

/// `email_sends`, in which the recipient is that of the last try, and whose rows outlive the
/// retention as long as the deletion is under way.
/// With `keeps_content_at` each content is noted before it begins, so that a process that died
/// before costs no slot.
runtime::LedgerTable recovery_mail_ledger(bool keeps_content_at);
/// Values for its claim_columns and verdict_columns.
std::vector<std::optional<std::string>> claim_details(const Letter& letter, std::string message_id);
std::vector<std::optional<std::string>> verdict_details(const Letter& letter, const TryEnd& end);

/// The mail as an event of its ledger. Not older than `now`: rule 3 is about events of others.
runtime::Event event_of(const Letter& letter, Time now);

/// What the template account_recovery is filled with.
struct LetterContent {
    std::string recovery_url;
    Time scheduled_at{};                      ///< Not before this moment.
    std::optional<std::string> local_time{};  ///< The same for the user: "2026-11-26 09:00".
};
Result<notification::EmailSend> compose_letter(const Letter& letter, const LetterContent& content);

}  // namespace chatear::deletion
