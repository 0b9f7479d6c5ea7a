#include "notification/settings.hpp"

#include "base/environment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace chatear::notification {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using Variables = std::map<std::string, std::string, std::less<>>;

TEST(EmailSettings, HaveTheDesignsDefaults) {
    const Environment environment(Variables{{"SMTP_FROM", "Shop <shop@a.test>"}});
    SettingsReader reader(environment);
    const EmailSettings settings = read_email_settings(reader);
    EXPECT_THAT(reader.errors(), IsEmpty());
    EXPECT_EQ(settings.from.addr_spec(), "shop@a.test");
    EXPECT_EQ(settings.from.display_name, "Shop");
    EXPECT_EQ(settings.on_ambiguity, OnAmbiguity::resend);
    EXPECT_EQ(settings.told, ToldEvents::failed);
    EXPECT_EQ(settings.templates_dir, "templates");
    EXPECT_FALSE(settings.rate || settings.rate_per_domain || settings.rate_per_recipient);
}

TEST(EmailSettings, AreWhatTheEnvironmentSays) {
    const Environment environment(Variables{
        {"SMTP_FROM", "shop@a.test"},
        {"MAIL_ON_AMBIGUITY", "hold"},
        {"EMAIL_EVENTS", "none"},
        {"TEMPLATES_DIR", "/t"},
        {"EMAIL_RATE", "1000/1s"},
        {"EMAIL_RATE_PER_DOMAIN", "100/1m"},
        {"EMAIL_RATE_PER_RECIPIENT", "5/1h"}});
    SettingsReader reader(environment);
    const EmailSettings settings = read_email_settings(reader);
    EXPECT_THAT(reader.errors(), IsEmpty());
    EXPECT_EQ(settings.on_ambiguity, OnAmbiguity::hold);
    EXPECT_EQ(settings.told, ToldEvents::none);
    EXPECT_EQ(settings.templates_dir, "/t");
    EXPECT_EQ(settings.rate, (Rate{1000, 1s}));
    EXPECT_EQ(settings.rate_per_domain, (Rate{100, 1min}));
    EXPECT_EQ(settings.rate_per_recipient, (Rate{5, 1h}));
}

TEST(EmailSettings, ASenderIsRequiredAndMustBeAnAddress) {
    for (const char* from : {"", "shop", "shop@a.test\r\nBcc: all@b.test"}) {
        const Environment environment(Variables{{"SMTP_FROM", from}});
        SettingsReader reader(environment);
        (void)read_email_settings(reader);
        ASSERT_EQ(reader.errors().size(), 1U) << from;
        EXPECT_THAT(reader.errors()[0].message, HasSubstr("SMTP_FROM"));
    }
}

}  // namespace
}  // namespace chatear::notification
