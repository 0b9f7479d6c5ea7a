#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"

#include <optional>
#include <string>
#include <vector>

namespace chatear::postgres {

/// One file of migrations/: "0001_delivery.sql".
struct Migration {
    int number = 0;    ///< From the file's name; unique, from 1.
    std::string name;  ///< "delivery".
    std::string sql;
    std::string checksum;  ///< SHA-256 of the file, hexadecimal.

    bool operator==(const Migration&) const = default;
};

/// A row of the table chatear_migrations (not schema_migrations, which the product's own tool may
/// have).
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

}  // namespace chatear::postgres
