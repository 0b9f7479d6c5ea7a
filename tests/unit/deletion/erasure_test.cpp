#include "deletion/erasure.hpp"

#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

namespace chatear::deletion {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr std::size_t uuid_characters = 36;

UserColumn text_column(std::string name) {
    UserColumn column{std::move(name)};
    column.type = "text";
    column.is_text = true;
    return column;
}

UserColumn needed_text(std::string name) {
    UserColumn column = text_column(std::move(name));
    column.may_be_null = false;
    return column;
}

std::string mistake_of(const UserColumn& column, std::size_t longest_id = uuid_characters) {
    const Result<ErasurePlan> plan = plan_erasure({column.name}, {column}, longest_id);
    return plan ? "" : plan.error().message;
}

Blank::With with(const UserColumn& column) {
    return plan_erasure({column.name}, {column}, uuid_characters)->columns.at(0).with;
}

TEST(Erasure, BlanksByWhatAColumnAllows) {
    EXPECT_EQ(with(text_column("name")), Blank::With::null);
    EXPECT_EQ(with(needed_text("name")), Blank::With::empty);
    UserColumn birthday{"birthday", "date"};
    EXPECT_EQ(with(birthday), Blank::With::null);
    UserColumn unique = text_column("email");
    unique.unique = true;
    EXPECT_EQ(with(unique), Blank::With::null);  // NULLs do not meet.
    unique.may_be_null = false;
    EXPECT_EQ(with(unique), Blank::With::stand_in);
}

TEST(Erasure, NamesAColumnThatCannotBeBlankedAndTheRemedy) {
    UserColumn birthday{"birthday", "date"};
    birthday.may_be_null = false;
    EXPECT_THAT(
        mistake_of(birthday), AllOf(HasSubstr("birthday"), HasSubstr("date"), HasSubstr("let it"))
    );
    UserColumn generated = text_column("search");
    generated.generated = true;
    EXPECT_THAT(mistake_of(generated), AllOf(HasSubstr("search"), HasSubstr("take it out")));
    UserColumn key = needed_text("tenant");
    key.primary_key = true;
    EXPECT_THAT(mistake_of(key), AllOf(HasSubstr("tenant"), HasSubstr("take it out")));
}

TEST(Erasure, NamesEveryMistakeAtOnce) {
    UserColumn birthday{"birthday", "date"};
    birthday.may_be_null = false;
    const Result<ErasurePlan> plan =
        plan_erasure({"phone", "birthday", "email"}, {birthday, text_column("email")}, 0);
    ASSERT_FALSE(plan);
    EXPECT_THAT(
        plan.error().message,
        AllOf(HasSubstr("column phone"), HasSubstr("column birthday"), Not(HasSubstr("email")))
    );
}

TEST(Erasure, LeavesOutOnlyTheDefaultsColumnsThatAreNotThere) {
    const Result<ErasurePlan> plan =
        plan_erasure({"email", "name", "locale", "time_zone"}, {text_column("email")}, 0);
    EXPECT_THAT(plan->columns, ElementsAre(Blank{"email", Blank::With::null}));
    EXPECT_THAT(plan->absent, ElementsAre("name", "locale", "time_zone"));
    const Result<ErasurePlan> typed_wrong = plan_erasure({"emial"}, {text_column("email")}, 0);
    EXPECT_THAT(typed_wrong.error().message, HasSubstr("emial"));
}

TEST(Erasure, AStandInMustFit) {
    UserColumn email = needed_text("email");
    email.unique = true;
    email.most_characters = 50;  // erased-<36>@invalid has 51.
    EXPECT_THAT(mistake_of(email), AllOf(HasSubstr("email"), HasSubstr("51 characters")));
    EXPECT_EQ(mistake_of(email, 20), "");
    EXPECT_EQ(mistake_of(email, 0), "");  // A text: each is seen when it is written.
    email.most_characters = 51;
    EXPECT_EQ(mistake_of(email), "");
}

TEST(Erasure, AStandInDiffersByAccountAndIsNobodysAddress) {
    EXPECT_EQ(stand_in("email", "7"), "erased-7@invalid");
    EXPECT_EQ(stand_in("handle", "7"), "erased-7");
}

TEST(Erasure, TheAuditRowSaysWhatWentAndNotWhatItWas) {
    Erasure erasure{"d1", "7"};
    erasure.columns = {"email", "name"};
    erasure.mails = 2;
    const AuditEntry entry = erased_entry(erasure);
    EXPECT_EQ(entry.action, "user.erased");
    EXPECT_EQ(entry.user_id, "7");
    EXPECT_EQ(
        boost::json::serialize(entry.meta),
        R"({"deletion_id":"d1","columns":["email","name"],"mails":2})"
    );
    erasure.account_there = false;
    EXPECT_TRUE(erased_entry(erasure).meta.contains("reason"));
}

}  // namespace
}  // namespace chatear::deletion
