#include "admin/checks.hpp"
#include "admin/commands.hpp"
#include "base/error.hpp"
#include "mail/templates.hpp"
#include "net/deadline.hpp"
#include "net/task_group.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <exception>
#include <memory>
#include <utility>
#include <vector>

namespace chatear::admin {
namespace {

constexpr auto footer =
    R"(Each service is tried by itself and has its own time limit. Ends with 1 when there is a problem, 0 when there are only
warnings.

Examples:
  chatear doctor
  chatear doctor --json
  chatear doctor --only nats --only postgres)";

constexpr std::chrono::milliseconds limit_a_service{15'000};

struct Service {
    const char* name;
    Check check;
};
constexpr Service services[] = {
    {"nats", check_nats},
    {"postgres", check_postgres},
    {"redis", check_redis},
    {"smtp", check_smtp},
    {"templates", check_templates},
    {"deletion", check_deletion},
    {"state", check_state},
};

/// One check under way: its coroutine, and the deadline that stops it.
struct Examination {
    Examination(const asio::any_io_executor& executor, std::string name)
        : findings(std::make_shared<Findings>(std::move(name))),
          tasks(executor),
          deadline(executor, limit_a_service, [this] { tasks.request_stop(); }) {}

    std::shared_ptr<Findings> findings;
    net::TaskGroup tasks;
    net::Deadline deadline;
};

asio::awaitable<void> examine(Check check, Tool& tool, std::shared_ptr<Findings> findings) {
    try {
        co_await check(tool, findings);
    } catch (const Unavailable& unavailable) {
        findings->problem(
            unavailable.what(), "start it, or correct its address and log-in (chatear config)"
        );
    } catch (const CommandFailed& failed) {
        findings->problem(failed.what(), "correct the setting (chatear config)");
    } catch (const std::exception& error) {
        if (!net::is_stop(error)) {
            throw;
        }
        findings->problem(
            fmt::format(
                "it did not answer all questions within {} s", limit_a_service.count() / 1000
            ),
            "look at its log and load"
        );
    }
}

asio::awaitable<ExitCode> show_all(
    Tool& tool, const std::vector<std::unique_ptr<Examination>>& examinations
) {
    boost::json::array services_found;
    Level worst = Level::ok;
    for (const auto& examination : examinations) {
        co_await examination->tasks.join();
        examination->deadline.disarm();
        const Findings& findings = *examination->findings;
        worst = std::max(worst, findings.worst());
        services_found.push_back(to_json(findings));
        if (!tool.console().json()) {
            tool.console().raw(render(findings));
        }
    }
    if (tool.console().json()) {
        tool.console().record({{"state", to_word(worst)}, {"services", std::move(services_found)}});
    }
    co_return worst == Level::problem ? ExitCode::failed : ExitCode::ok;
}

asio::awaitable<ExitCode> doctor(Tool& tool, std::vector<std::string> only) {
    std::vector<std::unique_ptr<Examination>> examinations;
    for (const Service& service : services) {
        if (!only.empty() && std::find(only.begin(), only.end(), service.name) == only.end()) {
            continue;
        }
        auto examination = std::make_unique<Examination>(tool.executor(), service.name);
        examination->tasks.start(service.name, examine(service.check, tool, examination->findings));
        examinations.push_back(std::move(examination));
    }
    co_return co_await show_all(tool, examinations);
}

}  // namespace

asio::awaitable<void> check_templates(Tool& tool, std::shared_ptr<Findings> findings) {
    const std::string& folder = tool.folders().templates;
    const Result<mail::Templates> templates = mail::Templates::load(folder);
    if (templates) {
        findings->ok(fmt::format("{} templates in {}", templates->names().size(), folder));
    } else {
        findings->problem(templates.error().message, "correct the files, or TEMPLATES_DIR");
    }
    co_return;
}

void declare_doctor(CLI::App& app, Action& chosen) {
    CLI::App* command =
        app.add_subcommand("doctor", "Try every service; say what is wrong and how to mend it");
    command->footer(footer);
    const auto only = std::make_shared<std::vector<std::string>>();
    command->add_option("--only", *only, "Only this service; may be repeated")
        ->check(
            CLI::IsMember({"nats", "postgres", "redis", "smtp", "templates", "deletion", "state"})
        )
        ->allow_extra_args(false);
    command->callback([&chosen, only] {
        chosen = [only](Tool& tool) { return doctor(tool, *only); };
    });
}

}  // namespace chatear::admin
