#include "admin/checks.hpp"
#include "base/clock.hpp"
#include "base/utc.hpp"
#include "base/values.hpp"
#include "postgres/migrator.hpp"

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace chatear::admin {
namespace {

using std::chrono::milliseconds;

constexpr postgres::Statement about_server = R"(
    SELECT current_setting('server_version') AS version, current_setting('fsync') AS fsync,
           current_setting('synchronous_commit') AS synchronous_commit, current_setting('full_page_writes') AS full_page_writes,
           pg_is_in_recovery() AS standby, clock_timestamp() AS now,
           (SELECT count(*) FROM pg_stat_replication) AS standbys,
           (SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')) AS synchronous_standbys)";

constexpr postgres::Statement about_outbox = R"(
    SELECT count(*) FILTER (WHERE refused_reason IS NOT NULL) AS refused,
           count(*) FILTER (WHERE refused_reason IS NULL AND due_at < now() - interval '1 minute') AS overdue,
           count(*) FILTER (WHERE refused_reason IS NULL) AS waiting
    FROM outbox)";

void judge_durability(const postgres::Rows& rows, Findings& findings) {
    if (rows.text(0, "fsync") != "on" || rows.text(0, "full_page_writes") != "on") {
        findings.warning(
            "fsync or full_page_writes is off: a power failure can destroy the database",
            "set both to on, except for tests"
        );
    } else {
        findings.ok("fsync is on");
    }
    const std::string commit(rows.text(0, "synchronous_commit"));
    if (commit == "off") {
        findings.warning(
            "synchronous_commit is off: a crash forgets up to 0.6 s of verdicts, and their mails "
            "are sent again",
            "set synchronous_commit to on, at least for this role"
        );
    } else {
        findings.ok(fmt::format("synchronous_commit is {}", commit));
    }
    const std::int64_t standbys = rows.integer(0, "standbys");
    const std::int64_t synchronous = rows.integer(0, "synchronous_standbys");
    findings.ok(fmt::format(
        "{} standbys, {} of them synchronous{}",
        standbys,
        synchronous,
        standbys > 0 && synchronous == 0 ? " (a failover loses what they had not received)" : ""
    ));
}

void judge_clock(Time theirs, Time before, Time after, Findings& findings) {
    const Time ours = before + (after - before) / 2;
    const auto difference =
        std::chrono::duration_cast<milliseconds>(theirs > ours ? theirs - ours : ours - theirs);
    const std::string text =
        fmt::format("this machine's clock and the database's differ by {} ms", difference.count());
    if (difference > milliseconds(2000) + (after - before)) {
        findings.warning(text, "run a time service on both; workers go by the database's");
    } else {
        findings.ok(text);
    }
}

asio::awaitable<bool> check_migrations(Tool& tool, Findings& findings) {
    Result<std::vector<postgres::Migration>> files =
        postgres::load_migrations(tool.folders().migrations);
    if (!files) {
        findings.warning(files.error().message, "--migrations FOLDER, or MIGRATIONS_DIR");
        co_return true;
    }
    postgres::Migrator migrator(tool.executor(), tool.settings(postgres::read_settings));
    const Result<std::vector<postgres::Migration>> pending =
        co_await migrator.pending(std::move(*files));
    if (!pending) {
        findings.problem(
            pending.error().message, "use the migrations that this database was made with"
        );
        co_return true;
    }
    if (!pending->empty()) {
        findings.problem(
            fmt::format("{} migrations are pending", pending->size()), "chatear migrate up"
        );
        co_return false;
    }
    findings.ok("no migration is pending");
    co_return true;
}

asio::awaitable<void> check_outbox(postgres::Pool* pool, Findings& findings) {
    postgres::Params none;
    auto asked = co_await pool->query(about_outbox, std::move(none));
    const postgres::Rows rows = rows_or_end(std::move(asked));
    findings.ok(fmt::format("{} outbox rows wait for their time", rows.integer(0, "waiting")));
    if (rows.integer(0, "overdue") > 0) {
        findings.warning(
            fmt::format(
                "{} outbox rows should have left more than a minute ago", rows.integer(0, "overdue")
            ),
            "is a worker running, and are the streams there? chatear outbox list --overdue"
        );
    }
    if (rows.integer(0, "refused") > 0) {
        findings.warning(
            fmt::format("{} outbox rows were refused by JetStream", rows.integer(0, "refused")),
            "chatear outbox list --refused"
        );
    }
}

}  // namespace

asio::awaitable<void> check_postgres(Tool& tool, std::shared_ptr<Findings> findings) {
    postgres::Pool* pool = co_await tool.database();
    const SystemClock clock;
    const Time before = clock.now();
    postgres::Params none;
    auto asked = co_await pool->query(about_server, std::move(none));
    const Time after = clock.now();
    const postgres::Rows rows = rows_or_end(std::move(asked));
    findings->ok(fmt::format("PostgreSQL {} at {}", rows.text(0, "version"), pool->where()));
    if (rows.boolean(0, "standby")) {
        findings->problem(
            "this server is a standby and takes no writes",
            "name the primary in DATABASE_URL, or target_session_attrs=read-write"
        );
    }
    if (postgres::is_exposed(tool.settings(postgres::read_settings).url)) {
        findings->warning(
            "nothing makes sure who the database is: somebody between could read and change all",
            "sslmode=verify-full in DATABASE_URL, unless the network is yours alone"
        );
    }
    judge_durability(rows, *findings);
    judge_clock(rows.time(0, "now"), before, after, *findings);
    const bool tables_stand = co_await check_migrations(tool, *findings);
    if (tables_stand) {
        co_await check_outbox(pool, *findings);
    }
}

}  // namespace chatear::admin
