#include "admin/commands.hpp"
#include "admin/publish_run.hpp"
#include "admin/whole_number.hpp"
#include "base/error.hpp"
#include "base/ids.hpp"
#include "base/json.hpp"
#include "runtime/headers.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <exception>
#include <utility>

namespace chatear::admin {
namespace {

constexpr auto footer =
    R"(Each message is acknowledged by JetStream before it counts, unless --core is given. A line that has no event_id is
identified by the run and its number, so a run that broke off is taken up with --run and --skip, as it says itself.

Examples:
  chatear publish email.send '{"recipient": "ann@example.com", "subject": "Hi", "body": "Hello"}' --event-id hello-ann
  chatear publish email.send --file events.jsonl
  generate-events | chatear publish email.send --file -
  chatear publish email.send --count 1000 --template-json '{"recipient": "u{n}@example.com", "subject": "{n}", "body": "-"}')";

struct CommandLine {
    PublishOptions options;
    std::string json;
    std::string file;
    std::string pattern;
    std::uint64_t count = 0;
    std::string event_id;
    std::vector<std::string> headers;
};

[[noreturn]] void wrong_usage(const std::string& why) {
    throw CommandFailed(ExitCode::usage, why);
}

void require_json(const std::string& text) {
    const auto parsed = parse_json(text);
    if (!parsed) {
        wrong_usage(parsed.error().message);
    }
}

std::unique_ptr<MessageSource> source_of(const CommandLine& line) {
    const int ways =
        (line.json.empty() ? 0 : 1) + (line.file.empty() ? 0 : 1) + (line.pattern.empty() ? 0 : 1);
    if (ways != 1) {
        wrong_usage("give the event's JSON, or --file, or --count with --template-json");
    }
    if (!line.event_id.empty() && line.json.empty()) {
        wrong_usage(
            "--event-id is for one event; in a file or template each needs an event_id of its own"
        );
    }
    if (!line.json.empty()) {
        require_json(line.json);
        return std::make_unique<SingleSource>(line.json);
    }
    if (!line.file.empty()) {
        return value_or_end(FileSource::open(line.file), ExitCode::usage);
    }
    if (line.count == 0) {
        wrong_usage("--template-json needs --count");
    }
    require_json(fill_in(line.pattern, 1));
    return std::make_unique<GeneratedSource>(line.pattern, line.count);
}

PublishOptions options_of(const CommandLine& line) {
    PublishOptions options = line.options;
    if (!nats::valid_subject(options.subject)) {
        wrong_usage(
            "'" + options.subject + "' is no subject: words joined by dots, without wildcards"
        );
    }
    for (const std::string& text : line.headers) {
        options.headers.push_back(value_or_end(parse_header_line(text), ExitCode::usage));
    }
    if (!line.event_id.empty()) {
        runtime::set_header(options.headers, runtime::header::event_id, line.event_id);
    }
    const Result<void> checked = nats::check_headers(options.headers);
    if (!checked) {
        wrong_usage(checked.error().message);
    }
    if (options.run.empty()) {
        options.run = random_uuid();
    }
    return options;
}

std::string resume_hint(const PublishRun& run, const PublishOptions& options) {
    return fmt::format(
        "{} were published; to go on, repeat the command with --run {} --skip {}",
        run.book().count(),
        options.run,
        run.book().settled()
    );
}

void report(Console& console, const PublishRun& run, const PublishOptions& options) {
    const std::uint64_t count = run.book().count();
    boost::json::object document = {{"published", count}, {"run", options.run}};
    std::string sentence = fmt::format("published {} on {}", count, options.subject);
    if (!options.core && count > 0) {
        document["duplicates"] = run.duplicates();
        document["stream"] = run.stream();
        document["seq"] = run.sequence();
        sentence += fmt::format(", stream {}, sequence {}", run.stream(), run.sequence());
        sentence +=
            run.duplicates() == 0 ? "" : fmt::format("; {} were there already", run.duplicates());
    }
    console.result(sentence, document);
}

asio::awaitable<ExitCode> publish(Tool& tool, CommandLine line) {
    const PublishOptions options = options_of(line);
    std::unique_ptr<MessageSource> source = source_of(line);
    const bool many = line.json.empty();
    PublishRun run(tool, options, std::move(source));
    std::exception_ptr error;
    try {
        co_await run.run();
    } catch (const std::exception&) {
        error = std::current_exception();
    }
    const bool broke_off = error || run.interrupted();
    if (broke_off && many) {
        tool.console().note(resume_hint(run, options));
    }
    if (error) {
        std::rethrow_exception(error);
    }
    report(tool.console(), run, options);
    co_return broke_off ? ExitCode::failed : ExitCode::ok;
}

}  // namespace

void declare_publish(CLI::App& app, Action& chosen) {
    CLI::App* command =
        app.add_subcommand("publish", "Publish one event, or many from a file or a pattern");
    command->footer(footer);
    const auto line = std::make_shared<CommandLine>();
    command->add_option("SUBJECT", line->options.subject, "email.send")->required();
    command->add_option("JSON", line->json, "The event");
    command->add_option("--file", line->file, "One event a line; - is standard input");
    command->add_option(
        "--template-json", line->pattern, "An event in which each {n} becomes 1, 2, ..."
    );
    command->add_option("--count", line->count, "How many of them")->check(whole_number(1));
    command->add_option(
        "--event-id", line->event_id, "The event's id, for ever: the same again does nothing"
    );
    command->add_option("--header", line->headers, "'Name: value'; may be repeated")
        ->allow_extra_args(false);
    command->add_option(
        "--run", line->options.run, "Name of a run that is taken up; else a random one"
    );
    command->add_option("--skip", line->options.skip, "Leave out so many from the first on")
        ->check(whole_number(0));
    command->add_option("--window", line->options.window, "Messages under way at once")
        ->check(whole_number(1, 4096))
        ->capture_default_str();
    command->add_flag("--core", line->options.core, "Plain publishes, which nobody acknowledges");
    command->callback([&chosen, line] {
        chosen = [line](Tool& tool) { return publish(tool, *line); };
    });
}

}  // namespace chatear::admin
