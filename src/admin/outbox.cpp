#include "admin/commands.hpp"
#include "admin/outbox_store.hpp"
#include "admin/printable.hpp"
#include "admin/replay_store.hpp"
#include "admin/whole_number.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <utility>

namespace chatear::admin {
namespace {

constexpr auto footer =
    R"(A row leaves by itself when it is due. One with a refused_reason waits for you.

Examples:
  chatear outbox list --refused
  chatear outbox show 6f1c0c0e-5f0e-4c36-9a39-0f6f0f8f7a01
  chatear outbox retry 6f1c0c0e-5f0e-4c36-9a39-0f6f0f8f7a01    # due now; also one that waits for its time
  chatear outbox drop 6f1c0c0e-5f0e-4c36-9a39-0f6f0f8f7a01 --yes)";

struct OutboxOptions {
    std::string id;
    std::string subject;
    std::string event_id;
    bool refused = false;
    bool overdue = false;
    bool yes = false;
    std::int64_t limit = 100;
};

asio::awaitable<ExitCode> list(Tool& tool, OutboxOptions options) {
    OutboxFilter filter;
    if (!options.subject.empty()) {
        filter.subject = options.subject;
    }
    if (!options.event_id.empty()) {
        filter.event_id = options.event_id;
    }
    filter.refused = options.refused;
    filter.overdue = options.overdue;
    filter.limit = options.limit;
    postgres::Pool* pool = co_await tool.database();
    OutboxStore store(pool);
    const boost::json::array rows = co_await store.list(std::move(filter));
    tool.console().list(
        rows,
        {"id", "subject", "kind", "event_id", "generation", "due_at", "bytes", "refused_reason"},
        "the outbox has no such row"
    );
    co_return ExitCode::ok;
}

asio::awaitable<OutboxEntry> require_entry(postgres::Pool* pool, std::string id) {
    OutboxStore store(pool);
    std::optional<OutboxEntry> entry = co_await store.find(id);
    if (!entry) {
        throw CommandFailed(
            ExitCode::failed, "the outbox has no row " + id + ": it was published, or dropped"
        );
    }
    co_return std::move(*entry);
}

asio::awaitable<ExitCode> show(Tool& tool, OutboxOptions options) {
    postgres::Pool* pool = co_await tool.database();
    OutboxEntry entry = co_await require_entry(pool, options.id);
    set_bytes(entry.row, "payload", entry.payload);
    tool.console().record(entry.row);
    co_return ExitCode::ok;
}

bool is_refused_event(const OutboxEntry& entry) {
    const boost::json::value* kind = entry.row.if_contains("kind");
    return kind != nullptr && *kind == "event" && !entry.row.at("refused_reason").is_null();
}

asio::awaitable<ExitCode> retry(Tool& tool, OutboxOptions options) {
    postgres::Pool* pool = co_await tool.database();
    const OutboxEntry entry = co_await require_entry(pool, options.id);
    boost::json::object document = {{"id", options.id}};
    bool done = false;
    if (is_refused_event(entry)) {
        ReplayStore ledger(pool);
        ReplayRequest request = replay_request(entry);
        const ReplayResult result = co_await ledger.replay(std::move(request));
        done = result.answer == ReplayAnswer::replayed;
    } else {
        OutboxStore store(pool);
        done = co_await store.make_due(options.id);
    }
    document["retried"] = done;
    tool.console().result(
        done ? "it is due now"
             : "nothing was done: the ledger says that its event went on without it",
        document
    );
    co_return done ? ExitCode::ok : ExitCode::failed;
}

asio::awaitable<ExitCode> drop(Tool& tool, OutboxOptions options) {
    if (!options.yes) {
        throw CommandFailed(ExitCode::usage, "what is dropped is lost for good; add --yes");
    }
    postgres::Pool* pool = co_await tool.database();
    OutboxStore store(pool);
    const bool dropped = co_await store.drop(options.id);
    if (!dropped) {
        throw CommandFailed(
            ExitCode::failed,
            "no refused row has this id: only what JetStream refused can be dropped, the rest "
            "leaves by itself"
        );
    }
    tool.console().result("dropped", {{"id", options.id}, {"dropped", true}});
    co_return ExitCode::ok;
}

void declare_list(CLI::App& outbox, Action& chosen) {
    CLI::App* command = outbox.add_subcommand("list", "Oldest due first");
    const auto options = std::make_shared<OutboxOptions>();
    command->footer(footer);
    command->add_option("--subject", options->subject, "What it is published on, or comes from");
    command->add_option("--event-id", options->event_id, "The event's id");
    command->add_flag("--refused", options->refused, "Only what JetStream refused");
    command->add_flag("--overdue", options->overdue, "Only what should have left a minute ago");
    command->add_option("--limit", options->limit, "At most so many")
        ->check(whole_number(1))
        ->capture_default_str();
    command->callback([&chosen, options] {
        chosen = [options](Tool& tool) { return list(tool, *options); };
    });
}

using Run = asio::awaitable<ExitCode> (*)(Tool&, OutboxOptions);

CLI::App* declare_one(
    CLI::App& outbox,
    Action& chosen,
    const char* name,
    const char* help,
    Run run,
    std::shared_ptr<OutboxOptions> options
) {
    CLI::App* command = outbox.add_subcommand(name, help);
    command->footer(footer);
    command->add_option("ID", options->id, "As listed")->required();
    command->callback([&chosen, run, options] {
        chosen = [run, options](Tool& tool) { return run(tool, *options); };
    });
    return command;
}

}  // namespace

void declare_outbox(CLI::App& app, Action& chosen) {
    CLI::App* outbox =
        app.add_subcommand("outbox", "What is still to be published: list, show, retry, drop");
    outbox->footer(footer);
    outbox->require_subcommand(1);
    declare_list(*outbox, chosen);
    declare_one(
        *outbox,
        chosen,
        "show",
        "One with its headers and bytes",
        show,
        std::make_shared<OutboxOptions>()
    );
    declare_one(
        *outbox,
        chosen,
        "retry",
        "Make one due now, refused or not",
        retry,
        std::make_shared<OutboxOptions>()
    );
    const auto dropped = std::make_shared<OutboxOptions>();
    declare_one(*outbox, chosen, "drop", "Give a refused one up", drop, dropped)
        ->add_flag("--yes", dropped->yes, "Really");
}

}  // namespace chatear::admin
