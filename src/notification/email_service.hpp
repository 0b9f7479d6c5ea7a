#pragma once

#include "notification/email_sender.hpp"
#include "notification/redis_limits.hpp"
#include "notification/settings.hpp"
#include "notification/smtp_mail_transport.hpp"
#include "redis/client.hpp"
#include "redis/options.hpp"
#include "runtime/worker.hpp"
#include "smtp/options.hpp"

#include <memory>

namespace chatear::notification {

/// All that `email.send` needs, read from the environment at once.
struct EmailServiceSettings {
    EmailSettings email;
    smtp::Options smtp;
    redis::Options redis;
};
EmailServiceSettings read_email_service_settings(SettingsReader& reader);

/// Makes `worker` handle `email.send`. Throws std::runtime_error naming every mistake in the
/// templates, with file and line.
void handle_email_send(runtime::Worker& worker, EmailServiceSettings settings);

}  // namespace chatear::notification
