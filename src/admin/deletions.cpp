#include "admin/commands.hpp"
#include "admin/deletion_orders.hpp"
#include "admin/deletion_table.hpp"
#include "admin/erase.hpp"
#include "admin/moment.hpp"
#include "admin/whole_number.hpp"
#include "mail/characters.hpp"

#include <CLI/CLI.hpp>

#include <utility>

namespace chatear::admin {
namespace {

constexpr auto footer =
    R"(What changes something needs a --reason, which stands in the audit log for ever: name no person in it.

Examples:
  chatear deletions list --status held
  chatear deletions list --due                      # in the order of their execution
  chatear deletions show 6f1c0c0e-5f0e-4c36-9a39-0f6f0f8f7a01
  chatear deletions cancel 6f1c0c0e-5f0e-4c36-9a39-0f6f0f8f7a01 --reason "ticket 812"
  chatear deletions run 6f1c0c0e-5f0e-4c36-9a39-0f6f0f8f7a01 --reason "looked at, ticket 813"
  chatear deletions resend 6f1c0c0e-5f0e-4c36-9a39-0f6f0f8f7a01 --reason "the relay is mended"
  chatear deletions accept 6f1c0c0e-5f0e-4c36-9a39-0f6f0f8f7a01 --reason "delivered, by the relay's log"
  chatear deletions resume --reason "the database's clock is right again"
)";

constexpr std::size_t most_reason_bytes = 500;

struct DeletionOptions {
    std::string id;
    std::string reason;
    std::string status;
    std::string user_id;
    std::string since;
    bool due = false;
    std::int64_t limit = 100;
};

std::optional<std::string> unless_empty(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

asio::awaitable<ExitCode> list(Tool& tool, DeletionOptions options) {
    DeletionFilter filter;
    filter.status = unless_empty(options.status);
    filter.user_id = unless_empty(options.user_id);
    if (!options.since.empty()) {
        filter.since =
            value_or_end(parse_moment(options.since, SystemClock().now()), ExitCode::usage);
    }
    filter.due = options.due;
    filter.limit = options.limit;
    postgres::Pool* pool = co_await tool.database();
    DeletionTable table(pool);
    const boost::json::array rows = co_await table.list(std::move(filter));
    tool.console().list(
        rows,
        {"id",
         "user_id",
         "status",
         "requested_at",
         "scheduled_at",
         "next_mail_at",
         "held_from",
         "held_reason"},
        "no deletions match"
    );
    co_return ExitCode::ok;
}

asio::awaitable<ExitCode> show(Tool& tool, DeletionOptions options) {
    postgres::Pool* pool = co_await tool.database();
    DeletionTable table(pool);
    const std::optional<boost::json::object> found = co_await table.find(options.id);
    if (!found) {
        throw CommandFailed(ExitCode::failed, "no deletion has the id '" + options.id + "'");
    }
    tool.console().record(*found);
    co_return ExitCode::ok;
}

void declare_list(CLI::App& deletions, Action& chosen) {
    CLI::App* command = deletions.add_subcommand("list", "Latest request first");
    const auto options = std::make_shared<DeletionOptions>();
    command->footer(footer);
    command->add_option("--status", options->status, "Only these")
        ->check(CLI::IsMember({"queued", "scheduled", "executed", "cancelled", "held", "failed"}));
    command->add_option("--user", options->user_id, "Of this user, by id");
    command->add_option(
        "--since",
        options->since,
        "Asked for at this time or later: 2026-11-23T18:04:05Z, 2026-11-23, 2h"
    );
    command->add_flag("--due", options->due, "Scheduled, and their time has come; in their order");
    command->add_option("--limit", options->limit, "At most so many")
        ->check(whole_number(1))
        ->capture_default_str();
    command->callback([&chosen, options] {
        chosen = [options](Tool& tool) { return list(tool, *options); };
    });
}

void declare_show(CLI::App& deletions, Action& chosen) {
    CLI::App* command = deletions.add_subcommand(
        "show", "Everything about one: account, mails, requests, audit rows"
    );
    const auto options = std::make_shared<DeletionOptions>();
    command->footer(footer);
    command->add_option("ID", options->id, "As listed")->required();
    command->callback([&chosen, options] {
        chosen = [options](Tool& tool) { return show(tool, *options); };
    });
}

void add_reason(CLI::App* command, std::string& reason) {
    command->add_option("--reason", reason, "Why; stands in the audit log for ever")
        ->required()
        ->check([](const std::string& text) -> std::string {
            const bool good = !text.empty() && text.size() <= most_reason_bytes &&
                              mail::is_utf8(text) && !mail::has_control_character(text);
            return good ? "" : "must be one line of 1 to 500 bytes of UTF-8";
        });
}

void declare_order(
    CLI::App& deletions, Action& chosen, const char* name, const char* help, DeletionOrder order
) {
    CLI::App* command = deletions.add_subcommand(name, help);
    const auto options = std::make_shared<DeletionOptions>();
    command->footer(footer);
    command->add_option("ID", options->id, "As listed")->required();
    add_reason(command, options->reason);
    command->callback([&chosen, order, options] {
        chosen = [order, options](Tool& tool) {
            return carry_out(tool, order, options->id, options->reason);
        };
    });
}

void declare_resume(CLI::App& deletions, Action& chosen) {
    CLI::App* command = deletions.add_subcommand(
        "resume", "Let executions go on that were stopped for all (chatear doctor says why)"
    );
    const auto options = std::make_shared<DeletionOptions>();
    command->footer(footer);
    add_reason(command, options->reason);
    command->callback([&chosen, options] {
        chosen = [options](Tool& tool) { return resume_executions(tool, options->reason); };
    });
}

}  // namespace

void declare_deletions(CLI::App& app, Action& chosen) {
    CLI::App* deletions = app.add_subcommand(
        "deletions", "Account deletions: list, show, cancel, run, resend, accept, resume, erase"
    );
    deletions->footer(footer);
    deletions->require_subcommand(1);
    declare_list(*deletions, chosen);
    declare_show(*deletions, chosen);
    declare_order(
        *deletions,
        chosen,
        "cancel",
        "Call one off that is under way; the user is told by mail",
        DeletionOrder::cancel
    );
    declare_order(
        *deletions, chosen, "run", "Let a held one go on from where it was held", DeletionOrder::run
    );
    declare_order(
        *deletions,
        chosen,
        "resend",
        "Send a held or queued one's recovery mail anew; no time runs until it is accepted",
        DeletionOrder::resend
    );
    declare_order(
        *deletions,
        chosen,
        "accept",
        "Vouch for a held one's recovery mail: the recovery period starts now",
        DeletionOrder::accept
    );
    declare_resume(*deletions, chosen);
    declare_erase(*deletions, chosen);
}

}  // namespace chatear::admin
