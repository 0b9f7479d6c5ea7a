#pragma once

#include "deletion/settings.hpp"
#include "notification/settings.hpp"
#include "redis/options.hpp"
#include "runtime/streams.hpp"
#include "runtime/worker.hpp"
#include "smtp/options.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace chatear::deletion {

/// The process that handles `user.delete` and `user.recover`.
inline constexpr std::string_view worker_name = "user-delete-worker";
inline constexpr const char* delete_subject = "user.delete";
inline constexpr const char* recover_subject = "user.recover";

/// All that account deletion needs, read from the environment at once.
struct ServiceSettings {
    Settings deletion;
    notification::EmailSettings email;
    smtp::Options smtp;
    redis::Options redis;
};
ServiceSettings read_service_settings(SettingsReader& reader);

/// The stream of both subjects, and what it tells others (EVENTS).
runtime::StreamOptions users_stream();
std::vector<std::string> told_subjects();

/// The tables that it needs beside those of the delivery path.
std::vector<std::string> deletion_tables();

/// Makes `worker` handle account deletion: both subjects, the scheduler, the recovery page. Throws
/// std::runtime_error for mistakes in the templates, or an address that cannot be listened on.
void handle_deletions(runtime::Worker& worker, ServiceSettings settings);

}  // namespace chatear::deletion
