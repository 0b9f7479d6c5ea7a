#include "mail/templates.hpp"

#include "admin/commands.hpp"
#include "base/json.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <fstream>
#include <iterator>

namespace chatear::admin {
namespace {

constexpr auto footer = R"(Examples:
  chatear templates list
  chatear templates check
  chatear templates render welcome --data '{"name": "Ann"}'
  chatear templates render welcome --locale pt-BR --data @ann.json --part html > welcome.html)";

struct RenderOptions {
    std::string name;
    std::string locale;
    std::string data = "{}";
    std::string part;
};

mail::Templates load(const Tool& tool) {
    return value_or_end(mail::Templates::load(tool.folders().templates));
}

boost::json::array to_array(const std::vector<std::string>& texts) {
    return boost::json::array(texts.begin(), texts.end());
}

asio::awaitable<ExitCode> list(Tool& tool) {
    const mail::Templates templates = load(tool);
    boost::json::array rows;
    for (const std::string& name : templates.names()) {
        const std::vector<std::string> locales = templates.locales(name);
        const std::string first =
            locales.empty() || locales.front() == "default" ? "" : locales.front();
        const std::vector<std::string> variables = templates.variables(name, first);
        boost::json::object row = {{"name", name}};
        if (tool.console().json()) {
            row["locales"] = to_array(locales);
            row["variables"] = to_array(variables);
        } else {
            row["locales"] = fmt::format("{}", fmt::join(locales, " "));
            row["variables"] = fmt::format("{}", fmt::join(variables, " "));
        }
        rows.push_back(std::move(row));
    }
    tool.console().list(rows, {"name", "locales", "variables"}, "there are no templates");
    co_return ExitCode::ok;
}

asio::awaitable<ExitCode> check(Tool& tool) {
    const mail::Templates templates = load(tool);
    const std::size_t count = templates.names().size();
    const std::string sentence =
        fmt::format("{} templates in {} are fine", count, tool.folders().templates);
    tool.console().result(sentence, {{"templates", count}, {"folder", tool.folders().templates}});
    co_return ExitCode::ok;
}

boost::json::object read_data(const std::string& given) {
    std::string text = given;
    if (given.starts_with("@")) {
        std::ifstream file(given.substr(1), std::ios::binary);
        if (!file) {
            throw CommandFailed(ExitCode::usage, "cannot read " + given.substr(1));
        }
        text.assign(std::istreambuf_iterator<char>(file), {});
    }
    const boost::json::value value = value_or_end(parse_json(text), ExitCode::usage);
    if (!value.is_object()) {
        throw CommandFailed(ExitCode::usage, "--data must be a JSON object");
    }
    return value.as_object();
}

void print_part(Console& console, const mail::RenderedEmail& email, const std::string& part) {
    const std::optional<std::string> text = part == "subject" ? email.subject
                                            : part == "html"  ? email.html
                                                              : email.text;
    if (!text) {
        throw CommandFailed(ExitCode::failed, "this template has no " + part + " part");
    }
    console.raw(*text);
    if (!text->ends_with('\n')) {
        console.raw("\n");
    }
}

void print_all(Console& console, const mail::RenderedEmail& email) {
    boost::json::object record = {{"subject", email.subject}};
    record["text"] = email.text ? boost::json::value(*email.text) : nullptr;
    record["html"] = email.html ? boost::json::value(*email.html) : nullptr;
    record["missing_variables"] = to_array(email.missing_variables);
    console.record(record);
}

asio::awaitable<ExitCode> render(Tool& tool, RenderOptions options) {
    const mail::Templates templates = load(tool);
    boost::json::object data = read_data(options.data);
    const mail::RenderedEmail email =
        value_or_end(templates.render(options.name, options.locale, std::move(data)));
    if (options.part.empty() || tool.console().json()) {
        print_all(tool.console(), email);
    } else {
        print_part(tool.console(), email, options.part);
    }
    if (!email.missing_variables.empty()) {
        tool.console().note(
            fmt::format("rendered as nothing: {}", fmt::join(email.missing_variables, ", "))
        );
    }
    co_return ExitCode::ok;
}

void declare_render(CLI::App& templates, Action& chosen) {
    CLI::App* command = templates.add_subcommand("render", "What an e-mail would say");
    const auto options = std::make_shared<RenderOptions>();
    command->add_option("NAME", options->name, "The template's folder")->required();
    command->add_option(
        "--locale", options->locale, "As in the event: pt-BR, de; falls back as it does there"
    );
    command->add_option("--data", options->data, "Its variables: a JSON object, or @FILE");
    command->add_option("--part", options->part, "Print only this part, as it is")
        ->check(CLI::IsMember({"subject", "text", "html"}));
    command->footer(footer);
    command->callback([&chosen, options] {
        chosen = [options](Tool& tool) { return render(tool, *options); };
    });
}

}  // namespace

void declare_templates(CLI::App& app, Action& chosen) {
    CLI::App* templates = app.add_subcommand("templates", "E-mail templates: list, render, check");
    templates->footer(footer);
    templates->require_subcommand(1);
    templates->add_subcommand("list", "Names, locales and variables")->callback([&chosen] {
        chosen = list;
    });
    templates->add_subcommand("check", "Read and check every file; name every mistake")
        ->callback([&chosen] { chosen = check; });
    declare_render(*templates, chosen);
}

}  // namespace chatear::admin
