#include "base/settings.hpp"

#include "support/process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace chatear {
namespace {

using Variables = std::map<std::string, std::string, std::less<>>;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(Settings, HaveDefaultsInTheFormOfValues) {
    const Environment environment;
    SettingsReader reader(environment);
    EXPECT_EQ(reader.text({.name = "T", .fallback = "templates", .help = ""}), "templates");
    EXPECT_EQ(reader.integer({.name = "I", .fallback = "8", .help = ""}, 1, 10), 8);
    EXPECT_EQ(reader.duration({.name = "D", .fallback = "30s", .help = ""}, 1s, 1min), 30s);
    EXPECT_EQ(reader.bytes({.name = "B", .fallback = "1KiB", .help = ""}, 1, 4096), 1024U);
    EXPECT_TRUE(reader.boolean({.name = "O", .fallback = "true", .help = ""}));
    EXPECT_EQ(reader.choice({.name = "C", .fallback = "b", .help = ""}, {"a", "b", "c"}), 1U);
    EXPECT_EQ(reader.rate({.name = "R", .fallback = "5/1s", .help = ""}), (Rate{5, 1s}));
    EXPECT_EQ(reader.listen_address({.name = "L", .fallback = "off", .help = ""}), std::nullopt);
    EXPECT_TRUE(reader.errors().empty());
    EXPECT_FALSE(reader.in_force().front().from_environment);
}

TEST(Settings, EmptyIsUnset) {
    const Environment environment(Variables{{"I", ""}, {"R", ""}});
    SettingsReader reader(environment);
    EXPECT_EQ(reader.integer({.name = "I", .fallback = "8", .help = ""}, 1, 10), 8);
    EXPECT_EQ(reader.rate({.name = "R", .help = ""}), std::nullopt);
    EXPECT_EQ(reader.optional_text({.name = "R", .help = ""}), std::nullopt);
    EXPECT_TRUE(reader.errors().empty());
}

TEST(Settings, AllMistakesAreNamedAtOnce) {
    const Environment environment(Variables{
        {"I", "11"},
        {"D", "30"},
        {"B", "1KB"},
        {"O", "yes"},
        {"C", "d"},
        {"R", "many"},
        {"L", "nowhere"},
        {"U", "ftp://host"}});
    SettingsReader reader(environment);
    reader.integer({.name = "I", .fallback = "8", .help = ""}, 1, 10);
    reader.duration({.name = "D", .fallback = "30s", .help = ""}, 1s, 1min);
    reader.bytes({.name = "B", .fallback = "1KiB", .help = ""}, 1, 4096);
    reader.boolean({.name = "O", .fallback = "true", .help = ""});
    reader.choice({.name = "C", .fallback = "b", .help = ""}, {"a", "b", "c"});
    reader.rate({.name = "R", .help = ""});
    reader.listen_address({.name = "L", .help = ""});
    reader.url({.name = "U", .help = ""}, {"nats", "tls"});
    reader.text({.name = "M", .help = "Where it is.", .required = true}, "a folder");
    reader.add_error("X", "does not fit");
    const std::vector<std::string> expected = {
        "I: '11' is not a whole number in range (allowed: 1 to 10)",
        "D: '30' is no duration",
        "B: '1KB' is no size",
        "O: 'yes' is none of the allowed words (allowed: false or true)",
        "C: 'd' is none of the allowed words (allowed: a, b or c)",
        "R: 'many' is no rate",
        "L: 'nowhere' is no address",
        "U: 'ftp://host' is no URL that fits (allowed: a URL: nats or tls://...)",
        "M is missing: Where it is. (allowed: a folder)",
        "X: does not fit"};
    ASSERT_EQ(reader.errors().size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_THAT(reader.errors()[i].message, HasSubstr(expected[i]));
    }
}

TEST(Settings, BoundsAreInside) {
    const Environment environment(Variables{{"I", "10"}, {"D", "1m"}, {"B", "4KiB"}});
    SettingsReader reader(environment);
    EXPECT_EQ(reader.integer({.name = "I", .help = ""}, 1, 10), 10);
    EXPECT_EQ(reader.duration({.name = "D", .help = ""}, 1s, 1min), 1min);
    EXPECT_EQ(reader.bytes({.name = "B", .help = ""}, 1, 4096), 4096U);
    EXPECT_TRUE(reader.errors().empty());
    const Environment beyond(Variables{{"I", "0"}, {"D", "61s"}, {"B", "4097"}});
    SettingsReader second(beyond);
    second.integer({.name = "I", .help = ""}, 1, 10);
    second.duration({.name = "D", .help = ""}, 1s, 1min);
    second.bytes({.name = "B", .help = ""}, 1, 4096);
    EXPECT_EQ(second.errors().size(), 3U);
}

TEST(Settings, AWholeNumberIsNothingElse) {
    for (const char* text : {"1.0", "1e1", " 1", "1 ", "0x1", "+1", "99999999999999999999"}) {
        const Environment environment(Variables{{"I", text}});
        SettingsReader reader(environment);
        reader.integer({.name = "I", .help = ""}, -100, 100);
        EXPECT_EQ(reader.errors().size(), 1U) << text;
    }
}

TEST(Settings, ASecretIsNeverShown) {
    const Environment environment(Variables{{"SMTP_PASS", "hunter2"}});
    SettingsReader reader(environment);
    const Secret secret = reader.secret({.name = "SMTP_PASS", .help = "The password."});
    EXPECT_EQ(secret.reveal(), "hunter2");
    const SettingInForce& shown = reader.in_force().front();
    EXPECT_EQ(shown.value, "(hidden)");
    EXPECT_TRUE(shown.secret);
    EXPECT_TRUE(shown.from_environment);
}

TEST(Settings, AnUnsetSecretIsShownAsUnset) {
    const Environment environment;
    SettingsReader reader(environment);
    EXPECT_TRUE(reader.secret({.name = "SMTP_PASS", .help = ""}).empty());
    EXPECT_EQ(reader.in_force().front().value, "");
}

TEST(Settings, ValuesMayComeFromFiles) {
    const test::TemporaryFolder folder("settings");
    test::write_file(folder / "limit", "7\n");
    const Environment environment(Variables{
        {"LIMIT_FILE", folder / "limit"}, {"GONE_FILE", folder / "gone"}});
    SettingsReader reader(environment);
    EXPECT_EQ(reader.integer({.name = "LIMIT", .fallback = "1", .help = ""}, 1, 10), 7);
    EXPECT_TRUE(reader.in_force().front().from_environment);
    reader.text({.name = "GONE", .help = ""});
    ASSERT_EQ(reader.errors().size(), 1U);
    EXPECT_THAT(reader.errors()[0].message, HasSubstr("GONE_FILE"));
}

TEST(Settings, AWrongUrlIsShownWithoutItsPassword) {
    const Environment environment(Variables{
        {"U", "ftp://ann:hunter2@host"}, {"V", "ann:hunter2@host"}});
    SettingsReader reader(environment);
    reader.url({.name = "U", .help = ""}, {"nats"});
    reader.url({.name = "V", .help = ""}, {"nats"});
    ASSERT_EQ(reader.errors().size(), 2U);
    for (const Error& error : reader.errors()) {
        EXPECT_THAT(error.message, AllOf(HasSubstr("ann:***@host"), Not(HasSubstr("hunter2"))));
    }
    EXPECT_THAT(reader.in_force()[0].value, Not(HasSubstr("hunter2")));
}

TEST(WithoutPassword, KeepsTheUserAndTheHost) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"nats://host:4222", "nats://host:4222"},
        {"nats://ann:secret@host:4222", "nats://ann:***@host:4222"},
        {"nats://token@host", "nats://***@host"},
        {"redis://:secret@host/0", "redis://:***@host/0"},
        {"nats://a:s1@h1,nats://b:s2@h2:1", "nats://a:***@h1,nats://b:***@h2:1"},
        {"nats://h1,nats://b:s2@h2", "nats://h1,nats://b:***@h2"},
        {"nats://h1,h2", "nats://h1,h2"},
        {"postgres://ann:se@cret@host/db", "postgres://ann:***@host/db"},
        {"postgres://host/db?user=ann&password=s3&sslmode=require",
         "postgres://host/db?user=ann&password=***&sslmode=require"},
        {"postgres://host/db?sslpassword=s3", "postgres://host/db?sslpassword=***"},
        {"", ""},
        {"@", "***@"},
        {"://", "://"}};
    for (const auto& [url, shown] : cases) {
        EXPECT_EQ(without_password(url), shown);
    }
}

TEST(WithoutPassword, HidesAlsoWhatSomebodyForgotToEncode) {
    for (const std::string_view url :
         {"postgres://ann:hun/ter2@host/db",
          "nats://ann:hun,ter2@host",
          "nats://ann:hun?ter2@host",
          "nats://ann:hun#ter2@host",
          "nats://h1,ann:hun,ter2@h2",
          "redis://hun/ter2@host"}) {
        const std::string shown = without_password(url);
        EXPECT_THAT(shown, AllOf(Not(HasSubstr("hun")), Not(HasSubstr("ter2")))) << url;
    }
}

RC_GTEST_PROP(WithoutPassword, NeverShowsThePassword, (const std::string& drawn)) {
    const std::string password = "<<" + drawn + ">>";
    RC_PRE(password.find("://") == std::string::npos);
    const std::string shown = without_password("nats://ann:" + password + "@host:4222");
    RC_ASSERT(shown == "nats://ann:***@host:4222");
}

}  // namespace
}  // namespace chatear
