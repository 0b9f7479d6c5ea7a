#include "admin/setting_groups.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>

namespace chatear::admin {
namespace {

TEST(Configuration, PageIsWhatTheCodeDeclares) {
    std::ifstream file("docs/configuration.md");
    const std::string page(std::istreambuf_iterator<char>(file), {});
    EXPECT_EQ(page, settings_markdown())
        << "renew it: chatear config --markdown > docs/configuration.md";
}

TEST(Configuration, NamesEachSettingOnce) {
    std::set<std::string> names;
    const Environment nothing_set;
    for (const GroupInForce& group : read_all_settings(nothing_set).groups) {
        for (const SettingInForce& setting : group.settings) {
            EXPECT_TRUE(names.insert(setting.name).second) << setting.name;
        }
    }
    EXPECT_TRUE(names.contains("DATABASE_URL"));
    EXPECT_TRUE(names.contains("SMTP_PASS"));
}

TEST(Configuration, ShowsNoSecret) {
    const Environment environment(
        {{"SMTP_PASS", "open-sesame"},
         {"DATABASE_URL", "postgres://me:open-sesame@h/d"},
         {"NATS_URL", "nats://open-sesame@h"},
         {"REDIS_URL", "redis://:open-sesame@h"}}
    );
    for (const GroupInForce& group : read_all_settings(environment).groups) {
        for (const SettingInForce& setting : group.settings) {
            EXPECT_EQ(setting.value.find("open-sesame"), std::string::npos) << setting.name;
        }
    }
}

}  // namespace
}  // namespace chatear::admin
