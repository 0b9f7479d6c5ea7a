#include "postgres/migrator.hpp"

#include "base/error.hpp"
#include "base/log.hpp"

#include <fmt/format.h>

#include <exception>
#include <utility>

namespace chatear::postgres {
namespace {

// Any number, as long as it stays: who migrates waits for who has it.
constexpr Statement take_lock = "SELECT pg_advisory_xact_lock(7234109856120437)";

// A table that a long transaction uses must not make everybody queue behind us.
constexpr Statement limit_locks = "SET LOCAL lock_timeout = '10s'";

constexpr Statement make_table = R"(
    CREATE TABLE IF NOT EXISTS chatear_migrations (
        number integer PRIMARY KEY,
        name text NOT NULL,
        checksum text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now()))";

constexpr Statement table_stands = "SELECT to_regclass('chatear_migrations') IS NOT NULL";

constexpr Statement select_applied =
    "SELECT number, name, checksum, applied_at FROM chatear_migrations ORDER BY number";

constexpr Statement select_missing_tables =
    "SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass(quote_ident(name)) IS NULL";

constexpr Statement insert_applied =
    "INSERT INTO chatear_migrations (number, name, checksum) VALUES ($1, $2, $3)";

std::string full_name(const Migration& migration) {
    return fmt::format("{:04}_{}", migration.number, migration.name);
}

Error error_of(const std::string& what, const SqlError& error) {
    return Error{fmt::format("{}: {} (SQLSTATE {})", what, error.message, error.sqlstate)};
}

// Runs `work` on a connection of its own, and waits until that has ended in either case.
template <typename T>
asio::awaitable<T> on_connection(
    asio::any_io_executor executor,
    ConnectionOptions options,
    const std::function<asio::awaitable<T>(Connection&)>& work
) {
    net::TaskGroup tasks(executor);
    net::Resolver resolver(executor);
    std::optional<T> result;
    std::exception_ptr thrown;
    {
        Connection connection(tasks, options);
        try {
            co_await connection.connect(resolver);
            result = co_await work(connection);
        } catch (const Unavailable&) {
            thrown = std::current_exception();
        }
    }
    co_await tasks.join();
    if (thrown) {
        std::rethrow_exception(thrown);
    }
    co_return std::move(*result);
}

}  // namespace

Migrator::Migrator(const asio::any_io_executor& executor, ConnectionOptions options)
    : executor_(executor), options_(std::move(options)) {
    // An index over a large table takes its time, and so may the process that has the lock.
    options_.statement_timeout = std::chrono::minutes(30);
    options_.lock_timeout = options_.statement_timeout;
    options_.plans_stay = false;
}

asio::awaitable<Result<std::vector<AppliedMigration>>> Migrator::read_applied(Connection& connection
) {
    const Params none;
    const QueryResult rows = co_await connection.query(select_applied, none);
    if (!rows) {
        co_return error_of("table chatear_migrations", rows.error());
    }
    std::vector<AppliedMigration> applied;
    for (std::size_t row = 0; row < rows->size(); ++row) {
        applied.push_back({
            static_cast<int>(rows->integer(row, "number")),
            std::string(rows->text(row, "name")),
            std::string(rows->text(row, "checksum")),
            rows->time(row, "applied_at"),
        });
    }
    co_return applied;
}

asio::awaitable<Result<std::vector<AppliedMigration>>> Migrator::applied() {
    using Applied = Result<std::vector<AppliedMigration>>;
    const std::function<asio::awaitable<Applied>(Connection&)> work =
        [](Connection& connection) -> asio::awaitable<Applied> {
        const Params none;
        const QueryResult stands = co_await connection.query(table_stands, none);
        if (!stands) {
            co_return error_of("table chatear_migrations", stands.error());
        }
        if (!stands->boolean(0, 0)) {
            co_return std::vector<AppliedMigration>();
        }
        co_return co_await read_applied(connection);
    };
    co_return co_await on_connection<Applied>(executor_, options_, work);
}

asio::awaitable<Result<std::vector<std::string>>> Migrator::missing_tables(
    std::vector<std::string> tables
) {
    using Names = Result<std::vector<std::string>>;
    const std::function<asio::awaitable<Names>(Connection&)> work = [&tables](Connection& connection
                                                                    ) -> asio::awaitable<Names> {
        Params params;
        params.texts(tables);
        const QueryResult rows = co_await connection.query(select_missing_tables, params);
        if (!rows) {
            co_return error_of("looking for the tables", rows.error());
        }
        std::vector<std::string> names;
        for (std::size_t row = 0; row < rows->size(); ++row) {
            names.emplace_back(rows->text(row, 0));
        }
        co_return names;
    };
    co_return co_await on_connection<Names>(executor_, options_, work);
}

asio::awaitable<Result<std::vector<MigrationStatus>>> Migrator::status(std::vector<Migration> files
) {
    const Result<std::vector<AppliedMigration>> rows = co_await applied();
    if (!rows) {
        co_return rows.error();
    }
    std::vector<MigrationStatus> status;
    for (const Migration& file : files) {
        MigrationStatus line{file.number, file.name, std::nullopt};
        for (const AppliedMigration& row : *rows) {
            if (row.number == file.number) {
                line.applied_at = row.applied_at;
            }
        }
        status.push_back(line);
    }
    co_return status;
}

asio::awaitable<Result<std::vector<Migration>>> Migrator::pending(std::vector<Migration> files) {
    const Result<std::vector<AppliedMigration>> rows = co_await applied();
    if (!rows) {
        co_return rows.error();
    }
    co_return plan_migrations(files, *rows);
}

// The name of what was applied; empty when nothing was left. Leaves the transaction open on error:
// the connection ends with it.
asio::awaitable<Result<std::string>> Migrator::apply_next(
    Connection& connection, std::vector<Migration> files
) {
    const Params none;
    for (const Statement& statement : {Statement("BEGIN"), take_lock, make_table, limit_locks}) {
        const QueryResult done = co_await connection.query(statement, none);
        if (!done) {
            co_return error_of("table chatear_migrations", done.error());
        }
    }
    const Result<std::vector<AppliedMigration>> rows = co_await read_applied(connection);
    if (!rows) {
        co_return rows.error();
    }
    const Result<std::vector<Migration>> pending = plan_migrations(files, *rows);
    if (!pending) {
        co_return pending.error();
    }
    std::string name;
    if (!pending->empty()) {
        const Migration& migration = pending->front();
        name = full_name(migration);
        const QueryResult ran = co_await connection.run_script(migration.sql);
        if (!ran) {
            co_return error_of("migration " + name, ran.error());
        }
        Params row;
        row.integer(migration.number).text(migration.name).text(migration.checksum);
        const QueryResult noted = co_await connection.query(insert_applied, row);
        if (!noted) {
            co_return error_of("migration " + name, noted.error());
        }
    }
    const QueryResult committed = co_await connection.query("COMMIT", none);
    if (!committed) {
        co_return error_of("migration " + name, committed.error());
    }
    co_return name;
}

asio::awaitable<Result<std::vector<std::string>>> Migrator::migrate(std::vector<Migration> files) {
    using Names = Result<std::vector<std::string>>;
    const std::function<asio::awaitable<Names>(Connection&)> work = [&files](Connection& connection
                                                                    ) -> asio::awaitable<Names> {
        std::vector<std::string> names;
        while (true) {
            const Result<std::string> name = co_await apply_next(connection, files);
            if (!name) {
                co_return name.error();
            }
            if (name->empty()) {
                co_return names;
            }
            log::info("a migration was applied", {{"name", *name}, {"peer", connection.where()}});
            names.push_back(*name);
        }
    };
    co_return co_await on_connection<Names>(executor_, options_, work);
}

}  // namespace chatear::postgres
