#pragma once

#include "base/log.hpp"
#include "base/settings.hpp"
#include "runtime/retry_policy.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace chatear::runtime {

/// What every worker may be told, whatever it does.
struct Settings {
    std::size_t concurrency = 0;
    std::size_t memory_budget = 0;
    RetryPolicy retry{};
    std::chrono::milliseconds shutdown_timeout{};
    std::string state_dir;                     ///< "" = none.
    std::optional<ListenAddress> http_listen;  ///< Nothing = off.
    bool migrate = false;
    std::string migrations_dir;
    int nats_replicas = 1;
    std::chrono::milliseconds ledger_retention{};
    log::Level log_level = log::Level::info;
    log::Format log_format = log::Format::json;
    bool log_pii = false;
};

Settings read_settings(SettingsReader& reader);

/// Sets the log up as told, for `worker`.
void apply_log_settings(const Settings& settings, std::string_view worker);

}  // namespace chatear::runtime
