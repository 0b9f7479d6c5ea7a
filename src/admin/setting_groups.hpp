#pragma once

#include "base/environment.hpp"
#include "base/settings.hpp"

#include <string>
#include <vector>

namespace chatear::admin {

/// The settings of one module: what its read_settings() declares.
struct SettingGroup {
    std::string title;
    void (*read)(SettingsReader& reader);
};

/// Every module that has settings, in the order of docs/configuration.md. A new module is one line
/// here.
const std::vector<SettingGroup>& setting_groups();

/// What one group reads from `environment`.
struct GroupInForce {
    std::string title;
    std::vector<SettingInForce> settings;
};

struct AllSettings {
    std::vector<GroupInForce> groups;
    std::vector<Error> errors;
};
AllSettings read_all_settings(const Environment& environment);

/// docs/configuration.md: it is the same on every machine, because it is made from what is
/// declared and not from what is set.
std::string settings_markdown();

}  // namespace chatear::admin
