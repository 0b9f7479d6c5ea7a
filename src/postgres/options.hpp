#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/settings.hpp"

#include <chrono>
#include <cstddef>
#include <string>

namespace chatear::postgres {

/// How to reach the server, and how long to wait for it.
struct ConnectionOptions {
    /// What libpq takes: `postgres://...`, `postgresql://...` or `key=value ...`, several hosts and
    /// TLS by its own words (sslmode, sslrootcert, ...). It may hold a password.
    Secret url;
    std::string application_name = "chatear";         ///< Shown in pg_stat_activity.
    std::size_t connections = 4;                      ///< Of one pool.
    std::chrono::milliseconds connect_timeout{5000};  ///< For each address; name lookup likewise.
    std::chrono::milliseconds statement_timeout{10000};  ///< The server's, for each statement.
    std::chrono::milliseconds lock_timeout{5000};        ///< Waiting for one row or table lock.
    std::chrono::milliseconds wait_timeout{5000};        ///< For a connection while none is ready.
    /// Its statements are planned once and for any table's size (statement.hpp); otherwise for what
    /// they are given, and for the tables as they are now.
    bool plans_stay = true;
};

/// DATABASE_URL, POSTGRES_CONNECTIONS, POSTGRES_STATEMENT_TIMEOUT. Mistakes are in the reader.
ConnectionOptions read_settings(SettingsReader& reader);

/// An Error says what libpq does not understand in `url`; its password is not in the message.
Result<void> check_url(const Secret& url);

/// Whether `url` leads to another machine without that its certificate and name must be good: who
/// is between could read and change everything. False for what is no URL.
bool is_exposed(const Secret& url);

/// The hosts of `url` as "host:port, host:port"; safe to log.
std::string describe_hosts(const Secret& url);

}  // namespace chatear::postgres
