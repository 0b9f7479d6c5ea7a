#pragma once

#include "deletion/change.hpp"
#include "deletion/deletion.hpp"

#include <boost/json/object.hpp>

#include <chrono>
#include <string_view>

/// What the steps of a deletion's life are put together from. For life_*.cpp alone.
namespace chatear::deletion {

/// An audit row of this deletion: `meta` and its id.
AuditEntry audit_of(
    const Deletion& deletion, std::string_view action, boost::json::object meta = {}
);

/// A step that changes nothing yet.
Change unchanged(const Deletion& deletion);

/// `queued`, with its mail due at `now`: the mail of `mail_number`, which has not been tried yet.
void queue_mail(Deletion& deletion, int mail_number, Time now);

/// `scheduled`: the recovery period runs from `sent_at`. Adds `user.deletion.scheduled`.
void schedule(Change& change, Time sent_at, std::chrono::milliseconds recovery_period);

/// `failed`: it cannot be done. Whole, with audit row and notice.
Change fail(const Deletion& deletion, std::string_view reason);

/// For people: why an account can't be deleted, or not be written to.
inline constexpr std::string_view account_gone = "the account is not there any more";
inline constexpr std::string_view deleted_elsewhere = "the account was deleted by somebody else";
std::string_view no_address_reason(const User& user);

/// What may be kept of an SMTP reply for ever: its codes, "550 5.1.1"; its words may have the
/// address in them.
std::string_view reply_codes(std::string_view reply);

}  // namespace chatear::deletion
