#include "admin/commands.hpp"
#include "admin/dead_letter_stream.hpp"
#include "admin/letter_walk.hpp"
#include "admin/moment.hpp"
#include "admin/progress.hpp"
#include "admin/replay.hpp"
#include "admin/whole_number.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <exception>
#include <utility>

namespace chatear::admin {
namespace {

constexpr auto footer = R"(Times: 2026-11-23T18:04:05Z, 2026-11-23, or how long ago: 2h, 30d.

Examples:
  chatear dlq list --subject email.send --reason 550 --since 2h
  chatear dlq show 17
  chatear dlq replay 17 18
  chatear dlq replay --all --reason "certificate"
  chatear dlq replay --limit 100     # what was sent meanwhile is not sent twice
  chatear dlq purge --older 30d --yes)";

struct DlqOptions {
    std::string subject;
    std::string reason;
    std::string since;
    std::string until;
    std::string older;
    std::uint64_t limit = 0;  // 0 = no limit.
    std::vector<std::uint64_t> sequences;
    bool all = false;
    bool yes = false;
};

DeadLetterFilter filter_of(const DlqOptions& options) {
    const Time now = SystemClock().now();
    DeadLetterFilter filter;
    filter.subject = options.subject;
    filter.reason = options.reason;
    if (!options.since.empty()) {
        filter.since = value_or_end(parse_moment(options.since, now), ExitCode::usage);
    }
    const std::string& until = options.older.empty() ? options.until : options.older;
    if (!until.empty()) {
        filter.until = value_or_end(parse_moment(until, now), ExitCode::usage);
    }
    return filter;
}

/// Nothing when there is no stream of dead letters yet, which is good news.
asio::awaitable<std::optional<LetterWalk>> walk(Tool& tool, DlqOptions options) {
    DeadLetterFilter filter = filter_of(options);
    nats::JetStream* jetstream = co_await tool.jetstream();
    std::optional<DeadLetterStream> stream = co_await DeadLetterStream::find(jetstream);
    if (!stream) {
        co_return std::nullopt;
    }
    co_return LetterWalk(std::move(*stream), std::move(filter), options.sequences, options.limit);
}

asio::awaitable<ExitCode> list(Tool& tool, DlqOptions options) {
    std::optional<LetterWalk> letters = co_await walk(tool, options);
    boost::json::array rows;
    Progress progress(tool.console(), "read", std::nullopt);
    while (letters) {
        const std::optional<DeadLetter> letter = co_await letters->next();
        if (!letter) {
            break;
        }
        rows.push_back(summary(*letter));
        progress.advance();
    }
    const bool more = options.limit != 0 && rows.size() == options.limit;
    tool.console().list(
        rows, {"seq", "dead_at", "subject", "event_id", "attempts", "reason"}, "no dead letters"
    );
    if (more && !tool.console().json()) {
        tool.console().note(fmt::format("the first {}; --limit shows more", options.limit));
    }
    co_return ExitCode::ok;
}

asio::awaitable<ExitCode> show(Tool& tool, DlqOptions options) {
    std::optional<LetterWalk> letters = co_await walk(tool, options);
    if (!letters) {
        throw CommandFailed(ExitCode::failed, "there are no dead letters");
    }
    const std::optional<DeadLetter> letter = co_await letters->next();
    tool.console().record(details(*letter));
    co_return ExitCode::ok;
}

bool has_filter(const DlqOptions& options) {
    return options.limit != 0 || !options.subject.empty() || !options.reason.empty() ||
           !options.since.empty() || !options.until.empty() || !options.older.empty();
}

/// What changes something is never done to all by an empty choice, nor to letters that were named
/// although a filter would have kept them.
void require_choice(const DlqOptions& options, std::string_view command) {
    const bool named = !options.sequences.empty();
    const bool filtered = options.all || has_filter(options);
    if (named == filtered) {
        const std::string_view which = named ? "say which by SEQ or by filters, not by both"
                                             : "say which: SEQ..., a filter, --limit or --all";
        throw CommandFailed(ExitCode::usage, fmt::format("dlq {}: {}", command, which));
    }
}

/// What a replay did, also when it broke off.
struct Replayed {
    boost::json::array rows;
    bool all_done = true;
    std::exception_ptr error;
};

asio::awaitable<void> replay_all(Tool& tool, DlqOptions options, Replayed& replayed) {
    postgres::Pool* pool = co_await tool.database();
    std::optional<LetterWalk> letters = co_await walk(tool, options);
    Progress progress(tool.console(), "replayed", std::nullopt);
    while (letters) {
        std::optional<DeadLetter> letter = co_await letters->next();
        if (!letter) {
            break;
        }
        ReplayReport report = co_await replay_letter(pool, &letters->stream(), std::move(*letter));
        replayed.all_done = replayed.all_done && report.done;
        replayed.rows.push_back(std::move(report.row));
        progress.advance();
    }
}

asio::awaitable<ExitCode> replay(Tool& tool, DlqOptions options) {
    require_choice(options, "replay");
    Replayed replayed;
    try {
        co_await replay_all(tool, options, replayed);
    } catch (const std::exception&) {
        replayed.error = std::current_exception();
    }
    if (!replayed.error || !replayed.rows.empty()) {
        tool.console().list(
            replayed.rows, {"seq", "subject", "event_id", "outcome"}, "no dead letters match"
        );
    }
    if (replayed.error) {
        std::rethrow_exception(replayed.error);
    }
    co_return replayed.all_done ? ExitCode::ok : ExitCode::failed;
}

/// Walks through the chosen letters and removes them, or only counts; `count` is right also when it
/// broke off.
asio::awaitable<void> purge_all(Tool& tool, DlqOptions options, std::uint64_t& count) {
    std::optional<LetterWalk> letters = co_await walk(tool, options);
    Progress progress(tool.console(), options.yes ? "removed" : "counted", std::nullopt);
    while (letters) {
        const std::optional<DeadLetter> letter = co_await letters->next();
        if (!letter) {
            break;
        }
        if (options.yes) {
            (void)co_await letters->stream().remove(letter->sequence);
        }
        ++count;
        progress.advance();
    }
}

asio::awaitable<ExitCode> purge(Tool& tool, DlqOptions options) {
    require_choice(options, "purge");
    std::uint64_t count = 0;
    std::exception_ptr broke_off;
    try {
        co_await purge_all(tool, options, count);
    } catch (const std::exception&) {
        broke_off = std::current_exception();
    }
    if (options.yes && (!broke_off || count > 0)) {
        tool.console().result(fmt::format("removed {} dead letters", count), {{"removed", count}});
    }
    if (broke_off) {
        std::rethrow_exception(broke_off);
    }
    if (!options.yes) {
        throw CommandFailed(
            ExitCode::usage,
            fmt::format("{} dead letters would be lost for good; add --yes to remove them", count)
        );
    }
    co_return ExitCode::ok;
}

using Run = asio::awaitable<ExitCode> (*)(Tool&, DlqOptions);

/// A command of this group with the filters that all share.
CLI::App* add(
    CLI::App& dlq,
    Action& chosen,
    const char* name,
    const char* help,
    Run run,
    std::shared_ptr<DlqOptions> options
) {
    CLI::App* command = dlq.add_subcommand(name, help);
    command->footer(footer);
    command->callback([&chosen, run, options] {
        chosen = [run, options](Tool& tool) { return run(tool, *options); };
    });
    return command;
}

void add_filters(CLI::App& command, DlqOptions& options) {
    command.add_option("--subject", options.subject, "Of the event; wildcards * and > work");
    command.add_option("--reason", options.reason, "Part of the reason");
    command.add_option("--since", options.since, "Dead at this time or later");
    command.add_option("--until", options.until, "Dead before this time");
    command.add_option("--older", options.older, "Dead for longer than this (30d)");
    command.add_option("--limit", options.limit, "At most so many; 0 = all")
        ->check(whole_number(0));
}

void add_choice(CLI::App& command, DlqOptions& options) {
    command.add_option("SEQ", options.sequences, "Sequences, as listed")->check(whole_number(1));
    command.add_flag("--all", options.all, "All, or all that match the filters");
    add_filters(command, options);
}

}  // namespace

void declare_dlq(CLI::App& app, Action& chosen) {
    CLI::App* dlq = app.add_subcommand("dlq", "Dead letters: list, show, replay, purge");
    dlq->footer(footer);
    dlq->require_subcommand(1);
    const auto listed = std::make_shared<DlqOptions>();
    listed->limit = 100;
    add_filters(
        *add(
            *dlq,
            chosen,
            "list",
            "Which there are, and why; oldest first (100 without --limit)",
            list,
            listed
        ),
        *listed
    );

    const auto shown = std::make_shared<DlqOptions>();
    add(*dlq, chosen, "show", "One with all its headers and bytes", show, shown)
        ->add_option("SEQ", shown->sequences, "Its sequence, as listed")
        ->required()
        ->expected(1)
        ->check(whole_number(1));

    const auto replayed = std::make_shared<DlqOptions>();
    CLI::App* replaying = add(
        *dlq, chosen, "replay", "Let the events come back, and remove the letters", replay, replayed
    );
    add_choice(*replaying, *replayed);

    const auto purged = std::make_shared<DlqOptions>();
    CLI::App* purging =
        add(*dlq,
            chosen,
            "purge",
            "Remove letters for good; without --yes they are only counted",
            purge,
            purged);
    add_choice(*purging, *purged);
    purging->add_flag("--yes", purged->yes, "Really");
}

}  // namespace chatear::admin
