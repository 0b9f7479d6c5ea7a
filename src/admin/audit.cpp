#include "admin/audit_log.hpp"
#include "admin/commands.hpp"
#include "admin/moment.hpp"
#include "admin/progress.hpp"
#include "admin/trusted_row.hpp"
#include "admin/whole_number.hpp"
#include "base/digest.hpp"
#include "deletion/audit_verifier.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <utility>

namespace chatear::admin {
namespace {

constexpr auto footer =
    R"(The end of a chain proves nothing about rows cut off behind it: note the head that verify prints, or that a worker logs each day,
somewhere else, and begin there the next time.

Examples:
  chatear audit list --user 4711
  chatear audit list --action deletion.executed --since 30d
  chatear audit list --deletion 6f1c0c0e-5f0e-4c36-9a39-0f6f0f8f7a01
  chatear audit verify
  chatear audit verify --from 8123:5d41402abc4b2a76b9719d911017c592ae2f1c0e6f3a3d1cbb1a1e6f0f8f7a01
  chatear audit export > audit.jsonl)";

struct AuditOptions {
    std::string user_id;
    std::string action;
    std::string deletion_id;
    std::string since;
    std::string from;
    std::int64_t limit = 100;
};

std::optional<std::string> unless_empty(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

asio::awaitable<ExitCode> list(Tool& tool, AuditOptions options) {
    AuditFilter filter;
    filter.user_id = unless_empty(options.user_id);
    filter.action = unless_empty(options.action);
    filter.deletion_id = unless_empty(options.deletion_id);
    if (!options.since.empty()) {
        filter.since =
            value_or_end(parse_moment(options.since, SystemClock().now()), ExitCode::usage);
    }
    filter.limit = options.limit;
    tool.allow_long_statements();
    postgres::Pool* pool = co_await tool.database();
    AuditLog log(*pool);
    const boost::json::array rows = co_await log.list(std::move(filter));
    tool.console().list(
        rows, {"chain_seq", "created_at", "user_id", "action", "meta"}, "no rows match"
    );
    co_return ExitCode::ok;
}

/// Draws how far a verification is; how long the log is it learns on the way.
class VerifyProgress {
public:
    explicit VerifyProgress(Console& console) : console_(console) {}

    void operator()(const deletion::AuditProgress& now) {
        if (!progress_) {
            const auto left = static_cast<std::uint64_t>(
                std::max<std::int64_t>(now.last_chain_seq - now.chain_seq, 0)
            );
            progress_.emplace(console_, "rows verified", now.rows + left);
        }
        progress_->advance(now.rows - rows_);
        rows_ = now.rows;
    }

private:
    Console& console_;
    std::optional<Progress> progress_;
    std::uint64_t rows_ = 0;
};

boost::json::object document_of(const deletion::AuditReport& report) {
    boost::json::object document{
        {"whole", !report.broken},
        {"rows", report.rows},
        {"adopted", nullptr},
        {"adopted_compared", report.adopted_compared}};
    if (report.adopted_compared) {
        document["adopted"] = report.adopted;
    }
    if (report.head) {
        document["head"] = {
            {"id", report.head->id},
            {"chain_seq", report.head->chain_seq},
            {"hash", to_hex(report.head->hash)}};
    }
    if (report.broken) {
        boost::json::object broken{
            {"kind", to_text(report.broken->kind)},
            {"id", report.broken->id},
            {"what", report.broken->what}};
        if (report.broken->chain_seq) {
            broken["chain_seq"] = *report.broken->chain_seq;
        }
        document["broken"] = std::move(broken);
    }
    return document;
}

std::string sentence_of(const deletion::AuditReport& report) {
    const std::string head =
        report.head ? fmt::format("{}:{}", report.head->id, to_hex(report.head->hash)) : "none";
    if (report.broken) {
        const deletion::AuditBreak& broken = *report.broken;
        return fmt::format(
            "the audit log is broken{}: {}: {}. {} rows before it are right; the last of them: {}",
            broken.id.empty() ? "" : " at row " + broken.id,
            to_text(broken.kind),
            broken.what,
            report.rows,
            head
        );
    }
    if (!report.adopted_compared) {
        return fmt::format(
            "the audit log is whole behind the row of --from: {} rows of the chain. What stands "
            "before that row was not compared, nor were the rows from before the chain: only a "
            "verification without --from does. Head (note it elsewhere): {}",
            report.rows,
            head
        );
    }
    return fmt::format(
        "the audit log is whole: {} rows of the chain, {} from before it. Head (note it "
        "elsewhere): {}",
        report.rows,
        report.adopted,
        head
    );
}

asio::awaitable<ExitCode> verify(Tool& tool, AuditOptions options) {
    std::optional<deletion::TrustedRow> from;
    if (!options.from.empty()) {
        from = value_or_end(parse_trusted_row(options.from), ExitCode::usage);
    }
    tool.allow_long_statements();
    postgres::Pool* pool = co_await tool.database();
    std::optional<VerifyProgress> drawn(std::in_place, tool.console());
    const std::function<void(const deletion::AuditProgress&)> progress =
        [&drawn](const deletion::AuditProgress& now) { (*drawn)(now); };
    deletion::AuditVerifier verifier(*pool, progress);
    const deletion::AuditReport report = co_await verifier.verify(std::move(from));
    drawn.reset();
    tool.console().result(sentence_of(report), document_of(report));
    co_return report.broken ? ExitCode::failed : ExitCode::ok;
}

asio::awaitable<ExitCode> export_all(Tool& tool, AuditOptions /*options*/) {
    tool.allow_long_statements();
    postgres::Pool* pool = co_await tool.database();
    AuditLog log(*pool);
    Progress progress(tool.console(), "rows exported", std::nullopt);
    while (true) {
        const boost::json::array rows = co_await log.next();
        if (rows.empty()) {
            co_return ExitCode::ok;
        }
        std::string lines;
        for (const boost::json::value& row : rows) {
            lines += boost::json::serialize(row);
            lines += '\n';
        }
        tool.console().raw(lines);
        progress.advance(rows.size());
    }
}

using Run = asio::awaitable<ExitCode> (*)(Tool&, AuditOptions);

CLI::App* declare(
    CLI::App& audit,
    Action& chosen,
    const char* name,
    const char* help,
    const std::shared_ptr<AuditOptions>& options,
    Run run
) {
    CLI::App* command = audit.add_subcommand(name, help);
    command->footer(footer);
    command->callback([&chosen, run, options] {
        chosen = [run, options](Tool& tool) { return run(tool, *options); };
    });
    return command;
}

}  // namespace

void declare_audit(CLI::App& app, Action& chosen) {
    CLI::App* audit =
        app.add_subcommand("audit", "The audit log (action_logs): list, verify, export");
    audit->footer(footer);
    audit->require_subcommand(1);
    const auto options = std::make_shared<AuditOptions>();

    CLI::App* list_command = declare(*audit, chosen, "list", "Latest first", options, list);
    list_command->add_option("--user", options->user_id, "About this user, by id");
    list_command->add_option(
        "--action", options->action, "deletion.held, or all of a kind: recovery"
    );
    list_command->add_option("--deletion", options->deletion_id, "About this deletion, by id");
    list_command->add_option(
        "--since", options->since, "From this time on: 2026-11-23T18:04:05Z, 2026-11-23, 2h"
    );
    list_command->add_option("--limit", options->limit, "At most so many")
        ->check(whole_number(1))
        ->capture_default_str();

    declare(
        *audit,
        chosen,
        "verify",
        "Find the first row that was changed, removed, inserted or reordered; ends with 1 then",
        options,
        verify
    )
        ->add_option(
            "--from",
            options->from,
            "Only what stands behind this row, which you noted: ID:HASH. The rows from before the "
            "chain are not compared then"
        );
    declare(
        *audit, chosen, "export", "All of it as lines of JSON, oldest first", options, export_all
    );
}

}  // namespace chatear::admin
