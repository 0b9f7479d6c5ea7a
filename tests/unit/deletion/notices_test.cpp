#include "deletion/notices.hpp"

#include "base/json.hpp"
#include "examples.hpp"

#include <gtest/gtest.h>

namespace chatear::deletion {
namespace {

using namespace examples;

const std::vector<Notice> both{
    domain_event(subject::deleted, "deleted", "4711"), email_notice("account_deleted", "deleted")};

TEST(Notices, GetTheIdOfTheirDeletionAndAnIdOfTheirOwn) {
    const std::vector<Notice> finished = finish_notices(both, "d1", ann());
    ASSERT_EQ(finished.size(), 2U);
    EXPECT_EQ(
        to_json_text(finished[0].payload),
        R"({"user_id":"4711","deletion_id":"d1","event_id":"d1/deleted"})"
    );
    EXPECT_EQ(
        to_json_text(finished[1].payload),
        R"({"template_name":"account_deleted","recipient":"ann@example.com","locale":"pt-BR",)"
        R"("template_data":{"name":"Ann"},"event_id":"d1.deleted"})"
    );
    EXPECT_NE(finished[0].key, finished[1].key);
}

TEST(Notices, AnEmailToNobodyIsLeftOutAndTheRestIsTold) {
    User without = ann();
    without.email = "";
    for (const std::optional<User>& user : {std::optional<User>(), std::optional(without)}) {
        EXPECT_EQ(subjects(finish_notices(both, "d1", user)), "user.deleted");
    }
}

TEST(Notices, WhatTheProductWroteIntoItsColumnsMakesNoDeadLetter) {
    User odd = ann();
    odd.locale = "../../etc";
    odd.name = "";
    const std::vector<Notice> finished = finish_notices(both, "d1", odd);
    ASSERT_EQ(finished.size(), 2U);
    EXPECT_FALSE(finished[1].payload.contains("locale"));
    EXPECT_FALSE(finished[1].payload.contains("template_data"));
}

TEST(Notices, AnAddressIsWhatIsWrittenToOrNone) {
    User user = ann();
    EXPECT_EQ(mail_address(user), "ann@example.com");
    user.email = "Ann <ann@EXAMPLE.com>";
    EXPECT_EQ(mail_address(user), "ann@example.com");
    for (const char* bad : {"", " ", "ann", "ann@", "ann@example.com\r\nBcc: x@example.com"}) {
        user.email = bad;
        EXPECT_EQ(mail_address(user), std::nullopt) << bad;
    }
    user.email.reset();
    EXPECT_EQ(mail_address(user), std::nullopt);
}

}  // namespace
}  // namespace chatear::deletion
