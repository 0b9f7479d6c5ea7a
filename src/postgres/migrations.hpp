#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "postgres/options.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>
#include <vector>

namespace chatear::postgres {

namespace asio = boost::asio;

/// One file of migrations/: "0001_delivery.sql".
struct Migration {
    int number = 0;    ///< From the file's name; unique, from 1.
    std::string name;  ///< "delivery".
    std::string sql;
    std::string checksum;  ///< SHA-256 of the file, hexadecimal.

    bool operator==(const Migration&) const = default;
};

/// A row of the table schema_migrations.
struct AppliedMigration {
    int number = 0;
    std::string name;
    std::string checksum;
    Time applied_at{};
};

/// What stands where, for `chatear migrate status`.
struct MigrationStatus {
    int number = 0;
    std::string name;
    std::optional<Time> applied_at;  ///< Nothing: it is still to be applied.
};

/// The files NNNN_name.sql of `directory` in order. An Error names a file with a name of another
/// form, a number that stands twice, or a file that cannot be read.
Result<std::vector<Migration>> load_migrations(const std::string& directory);

/// What is still to be applied, in order. An Error when a file was changed after it was applied.
/// Rows without a file are a newer version's and ignored, so that versions can be rolled back.
Result<std::vector<Migration>> plan_migrations(
    const std::vector<Migration>& files, const std::vector<AppliedMigration>& applied
);

/// The SQL that `migrate` would run, for `--dry-run`.
std::string dry_run_text(const std::vector<Migration>& pending);

/// Applies migrations over a connection of its own. Any number of processes may do so at once: an
/// advisory lock lets them go one by one. Throws Unavailable when the server is.
class Migrator {
public:
    Migrator(const asio::any_io_executor& executor, ConnectionOptions options);

    asio::awaitable<Result<std::vector<MigrationStatus>>> status(std::vector<Migration> files);

    /// What plan_migrations says of this database.
    asio::awaitable<Result<std::vector<Migration>>> pending(std::vector<Migration> files);

    /// Applies what is pending, each in a transaction; the names of what was applied
    /// ("0001_delivery"). An Error names the migration that failed; those before it stay.
    asio::awaitable<Result<std::vector<std::string>>> migrate(std::vector<Migration> files);

private:
    asio::any_io_executor executor_;
    ConnectionOptions options_;
};

}  // namespace chatear::postgres
