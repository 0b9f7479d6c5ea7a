#include "deletion/notices.hpp"

#include "mail/address.hpp"
#include "mail/template_folder.hpp"

#include <fmt/format.h>

#include <utility>

namespace chatear::deletion {
namespace {

constexpr std::string_view mail_key = "mail.";  // Before the word of an e-mail's key.

/// Whether the user can be written to; then the payload says how.
bool fill_in_user(Notice& notice, const std::optional<User>& user) {
    const auto address = user ? mail_address(*user) : std::nullopt;
    if (!address) {
        return false;
    }
    notice.payload["recipient"] = *address;
    // What the product wrote into these columns must not make a dead letter of the e-mail.
    if (mail::is_template_name(user->locale)) {
        notice.payload["locale"] = user->locale;
    }
    if (!user->name.empty()) {
        notice.payload["template_data"] = {{"name", user->name}};
    }
    return true;
}

}  // namespace

Notice domain_event(std::string_view subject, std::string key, const std::string& user_id) {
    Notice notice{std::string(subject), std::move(key)};
    notice.payload["user_id"] = user_id;
    return notice;
}

Notice email_notice(std::string_view template_name, std::string_view word) {
    Notice notice{std::string(subject::email), fmt::format("{}{}", mail_key, word)};
    notice.payload["template_name"] = template_name;
    return notice;
}

std::vector<Notice> finish_notices(
    std::vector<Notice> notices, const std::string& deletion_id, const std::optional<User>& user
) {
    std::vector<Notice> finished;
    for (Notice& notice : notices) {
        if (notice.subject == subject::email) {
            if (!fill_in_user(notice, user)) {
                continue;
            }
            const std::string_view word = std::string_view(notice.key).substr(mail_key.size());
            notice.payload["event_id"] = fmt::format("{}.{}", deletion_id, word);
        } else {
            notice.payload["deletion_id"] = deletion_id;
            notice.payload["event_id"] = fmt::format("{}/{}", deletion_id, notice.key);
        }
        finished.push_back(std::move(notice));
    }
    return finished;
}

std::optional<std::string> mail_address(const User& user) {
    if (!user.email) {
        return std::nullopt;
    }
    const auto address = mail::parse_address(*user.email);
    return address ? std::optional(address->addr_spec()) : std::nullopt;
}

}  // namespace chatear::deletion
