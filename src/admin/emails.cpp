#include "admin/commands.hpp"
#include "admin/dead_letter_stream.hpp"
#include "admin/email_store.hpp"
#include "admin/moment.hpp"
#include "admin/outbox_store.hpp"
#include "admin/replay.hpp"
#include "admin/whole_number.hpp"

#include <CLI/CLI.hpp>

#include <utility>

namespace chatear::admin {
namespace {

constexpr auto footer = R"(Examples:
  chatear emails list --status failed --since 24h
  chatear emails list --recipient ann@example.com --json
  chatear emails show welcome-4711
  chatear emails retry welcome-4711     # a failed or ambiguous one)";

struct EmailOptions {
    std::string event_id;
    std::string status;
    std::string recipient;
    std::string template_name;
    std::string since;
    std::int64_t limit = 100;
};

std::optional<std::string> unless_empty(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

EmailFilter filter_of(const EmailOptions& options) {
    EmailFilter filter;
    filter.status = unless_empty(options.status);
    filter.recipient = unless_empty(options.recipient);
    filter.template_name = unless_empty(options.template_name);
    if (!options.since.empty()) {
        filter.since =
            value_or_end(parse_moment(options.since, SystemClock().now()), ExitCode::usage);
    }
    filter.limit = options.limit;
    return filter;
}

asio::awaitable<ExitCode> list(Tool& tool, EmailOptions options) {
    EmailFilter filter = filter_of(options);
    postgres::Pool* pool = co_await tool.database();
    EmailStore store(pool);
    const boost::json::array rows = co_await store.list(std::move(filter));
    tool.console().list(
        rows,
        {"event_id", "status", "recipient", "template_name", "attempts", "updated_at", "reason"},
        "no e-mails match"
    );
    co_return ExitCode::ok;
}

asio::awaitable<boost::json::object> require_email(postgres::Pool* pool, std::string event_id) {
    EmailStore store(pool);
    std::optional<boost::json::object> email = co_await store.find(event_id);
    if (!email) {
        throw CommandFailed(
            ExitCode::failed,
            "no e-mail has the event id '" + event_id +
                "': it was never taken, or its row is older than EMAIL_LEDGER_RETENTION"
        );
    }
    co_return std::move(*email);
}

asio::awaitable<ExitCode> show(Tool& tool, EmailOptions options) {
    postgres::Pool* pool = co_await tool.database();
    boost::json::object email = co_await require_email(pool, options.event_id);
    OutboxStore outbox(pool);
    OutboxFilter filter;
    filter.event_id = options.event_id;
    filter.origin = "email.send";
    boost::json::array waiting = co_await outbox.list(std::move(filter));
    email["outbox"] = std::move(waiting);
    tool.console().record(email);
    co_return ExitCode::ok;
}

/// The dead letter of this event in the generation that its ledger row failed in.
asio::awaitable<std::optional<DeadLetter>> find_letter(
    DeadLetterStream* stream, std::string event_id, std::int64_t generation
) {
    DeadLetterFilter filter;
    filter.subject = "email.send";
    std::uint64_t sequence = 1;
    while (true) {
        std::optional<DeadLetter> letter = co_await stream->next(filter, sequence);
        if (!letter || (letter->event_id == event_id && letter->generation == generation)) {
            co_return letter;
        }
        sequence = letter->sequence + 1;
    }
}

void require_retryable(const boost::json::object& email) {
    const std::string status(email.at("status").as_string());
    if (status != "failed" && status != "ambiguous") {
        throw CommandFailed(
            ExitCode::failed,
            "it is '" + status + "': only a failed or ambiguous e-mail can be retried"
        );
    }
}

asio::awaitable<ExitCode> retry(Tool& tool, EmailOptions options) {
    postgres::Pool* pool = co_await tool.database();
    const boost::json::object email = co_await require_email(pool, options.event_id);
    require_retryable(email);
    nats::JetStream* jetstream = co_await tool.jetstream();
    std::optional<DeadLetterStream> stream = co_await DeadLetterStream::find(jetstream);
    std::optional<DeadLetter> letter;
    if (stream) {
        const std::int64_t generation = email.at("generation").to_number<std::int64_t>();
        letter = co_await find_letter(&*stream, options.event_id, generation);
    }
    if (!letter) {
        throw CommandFailed(
            ExitCode::failed,
            "its dead letter, which has its bytes, is not in the stream: it was purged, or is "
            "still in the outbox (chatear emails show)"
        );
    }
    ReplayReport report = co_await replay_letter(pool, &*stream, std::move(*letter));
    const std::string outcome(report.row["outcome"].as_string());
    tool.console().result(outcome, report.row);
    co_return report.done ? ExitCode::ok : ExitCode::failed;
}

void declare_list(CLI::App& emails, Action& chosen) {
    CLI::App* command = emails.add_subcommand("list", "Latest change first");
    const auto options = std::make_shared<EmailOptions>();
    command->footer(footer);
    command->add_option("--status", options->status, "Only these")
        ->check(CLI::IsMember(
            {"sending", "sent", "retrying", "deferred", "failed", "ambiguous", "suppressed"}
        ));
    command->add_option("--recipient", options->recipient, "Part of the address");
    command->add_option("--template", options->template_name, "The template's name");
    command->add_option(
        "--since",
        options->since,
        "Changed at this time or later: 2026-11-23T18:04:05Z, 2026-11-23, 2h"
    );
    command->add_option("--limit", options->limit, "At most so many")
        ->check(whole_number(1))
        ->capture_default_str();
    command->callback([&chosen, options] {
        chosen = [options](Tool& tool) { return list(tool, *options); };
    });
}

using Run = asio::awaitable<ExitCode> (*)(Tool&, EmailOptions);

void declare_one(CLI::App& emails, Action& chosen, const char* name, const char* help, Run run) {
    CLI::App* command = emails.add_subcommand(name, help);
    const auto options = std::make_shared<EmailOptions>();
    command->footer(footer);
    command->add_option("EVENT_ID", options->event_id, "As listed")->required();
    command->callback([&chosen, run, options] {
        chosen = [run, options](Tool& tool) { return run(tool, *options); };
    });
}

}  // namespace

void declare_emails(CLI::App& app, Action& chosen) {
    CLI::App* emails =
        app.add_subcommand("emails", "E-mails and what became of them: list, show, retry");
    emails->footer(footer);
    emails->require_subcommand(1);
    declare_list(*emails, chosen);
    declare_one(
        *emails, chosen, "show", "Everything about one, with what waits in the outbox", show
    );
    declare_one(*emails, chosen, "retry", "Replay a failed or ambiguous one", retry);
}

}  // namespace chatear::admin
