#pragma once

#include "base/result.hpp"
#include "net/task_group.hpp"
#include "postgres/connection.hpp"
#include "postgres/migrations.hpp"
#include "postgres/options.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <functional>
#include <string>
#include <vector>

namespace chatear::postgres {

namespace asio = boost::asio;

/// Applies migrations over a connection of its own. Any number of processes may do so at once: an
/// advisory lock lets them go one by one. Throws Unavailable when the server is.
class Migrator {
public:
    Migrator(const asio::any_io_executor& executor, ConnectionOptions options);

    asio::awaitable<Result<std::vector<MigrationStatus>>> status(std::vector<Migration> files);

    /// What plan_migrations says of this database.
    asio::awaitable<Result<std::vector<Migration>>> pending(std::vector<Migration> files);

    /// Those of `tables` that the database does not have.
    asio::awaitable<Result<std::vector<std::string>>> missing_tables(std::vector<std::string> tables
    );

    /// Applies what is pending, each in a transaction; the names of what was applied
    /// ("0001_delivery"). An Error names the migration that failed; those before it stay.
    asio::awaitable<Result<std::vector<std::string>>> migrate(std::vector<Migration> files);

private:
    static asio::awaitable<Result<std::vector<AppliedMigration>>> read_applied(
        Connection& connection
    );
    static asio::awaitable<Result<std::string>> apply_next(
        Connection& connection, std::vector<Migration> files
    );
    asio::awaitable<Result<std::vector<AppliedMigration>>> applied();

    asio::any_io_executor executor_;
    ConnectionOptions options_;
};

}  // namespace chatear::postgres
