#include "notification/settings.hpp"

namespace chatear::notification {
namespace {

void read_rates(SettingsReader& reader, EmailSettings& settings) {
    settings.rate = reader.rate(
        {.name = "EMAIL_RATE",
         .help = "E-mails that this process takes in a time; unset = no limit."}
    );
    settings.rate_per_domain = reader.rate(
        {.name = "EMAIL_RATE_PER_DOMAIN",
         .help = "E-mails to one domain in a time, over all processes; unset = no limit."}
    );
    settings.rate_per_recipient = reader.rate(
        {.name = "EMAIL_RATE_PER_RECIPIENT",
         .help = "E-mails to one address in a time, over all processes; unset = no limit."}
    );
}

}  // namespace

EmailSettings read_email_settings(SettingsReader& reader) {
    EmailSettings settings;
    const std::string from = reader.text(
        {.name = "SMTP_FROM",
         .help = "The sender of all e-mails, as in Chatear <no-reply@example.org>.",
         .required = true},
        "an address, or a name and an address"
    );
    if (!from.empty()) {
        auto address = mail::parse_address(from);
        if (address) {
            settings.from = std::move(*address);
        } else {
            reader.add_error("SMTP_FROM", address.error().message);
        }
    }
    settings.on_ambiguity = static_cast<OnAmbiguity>(reader.choice(
        {.name = "MAIL_ON_AMBIGUITY",
         .fallback = "resend",
         .help = "What to do when a message's content left and no answer came: send it again with "
                 "the same "
                 "Message-ID, or hold it for a person."},
        {"resend", "hold"}
    ));
    settings.told = static_cast<ToldEvents>(reader.choice(
        {.name = "EMAIL_EVENTS",
         .fallback = "failed",
         .help = "Which ends are told to others: email.failed, also email.sent, or neither."},
        {"failed", "all", "none"}
    ));
    settings.templates_dir = reader.text(
        {.name = "TEMPLATES_DIR",
         .fallback = "templates",
         .help = "Where the e-mail templates are."},
        "a folder"
    );
    read_rates(reader, settings);
    return settings;
}

}  // namespace chatear::notification
