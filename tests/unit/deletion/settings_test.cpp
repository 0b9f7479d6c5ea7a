#include "deletion/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>

namespace chatear::deletion {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string page = "https://chat.example.org/recover";

struct Read {
    Settings settings;
    std::vector<std::string> errors;
};

Read read(std::map<std::string, std::string, std::less<>> variables) {
    const Environment environment(std::move(variables));
    SettingsReader reader(environment);
    Read found;
    found.settings = read_settings(reader);
    for (const Error& error : reader.errors()) {
        found.errors.push_back(error.message);
    }
    return found;
}

TEST(DeletionSettings, HaveTheOriginalsLimitsUnlessToldOtherwise) {
    const Read found = read({{"RECOVERY_URL", page}});
    EXPECT_THAT(found.errors, IsEmpty());
    EXPECT_EQ(found.settings.daily_limit, 10);
    EXPECT_EQ(found.settings.recovery_daily_limit, 2);
    EXPECT_EQ(found.settings.recovery_period, hours(24));
    EXPECT_EQ(found.settings.recovery_url, page);
    EXPECT_EQ(found.settings.recovery_listen, (ListenAddress{.host = "127.0.0.1", .port = 9091}));
    EXPECT_EQ(found.settings.erasure.after, std::nullopt);
    EXPECT_THAT(
        found.settings.erasure.columns, ElementsAre("email", "name", "locale", "time_zone")
    );
}

TEST(DeletionSettings, RefuseARecoveryPeriodUnder24HoursButInDevelopment) {
    const Read refused = read({{"RECOVERY_URL", page}, {"RECOVERY_PERIOD", "23h"}});
    EXPECT_THAT(refused.errors, ElementsAre(HasSubstr("RECOVERY_PERIOD")));
    const Read longer = read({{"RECOVERY_URL", page}, {"RECOVERY_PERIOD", "72h"}});
    EXPECT_THAT(longer.errors, IsEmpty());
    EXPECT_EQ(longer.settings.recovery_period, hours(72));
    const Read allowed = read({{"DEVELOPMENT", "true"}, {"RECOVERY_PERIOD", "2s"}});
    EXPECT_THAT(allowed.errors, IsEmpty());
    EXPECT_EQ(allowed.settings.recovery_period, seconds(2));
}

TEST(DeletionSettings, NeedThePagesAddressButInDevelopment) {
    EXPECT_THAT(read({}).errors, ElementsAre(HasSubstr("RECOVERY_URL")));
    EXPECT_THAT(read({{"DEVELOPMENT", "true"}}).settings.recovery_url, HasSubstr("127.0.0.1"));
    EXPECT_THAT(
        read({{"RECOVERY_URL", "https://a.test/?token=1"}}).errors,
        ElementsAre(HasSubstr("RECOVERY_URL"))
    );
    EXPECT_THAT(
        read({{"RECOVERY_URL", "ftp://a.test/"}}).errors, ElementsAre(HasSubstr("RECOVERY_URL"))
    );
}

TEST(DeletionSettings, ThePageMayBeServedElsewhere) {
    EXPECT_EQ(
        read({{"RECOVERY_URL", page}, {"RECOVERY_LISTEN", "off"}}).settings.recovery_listen,
        std::nullopt
    );
}

TEST(DeletionSettings, BlankWhatIsPersonalOnlyWhenTold) {
    const Read found = read(
        {{"RECOVERY_URL", page},
         {"HARD_DELETE_AFTER", "30d"},
         {"HARD_DELETE_COLUMNS", "email, phone_number,email"}}
    );
    EXPECT_THAT(found.errors, IsEmpty());
    EXPECT_EQ(found.settings.erasure.after, hours(24 * 30));
    EXPECT_THAT(found.settings.erasure.columns, ElementsAre("email", "phone_number"));
    EXPECT_THAT(
        read({{"RECOVERY_URL", page}, {"HARD_DELETE_AFTER", "soon"}}).errors,
        ElementsAre(HasSubstr("HARD_DELETE_AFTER"))
    );
    for (const std::string columns :
         {"id", "is_deleted", "deleted_at", "email,,name", "a b", "x\"y"}) {
        SCOPED_TRACE(columns);
        const Read wrong = read({{"RECOVERY_URL", page}, {"HARD_DELETE_COLUMNS", columns}});
        EXPECT_THAT(wrong.errors, ElementsAre(HasSubstr("HARD_DELETE_COLUMNS")));
    }
}

TEST(DeletionSettings, TheLinkIsThePagesAddressWithAToken) {
    EXPECT_EQ(recovery_link(page, "abc"), page + "?token=abc");
    EXPECT_EQ(recovery_path(page), "/recover");
    EXPECT_EQ(recovery_path("https://a.test"), "/");
    EXPECT_EQ(recovery_path("https://a.test:8443/x/y"), "/x/y");
}

}  // namespace
}  // namespace chatear::deletion
