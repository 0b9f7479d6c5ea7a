#include "admin/command_line.hpp"

#include "admin/commands.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "net/task_group.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <exception>
#include <optional>
#include <ostream>

namespace chatear::admin {
namespace {

constexpr auto footer = R"(Exit codes:
  0  done          1  problems were found, or the operation failed
  2  the command line or a setting is wrong      3  a server does not answer

Settings come from the environment; `chatear config` shows them.
Examples:
  chatear doctor
  chatear migrate up
  chatear publish email.send '{"recipient": "ann@example.com", "subject": "Hi", "body": "Hello"}'
  chatear dlq list --since 2h)";

struct GlobalOptions {
    std::string env_file;
    std::string migrations;
    std::string templates;
    bool json = false;
    bool verbose = false;
};

void declare_all(CLI::App& app, GlobalOptions& options, Action& chosen) {
    app.fallthrough();  // Global options may stand behind the command as well.
    app.require_subcommand(1);
    app.set_help_flag("-h,--help", "Show this help, or that of a command");
    app.add_option(
        "--env-file", options.env_file, "Read settings from this .env file; the environment wins"
    );
    app.add_option(
        "--migrations", options.migrations, "The folder with the SQL files (MIGRATIONS_DIR)"
    );
    app.add_option(
        "--templates", options.templates, "The folder with the e-mail templates (TEMPLATES_DIR)"
    );
    app.add_flag("--json", options.json, "Print one JSON document");
    app.add_flag("-v,--verbose", options.verbose, "Log connections on standard error");
    declare_doctor(app, chosen);
    declare_config(app, chosen);
    declare_migrate(app, chosen);
    declare_publish(app, chosen);
    declare_emails(app, chosen);
    declare_dlq(app, chosen);
    declare_outbox(app, chosen);
    declare_flights(app, chosen);
    declare_deletions(app, chosen);
    declare_audit(app, chosen);
    declare_templates(app, chosen);
    app.footer(footer);
}

/// Nothing when a command was chosen; else what to end with.
std::optional<int> parse(
    CLI::App& app, std::vector<std::string> arguments, std::ostream& output, std::ostream& errors
) {
    try {
        std::reverse(arguments.begin(), arguments.end());  // As CLI11 wants them.
        app.parse(std::move(arguments));
    } catch (const CLI::ParseError& error) {
        const bool help = app.exit(error, output, errors) == 0;
        return static_cast<int>(help ? ExitCode::ok : ExitCode::usage);
    }
    return std::nullopt;
}

/// Everything that may go wrong ends here, as a sentence and an exit code.
asio::awaitable<void> perform(Action action, Tool& tool, ExitCode& code) {
    std::string why;
    try {
        code = co_await action(tool);
    } catch (const CommandFailed& failed) {
        code = failed.code();
        why = failed.what();
    } catch (const Unavailable& unavailable) {
        code = ExitCode::unavailable;
        why = unavailable.what();
    }
    co_await tool.stop();
    if (!why.empty()) {
        tool.console().note(why);
    }
}

int run_action(Action action, Environment environment, Folders folders, Console& console) {
    asio::io_context context;
    ExitCode code = ExitCode::ok;
    Tool tool(context.get_executor(), std::move(environment), std::move(folders), console);
    net::TaskGroup tasks(context.get_executor());
    tasks.start("command", perform(std::move(action), tool, code));
    context.run();
    return static_cast<int>(code);
}

}  // namespace

int run_tool(
    std::vector<std::string> arguments,
    Environment environment,
    std::ostream& output,
    std::ostream& errors,
    bool terminal
) {
    GlobalOptions options;
    Action chosen;
    CLI::App app("Looks after the workers, their events and their servers.", "chatear");
    declare_all(app, options, chosen);
    if (const auto end = parse(app, std::move(arguments), output, errors)) {
        return *end;
    }
    Console console(output, errors, options.json, terminal);
    log::configure(
        options.verbose ? log::Level::info : log::Level::error, log::Format::text, "chatear"
    );
    if (!options.env_file.empty()) {
        const Result<void> read = environment.add_file(options.env_file);
        if (!read) {
            console.note(read.error().message);
            return static_cast<int>(ExitCode::usage);
        }
    }
    const std::string executable = executable_path();
    Folders folders;
    folders.migrations =
        find_folder(options.migrations, environment, "MIGRATIONS_DIR", "migrations", executable);
    folders.templates =
        find_folder(options.templates, environment, "TEMPLATES_DIR", "templates", executable);
    return run_action(std::move(chosen), std::move(environment), std::move(folders), console);
}

}  // namespace chatear::admin
