#pragma once

#include "notification/email_sender.hpp"
#include "notification/redis_limits.hpp"
#include "notification/settings.hpp"
#include "notification/smtp_mail_transport.hpp"
#include "redis/client.hpp"
#include "redis/options.hpp"
#include "runtime/worker.hpp"
#include "smtp/options.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace chatear::notification {

/// The process that handles `email.send`.
inline constexpr std::string_view worker_name = "notification-worker";
inline constexpr const char* email_subject = "email.send";

/// All that `email.send` needs, read from the environment at once.
struct EmailServiceSettings {
    EmailSettings email;
    smtp::Options smtp;
    redis::Options redis;
};
EmailServiceSettings read_email_service_settings(SettingsReader& reader);

/// The stream of `email.send`, and what it tells others (EVENTS), whatever is configured.
runtime::StreamOptions email_stream();
std::vector<std::string> email_told_subjects();

/// Makes `worker` handle `email.send`. Throws std::runtime_error naming every mistake in the
/// templates, with file and, where it has one, line.
void handle_email_send(runtime::Worker& worker, EmailServiceSettings settings);

}  // namespace chatear::notification
