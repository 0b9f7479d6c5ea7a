#pragma once

#include "base/clock.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace chatear::deletion {

/// Where a deletion stands; the words in `user_deletions.status`. Diagram: docs/deletion.md.
enum class Status {
    queued,     ///< Its recovery mail is not accepted yet: no clock runs.
    scheduled,  ///< Accepted at recovery_sent_at; due at scheduled_at.
    executed,   ///< Final: the account is deleted.
    cancelled,  ///< Final: somebody recovered the account, or the operator called it off.
    held,       ///< Waits for a person, who is told why by held_reason.
    failed,     ///< Final: it cannot be done, the account is not there.
};

std::string_view to_text(Status status);
std::optional<Status> parse_status(std::string_view word);

/// Whether it is still under way; a user has at most one such deletion.
bool is_open(Status status);

/// One row of `user_deletions`. All times are the database's.
struct Deletion {
    std::string id;       ///< As text, whatever its type.
    std::string user_id;  ///< As the database writes `users.id`.
    Status status = Status::queued;
    Time requested_at{};
    std::optional<Time>
        recovery_sent_at{};              ///< When its mail was accepted: the 24 h run from here.
    std::optional<Time> scheduled_at{};  ///< When due. Never believed alone (rule 10).
    std::optional<Time> executed_at{};
    std::optional<Time> cancelled_at{};
    int mail_number = 1;                 ///< Of the mail whose acceptance counts.
    int mail_attempts = 0;               ///< Judged tries of that mail.
    std::optional<Time> next_mail_at{};  ///< When that mail is tried next; only while queued.
    std::string address_hash{};          ///< address_hash() of whom that mail went to; "" = nobody.
    int address_changes = 0;             ///< Times that the address changed after acceptance.
    int notice_number = 0;               ///< Of the mail to the address of before; 0 = none.
    int times_held = 0;
    std::string held_reason{};
    std::optional<Status> held_from{};

    bool operator==(const Deletion&) const = default;
};

/// What is known of a user, read at the moment of use.
struct User {
    std::string id;
    std::optional<std::string> email{};
    bool is_deleted = false;
    std::string name{};       ///< "" = not known, as in the next two.
    std::string locale{};     ///< "pt-BR"
    std::string time_zone{};  ///< "America/Sao_Paulo"

    bool operator==(const User&) const = default;
};

/// Lower-case hexadecimal SHA-256 of an address as it is written to: what a deletion remembers
/// instead of the address.
std::string address_hash(std::string_view address);

/// "<deletion id>.<mail number>": the mail's key in `email_sends`, and in its Message-ID.
std::string mail_id(const Deletion& deletion, int mail_number);

}  // namespace chatear::deletion
