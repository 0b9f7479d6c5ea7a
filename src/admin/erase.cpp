#include "admin/erase.hpp"

#include "base/utc.hpp"
#include "deletion/postgres_erasure.hpp"
#include "deletion/settings.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>
#include <utility>

namespace chatear::admin {
namespace {

using deletion::Erasure;
using deletion::ErasureAnswer;
using deletion::PostgresErasure;

constexpr auto footer =
    R"(Blanks what is personal of accounts that were deleted longer than HARD_DELETE_AFTER ago: the workers do the same once
an hour. It is for good; keys (ids of users and events) stay, and each account has its row in the audit log.

Examples:
  HARD_DELETE_AFTER=30d chatear deletions erase --dry-run    # tried on the tables and taken back
  chatear deletions erase)";

PostgresErasure erasure_of(const Tool& tool, postgres::Pool* pool) {
    deletion::ErasureSettings settings = tool.settings(deletion::read_erasure_settings);
    if (!settings.after) {
        throw CommandFailed(
            ExitCode::usage,
            "HARD_DELETE_AFTER is off: nothing is erased. Set it as the workers have it; "
            "--dry-run shows what would go"
        );
    }
    return PostgresErasure(*pool, std::move(settings));
}

asio::awaitable<void> require_not_stopped(PostgresErasure* erasure) {
    const std::optional<std::string> why = co_await erasure->stopped_for();
    if (why) {
        throw CommandFailed(
            ExitCode::failed,
            "nothing is executed nor erased: " + *why +
                ". Look into it, then chatear deletions resume --reason ..."
        );
    }
}

boost::json::object row_of(const Erasure& erasure, bool dry_run) {
    const bool would = dry_run && erasure.answer == ErasureAnswer::erased;
    boost::json::object row{{"deletion_id", erasure.deletion_id}, {"user_id", erasure.user_id}};
    row["executed_at"] = erasure.executed_at ? format_time(*erasure.executed_at) : "";
    row["outcome"] = would ? "would be erased" : to_text(erasure.answer);
    row["columns"] = fmt::format("{}", fmt::join(erasure.columns, ","));
    row["mails"] = erasure.mails;
    row["reason"] = erasure.why;
    return row;
}

asio::awaitable<ExitCode> erase(Tool& tool, bool dry_run) {
    constexpr std::size_t at_once = 64;
    const auto mode = dry_run ? PostgresErasure::Mode::try_out : PostgresErasure::Mode::carry_out;
    postgres::Pool* pool = co_await tool.database();
    PostgresErasure erasure = erasure_of(tool, pool);
    const Result<void> prepared = co_await erasure.prepare();
    if (!prepared) {
        throw CommandFailed(ExitCode::usage, prepared.error().message);
    }
    co_await require_not_stopped(&erasure);
    boost::json::array rows;
    bool all_went = true;
    std::optional<PostgresErasure::Due> behind;
    std::vector<PostgresErasure::Due> due = co_await erasure.due(behind, at_once);
    while (!due.empty()) {
        for (const PostgresErasure::Due& one : due) {
            const Erasure done = co_await erasure.erase(one.deletion_id, mode);
            all_went = all_went && done.answer != ErasureAnswer::refused &&
                       done.answer != ErasureAnswer::blocked;
            rows.push_back(row_of(done, dry_run));
        }
        behind = due.back();
        due = co_await erasure.due(behind, at_once);
    }
    tool.console().list(
        rows,
        {"deletion_id", "user_id", "executed_at", "outcome", "columns", "mails", "reason"},
        "no account was deleted so long ago, or all are erased"
    );
    for (const std::string& column : erasure.absent_columns()) {
        tool.console().note("the table users has no column " + column);
    }
    co_return all_went ? ExitCode::ok : ExitCode::failed;
}

}  // namespace

void declare_erase(CLI::App& deletions, Action& chosen) {
    CLI::App* command = deletions.add_subcommand(
        "erase", "Blank what is personal of accounts deleted longer than HARD_DELETE_AFTER ago"
    );
    command->footer(footer);
    const auto dry_run = std::make_shared<bool>(false);
    command->add_flag("--dry-run", *dry_run, "Show what would go; nothing changes");
    command->callback([&chosen, dry_run] {
        chosen = [dry_run](Tool& tool) { return erase(tool, *dry_run); };
    });
}

}  // namespace chatear::admin
