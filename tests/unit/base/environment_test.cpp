#include "base/environment.hpp"

#include "support/process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace chatear {
namespace {

using Variables = std::map<std::string, std::string, std::less<>>;
using test::TemporaryFolder;
using test::write_file;
using testing::HasSubstr;

class EnvironmentFile : public testing::Test {
protected:
    Result<void> add(const std::string& content) {
        write_file(folder_ / "env", content);
        return environment_.add_file(folder_ / "env");
    }
    std::string value(std::string_view name) {
        const auto found = environment_.get(name);
        EXPECT_TRUE(found) << found.error().message;
        return found && *found ? **found : "(unset)";
    }

    TemporaryFolder folder_{"environment"};
    Environment environment_;
};

TEST_F(EnvironmentFile, HasNamesValuesCommentsAndExports) {
    ASSERT_TRUE(
        add("# a comment\n\n  A=1\nexport B=two words\r\n\tC = spaced \nD=\n#E=5\nF=a=b#c\nG=last")
    );
    EXPECT_EQ(value("A"), "1");
    EXPECT_EQ(value("B"), "two words");
    EXPECT_EQ(value("C"), "spaced");
    EXPECT_EQ(value("D"), "(unset)");
    EXPECT_EQ(value("E"), "(unset)");
    EXPECT_EQ(value("F"), "a=b#c");
    EXPECT_EQ(value("G"), "last");
}

TEST_F(EnvironmentFile, TakesQuotesOffTheWholeValueOnly) {
    ASSERT_TRUE(add("A=\" kept \"\nB='it''s'\nC=\"open\nD='x\"\nE=\"\"\nF=\"\nG=say \"hi\"\n"));
    EXPECT_EQ(value("A"), " kept ");
    EXPECT_EQ(value("B"), "it''s");
    EXPECT_EQ(value("C"), "\"open");
    EXPECT_EQ(value("D"), "'x\"");
    EXPECT_EQ(value("E"), "(unset)");
    EXPECT_EQ(value("F"), "\"");
    EXPECT_EQ(value("G"), "say \"hi\"");
}

TEST_F(EnvironmentFile, LeavesAloneWhatIsSet) {
    environment_ = Environment(Variables{{"A", "process"}, {"B", ""}});
    ASSERT_TRUE(add("A=file\nB=file\n"));
    EXPECT_EQ(value("A"), "process");
    EXPECT_EQ(value("B"), "file") << "an empty value is an unset one";
}

TEST_F(EnvironmentFile, NamesTheLineThatIsNoAssignment) {
    for (const std::string bad : {"just text", "=x", "A B=x", "export", "A-B=1", "\xc3\x84=1"}) {
        const auto added = add("OK=1\n" + bad + "\n");
        ASSERT_FALSE(added) << bad;
        EXPECT_THAT(added.error().message, HasSubstr("env:2: not NAME=value"));
    }
}

TEST_F(EnvironmentFile, ThatCannotBeReadIsAnError) {
    EXPECT_THAT(
        environment_.add_file(folder_ / "missing").error().message, HasSubstr("No such file")
    );
    EXPECT_THAT(
        environment_.add_file(folder_.path().string()).error().message, HasSubstr("Is a directory")
    );
    EXPECT_THAT(environment_.add_file("/dev/zero").error().message, HasSubstr("larger than"));
}

TEST_F(EnvironmentFile, MayHoldASecretOnItsOwn) {
    write_file(folder_ / "pass", "s3cret \n");
    environment_ = Environment(Variables{{"PASS_FILE", folder_ / "pass"}});
    EXPECT_EQ(value("PASS"), "s3cret ");
}

TEST_F(EnvironmentFile, WithNothingButALineBreakIsAnUnsetValue) {
    write_file(folder_ / "pass", "\r\n");
    environment_ = Environment(Variables{{"PASS_FILE", folder_ / "pass"}});
    EXPECT_EQ(value("PASS"), "(unset)");
}

TEST_F(EnvironmentFile, AndValueAtOnceAreAnErrorThatHidesBoth) {
    write_file(folder_ / "pass", "from-file");
    environment_ =
        Environment(Variables{{"PASS", "from-process"}, {"PASS_FILE", folder_ / "pass"}});
    const auto found = environment_.get("PASS");
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().message, "PASS and PASS_FILE are both set: unset one");
}

TEST_F(EnvironmentFile, AnEmptyNameOfAFileIsUnset) {
    environment_ = Environment(Variables{{"PASS", "x"}, {"PASS_FILE", ""}});
    EXPECT_EQ(value("PASS"), "x");
}

TEST_F(EnvironmentFile, ThatIsNamedButMissingIsAnErrorWithItsName) {
    environment_ = Environment(Variables{{"PASS_FILE", folder_ / "none"}});
    EXPECT_THAT(environment_.get("PASS").error().message, HasSubstr("PASS_FILE: cannot read"));
    environment_ = Environment(Variables{{"PASS_FILE", folder_.path().string()}});
    EXPECT_THAT(environment_.get("PASS").error().message, HasSubstr("Is a directory"));
}

TEST(Environment, OfTheProcessHasItsVariables) {
    setenv("CHATEAR_TEST_VALUE", "a=b", 1);
    EXPECT_EQ(Environment::of_process().get("CHATEAR_TEST_VALUE").value(), "a=b");
    unsetenv("CHATEAR_TEST_VALUE");
}

}  // namespace
}  // namespace chatear
