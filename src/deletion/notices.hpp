#pragma once

#include "deletion/change.hpp"
#include "deletion/deletion.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What is told of a deletion: the subjects, and how a notice gets what is only known where it is
/// written. What each payload has is in docs/deletion.md.
namespace chatear::deletion {

namespace subject {
inline constexpr std::string_view requested = "user.deletion.requested";
inline constexpr std::string_view scheduled = "user.deletion.scheduled";
inline constexpr std::string_view cancelled = "user.deletion.cancelled";
inline constexpr std::string_view held = "user.deletion.held";
inline constexpr std::string_view failed = "user.deletion.failed";
inline constexpr std::string_view deleted = "user.deleted";
inline constexpr std::string_view email = "email.send";
}  // namespace subject

/// A domain event with `user_id`.
Notice domain_event(std::string_view subject, std::string key, const std::string& user_id);

/// An `email.send` from a template; its key is "mail.<word>", its event_id "<deletion id>.<word>".
Notice email_notice(std::string_view template_name, std::string_view word);

/// What the outbox gets: each with its `deletion_id` and `event_id` ("<deletion id>/<key>", for an
/// e-mail "<deletion id>.<word>"), e-mails with the user's address, name and locale. An e-mail for
/// somebody without a valid address is left out.
std::vector<Notice> finish_notices(
    std::vector<Notice> notices, const std::string& deletion_id, const std::optional<User>& user
);

/// The address that a user is written to ("local@domain"), or nothing: there is none, or it is not
/// a valid one.
std::optional<std::string> mail_address(const User& user);

}  // namespace chatear::deletion
