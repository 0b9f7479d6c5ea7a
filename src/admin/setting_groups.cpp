#include "admin/setting_groups.hpp"

#include "deletion/settings.hpp"
#include "nats/credentials.hpp"
#include "notification/settings.hpp"
#include "postgres/options.hpp"
#include "redis/options.hpp"
#include "runtime/settings.hpp"
#include "smtp/options.hpp"

#include <fmt/format.h>

namespace chatear::admin {
namespace {

template <auto function>
void read_and_forget(SettingsReader& reader) {
    (void)function(reader);
}

/// A cell of a Markdown table is one line without bars.
std::string cell(std::string_view text) {
    std::string out;
    for (const char character : text) {
        if (character == '|') {
            out += "\\|";
        } else {
            out += character == '\n' ? ' ' : character;
        }
    }
    return out;
}

std::string default_cell(const SettingInForce& setting) {
    if (setting.required) {
        return "required";
    }
    return setting.fallback.empty() ? "none" : fmt::format("`{}`", cell(setting.fallback));
}

constexpr auto markdown_head = R"(# Configuration
`chatear config --markdown` writes this page from the code; a test compares the two. `chatear config` prints what is in force, with
secrets hidden, and says what is wrong.

Settings come from the environment only. An empty value is an unset one. Each may also come from a file: `SMTP_PASS_FILE=/run/secrets/smtp`
stands for `SMTP_PASS`. A duration bears its unit (`30s`, `24h`, `90d`), a size may (`64MiB`). A wrong value stops the start, and every
wrong one is named at once.
)";

}  // namespace

const std::vector<SettingGroup>& setting_groups() {
    static const std::vector<SettingGroup> groups = {
        {"Every worker", read_and_forget<runtime::read_settings>},
        {"NATS", read_and_forget<nats::read_settings>},
        {"PostgreSQL", read_and_forget<postgres::read_settings>},
        {"Redis", read_and_forget<redis::read_settings>},
        {"SMTP", read_and_forget<smtp::read_settings>},
        {"E-mail", read_and_forget<notification::read_email_settings>},
        {"Account deletion", read_and_forget<deletion::read_settings>},
    };
    return groups;
}

AllSettings read_all_settings(const Environment& environment) {
    AllSettings all;
    for (const SettingGroup& group : setting_groups()) {
        SettingsReader reader(environment);
        group.read(reader);
        all.groups.push_back({group.title, reader.in_force()});
        all.errors.insert(all.errors.end(), reader.errors().begin(), reader.errors().end());
    }
    return all;
}

std::string settings_markdown() {
    std::string page = markdown_head;
    const Environment nothing_set;
    for (const GroupInForce& group : read_all_settings(nothing_set).groups) {
        page += fmt::format(
            "\n## {}\n\n| variable | default | allowed | meaning |\n|---|---|---|---|\n",
            group.title
        );
        for (const SettingInForce& setting : group.settings) {
            page += fmt::format(
                "| `{}` | {} | {} | {} |\n",
                setting.name,
                default_cell(setting),
                cell(setting.allowed),
                cell(setting.help)
            );
        }
    }
    return page;
}

}  // namespace chatear::admin
