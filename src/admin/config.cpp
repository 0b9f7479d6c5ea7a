#include "admin/commands.hpp"
#include "admin/setting_groups.hpp"

#include <CLI/CLI.hpp>

namespace chatear::admin {
namespace {

constexpr auto footer = R"(Ends with 2 when a setting is missing or wrong.

Examples:
  chatear config
  chatear --env-file production.env config --json
  chatear config --markdown > docs/configuration.md)";

boost::json::array rows_of(const AllSettings& all) {
    boost::json::array rows;
    for (const GroupInForce& group : all.groups) {
        for (const SettingInForce& setting : group.settings) {
            rows.push_back(boost::json::object{
                {"group", group.title},
                {"name", setting.name},
                {"value", setting.value},
                {"from",
                 setting.from_environment ? "environment"
                 : setting.value.empty()  ? ""
                                          : "default"},
                {"default", setting.fallback},
                {"allowed", setting.allowed},
                {"required", setting.required},
                {"secret", setting.secret},
                {"help", setting.help}});
        }
    }
    return rows;
}

boost::json::array texts_of(const std::vector<Error>& errors) {
    boost::json::array texts;
    for (const Error& error : errors) {
        texts.emplace_back(error.message);
    }
    return texts;
}

asio::awaitable<ExitCode> show_settings(Tool& tool) {
    const AllSettings all = read_all_settings(tool.environment());
    Console& console = tool.console();
    if (console.json()) {
        console.record({{"settings", rows_of(all)}, {"errors", texts_of(all.errors)}});
    } else {
        console.list(rows_of(all), {"group", "name", "value", "from"}, "");
    }
    for (const Error& error : all.errors) {
        console.note(error.message);
    }
    co_return all.errors.empty() ? ExitCode::ok : ExitCode::usage;
}

asio::awaitable<ExitCode> print_markdown(Tool& tool) {
    tool.console().raw(settings_markdown());
    co_return ExitCode::ok;
}

}  // namespace

void declare_config(CLI::App& app, Action& chosen) {
    CLI::App* config = app.add_subcommand("config", "Show every setting in force, secrets hidden");
    config->footer(footer);
    const auto markdown = std::make_shared<bool>(false);
    config->add_flag("--markdown", *markdown, "Write docs/configuration.md instead");
    config->callback([&chosen, markdown] { chosen = *markdown ? print_markdown : show_settings; });
}

}  // namespace chatear::admin
