#pragma once

#include "base/settings.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatear::deletion {

/// What becomes of personal data after an account's deletion (rule 15).
struct ErasureSettings {
    std::optional<std::chrono::milliseconds> after{};  ///< HARD_DELETE_AFTER; nothing = never.
    std::vector<std::string> columns{};  ///< HARD_DELETE_COLUMNS, of `users`; each once.
};

struct Settings {
    int daily_limit = 10;          ///< DELETION_DAILY_LIMIT: executions a UTC day.
    int recovery_daily_limit = 2;  ///< RECOVERY_EMAIL_DAILY_LIMIT: mails a user and UTC day.
    std::chrono::milliseconds recovery_period{std::chrono::hours(24)};
    std::string recovery_url{};                      ///< Without a token; has a path, no query.
    std::optional<ListenAddress> recovery_listen{};  ///< Nothing = off.
    ErasureSettings erasure{};
};

/// DELETION_DAILY_LIMIT, RECOVERY_EMAIL_DAILY_LIMIT, RECOVERY_PERIOD, RECOVERY_URL,
/// RECOVERY_LISTEN, HARD_DELETE_AFTER, HARD_DELETE_COLUMNS, DEVELOPMENT. Mistakes are in the
/// reader; then the result is not to be used.
Settings read_settings(SettingsReader& reader);

/// RECOVERY_PERIOD and DEVELOPMENT alone, for who needs no other.
std::chrono::milliseconds read_recovery_period(SettingsReader& reader);

/// DELETION_DAILY_LIMIT alone, for who needs no other.
int read_daily_limit(SettingsReader& reader);

/// HARD_DELETE_AFTER and HARD_DELETE_COLUMNS alone, for who needs nothing else.
ErasureSettings read_erasure_settings(SettingsReader& reader);

/// The path that the recovery page is served at: that of RECOVERY_URL.
std::string recovery_path(std::string_view recovery_url);

/// The link of one token.
std::string recovery_link(std::string_view recovery_url, std::string_view token);

}  // namespace chatear::deletion
