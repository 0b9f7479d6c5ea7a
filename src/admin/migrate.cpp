#include "admin/commands.hpp"
#include "base/utc.hpp"
#include "postgres/migrator.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace chatear::admin {
namespace {

constexpr auto footer =
    R"(Migrations only add: a table that exists gets what it lacks. Several at once wait for one another.

Examples:
  chatear migrate status          # ends with 1 when something is pending
  chatear migrate up --dry-run    # the SQL, not run
  chatear migrate up)";

std::vector<postgres::Migration> load(const Tool& tool) {
    return value_or_end(postgres::load_migrations(tool.folders().migrations), ExitCode::usage);
}

postgres::Migrator migrator_of(const Tool& tool) {
    return postgres::Migrator(tool.executor(), tool.settings(postgres::read_settings));
}

asio::awaitable<ExitCode> show_status(Tool& tool) {
    std::vector<postgres::Migration> files = load(tool);
    postgres::Migrator migrator = migrator_of(tool);
    auto result = co_await migrator.status(std::move(files));
    const std::vector<postgres::MigrationStatus> found = value_or_end(std::move(result));
    boost::json::array rows;
    bool pending = false;
    for (const postgres::MigrationStatus& migration : found) {
        boost::json::object row = {{"number", migration.number}, {"name", migration.name}};
        row["state"] = migration.applied_at ? "applied" : "pending";
        if (migration.applied_at) {
            row["applied_at"] = format_time(*migration.applied_at);
        }
        pending = pending || !migration.applied_at;
        rows.push_back(std::move(row));
    }
    tool.console().list(rows, {"number", "name", "state", "applied_at"}, "there are no migrations");
    co_return pending ? ExitCode::failed : ExitCode::ok;
}

asio::awaitable<ExitCode> apply(Tool& tool) {
    std::vector<postgres::Migration> files = load(tool);
    postgres::Migrator migrator = migrator_of(tool);
    auto result = co_await migrator.migrate(std::move(files));
    const std::vector<std::string> applied = value_or_end(std::move(result));
    const std::string sentence = applied.empty()
                                     ? "nothing was pending"
                                     : fmt::format("applied {}", fmt::join(applied, ", "));
    boost::json::array names(applied.begin(), applied.end());
    tool.console().result(sentence, {{"applied", std::move(names)}});
    co_return ExitCode::ok;
}

asio::awaitable<ExitCode> print_pending(Tool& tool) {
    std::vector<postgres::Migration> files = load(tool);
    postgres::Migrator migrator = migrator_of(tool);
    auto result = co_await migrator.pending(std::move(files));
    const std::vector<postgres::Migration> pending = value_or_end(std::move(result));
    if (!tool.console().json()) {
        tool.console().raw(postgres::dry_run_text(pending));
        co_return ExitCode::ok;
    }
    boost::json::array rows;
    for (const postgres::Migration& migration : pending) {
        rows.push_back(boost::json::object{
            {"number", migration.number}, {"name", migration.name}, {"sql", migration.sql}});
    }
    tool.console().list(rows, {}, "");
    co_return ExitCode::ok;
}

}  // namespace

void declare_migrate(CLI::App& app, Action& chosen) {
    CLI::App* migrate = app.add_subcommand("migrate", "Make and change the tables in PostgreSQL");
    migrate->footer(footer);
    migrate->require_subcommand(1);
    CLI::App* status = migrate->add_subcommand("status", "What is applied, and what is pending");
    status->callback([&chosen] { chosen = show_status; });
    CLI::App* up = migrate->add_subcommand("up", "Apply what is pending");
    const auto dry_run = std::make_shared<bool>(false);
    up->add_flag("--dry-run", *dry_run, "Print the SQL instead of running it");
    up->callback([&chosen, dry_run] { chosen = *dry_run ? print_pending : apply; });
}

}  // namespace chatear::admin
