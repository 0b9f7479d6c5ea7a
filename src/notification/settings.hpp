#pragma once

#include "base/settings.hpp"
#include "mail/address.hpp"

#include <optional>
#include <string>

namespace chatear::notification {

enum class OnAmbiguity {
    resend,  ///< Send again with the same Message-ID.
    hold,    ///< Ask a person: a dead letter whose replay sends.
};

/// Which ends of an e-mail are told to others (EMAIL_EVENTS).
enum class ToldEvents { failed, all, none };

struct EmailSettings {
    mail::Address from;
    OnAmbiguity on_ambiguity = OnAmbiguity::resend;
    ToldEvents told = ToldEvents::failed;
    std::string templates_dir;
    std::optional<Rate> rate;                ///< EMAIL_RATE: paces the pull.
    std::optional<Rate> rate_per_domain;     ///< EMAIL_RATE_PER_DOMAIN
    std::optional<Rate> rate_per_recipient;  ///< EMAIL_RATE_PER_RECIPIENT
};

/// SMTP_FROM, MAIL_ON_AMBIGUITY, EMAIL_EVENTS, TEMPLATES_DIR, EMAIL_RATE, EMAIL_RATE_PER_DOMAIN,
/// EMAIL_RATE_PER_RECIPIENT. Mistakes are in the reader; then the result is not to be used.
EmailSettings read_email_settings(SettingsReader& reader);

}  // namespace chatear::notification
