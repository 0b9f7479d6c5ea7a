#include "admin/commands.hpp"
#include "admin/state_folder.hpp"
#include "base/ids.hpp"
#include "notification/email_sender.hpp"
#include "runtime/postgres_ledger.hpp"
#include "runtime/postgres_registry.hpp"
#include "runtime/predecessors.hpp"
#include "runtime/settings.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>
#include <utility>

namespace chatear::admin {
namespace {

constexpr auto footer =
    R"(A worker writes down in STATE_DIR which contents are under way, so that its successor knows what a crash cut off. Start the
worker again and it settles this by itself; `settle` is for one that does not come back. Run it where STATE_DIR is.

Examples:
  chatear flights list --state-dir /var/lib/chatear/notification-worker-1
  chatear flights show notification-worker-1.6f1c0c0e-5f0e-4c36-9a39-0f6f0f8f7a01.flight
  chatear flights settle)";

struct FlightOptions {
    std::string folder;
    std::string file;
};

std::string folder_of(const Tool& tool, const FlightOptions& options) {
    const std::string folder =
        options.folder.empty() ? tool.settings(runtime::read_settings).state_dir : options.folder;
    if (folder.empty()) {
        throw CommandFailed(ExitCode::usage, "which folder? Set STATE_DIR, or give --state-dir");
    }
    return folder;
}

std::vector<StatePlace> places_of(const Tool& tool, const FlightOptions& options) {
    return value_or_end(read_state_folder(folder_of(tool, options)));
}

asio::awaitable<ExitCode> list(Tool& tool, FlightOptions options) {
    boost::json::array rows;
    for (const StatePlace& place : places_of(tool, options)) {
        for (const runtime::LeftFlight& flight : place.flights) {
            rows.push_back(summary_of(flight));
        }
    }
    tool.console().list(
        rows,
        {"file", "process", "accepted", "in_doubt", "complete", "problem"},
        "the folder has no flight recorder: whoever worked there ended in good order"
    );
    co_return ExitCode::ok;
}

asio::awaitable<ExitCode> show(Tool& tool, FlightOptions options) {
    for (const StatePlace& place : places_of(tool, options)) {
        for (const runtime::LeftFlight& flight : place.flights) {
            if (!flight.path.ends_with("/" + options.file)) {
                continue;
            }
            const runtime::FlightLog log = value_or_end(flight.log);
            tool.console().list(
                contents_of(log),
                {"event_id", "subject", "generation", "accepted", "words"},
                "no content was under way"
            );
            co_return ExitCode::ok;
        }
    }
    throw CommandFailed(
        ExitCode::failed, "the folder has no file " + options.file + ": see chatear flights list"
    );
}

/// What a successor would do, had it started.
asio::awaitable<std::size_t> settle_place(postgres::Pool* pool, const runtime::InstanceFile& file) {
    runtime::Identity identity;
    identity.instance = random_uuid();
    identity.worker = "chatear";
    const std::chrono::milliseconds never_asked{0};
    runtime::PostgresLedger emails(*pool, identity, notification::email_ledger(), never_asked);
    runtime::PostgresLedger events(*pool, identity, runtime::LedgerTable(), never_asked);
    runtime::PostgresRegistry registry(*pool, identity);
    runtime::Predecessors predecessors(file, identity.instance);
    std::vector<runtime::Ledger*> ledgers{&emails, &events};
    co_return co_await predecessors.settle(std::move(ledgers), registry);
}

asio::awaitable<ExitCode> settle(Tool& tool, FlightOptions options) {
    const std::vector<StatePlace> places = places_of(tool, options);
    postgres::Pool* pool = co_await tool.database();
    boost::json::array settled;
    std::size_t living = 0;
    std::size_t failed = 0;
    for (const StatePlace& place : places) {
        auto file = runtime::InstanceFile::take_left(place.base, random_uuid());
        if (!file) {
            ++failed;
            tool.console().note(file.error().message);
            continue;
        }
        if (!*file) {
            ++living;
            continue;
        }
        for (const runtime::LeftFlight& flight : place.flights) {
            settled.push_back(summary_of(flight));
        }
        failed += co_await settle_place(pool, **file);
        (*file)->ended();
    }
    const std::string sentence = fmt::format(
        "{} flight recorders of dead processes are settled; {} processes live; {} failed",
        settled.size(),
        living,
        failed
    );
    tool.console().result(
        sentence, {{"settled", std::move(settled)}, {"living", living}, {"failed", failed}}
    );
    co_return failed == 0 ? ExitCode::ok : ExitCode::failed;
}

using Run = asio::awaitable<ExitCode> (*)(Tool&, FlightOptions);

std::shared_ptr<FlightOptions> declare_one(
    CLI::App& flights, Action& chosen, const char* name, const char* help, Run run
) {
    CLI::App* command = flights.add_subcommand(name, help);
    command->footer(footer);
    const auto options = std::make_shared<FlightOptions>();
    command->add_option("--state-dir", options->folder, "The folder; else STATE_DIR");
    command->callback([&chosen, run, options] {
        chosen = [run, options](Tool& tool) { return run(tool, *options); };
    });
    return options;
}

}  // namespace

void declare_flights(CLI::App& app, Action& chosen) {
    CLI::App* flights =
        app.add_subcommand("flights", "What crashed workers had under way: list, show, settle");
    flights->footer(footer);
    flights->require_subcommand(1);
    declare_one(*flights, chosen, "list", "The flight recorders of a folder", list);
    const auto shown = declare_one(*flights, chosen, "show", "The contents in one of them", show);
    flights->get_subcommand("show")->add_option("FILE", shown->file, "As listed")->required();
    declare_one(
        *flights, chosen, "settle", "Tell the database of those whose process is dead", settle
    );
}

}  // namespace chatear::admin
