#include "nats/message.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace chatear::nats {
namespace {

TEST(Headers, AreFoundWithCaseAndTheFirstOfSeveralCounts) {
    const Headers headers = {{"Name", "1"}, {"name", "2"}, {"Name", "3"}};
    EXPECT_EQ(find_header(headers, "Name"), "1");
    EXPECT_EQ(find_header(headers, "name"), "2");
    EXPECT_EQ(find_header(headers, "NAME"), std::nullopt);
}

TEST(Headers, ThatWouldBreakTheWireAreRefused) {
    EXPECT_TRUE(check_headers({{"A-b_1", ""}, {"X", "ümlaut: and more"}}));
    for (const std::string name : {"", "with space", "colon:", "line\r", "ümlaut", "tab\t"}) {
        EXPECT_FALSE(check_headers({{name, "v"}})) << name;
    }
    for (const std::string& value :
         {std::string("a\rb"), std::string("a\n"), std::string("\0", 1)}) {
        EXPECT_FALSE(check_headers({{"A", value}}));
    }
}

TEST(Subject, IsValidWhenItCanBePublishedTo) {
    for (const std::string subject : {"a", "email.send", "$JS.API.INFO", "ä.b", "a-b_c.1"}) {
        EXPECT_TRUE(valid_subject(subject)) << subject;
    }
    for (const std::string subject :
         {"", ".", ".a", "a.", "a..b", "a b", "a.*", "a.>", "a\r\n", "a\tb"}) {
        EXPECT_FALSE(valid_subject(subject)) << subject;
    }
}

TEST(SubjectCovers, FollowsTheWildcards) {
    const std::vector<std::pair<std::string, std::string>> covered = {
        {"a", "a"},
        {"a.b", "a.b"},
        {"a.*", "a.b"},
        {"*.b", "a.b"},
        {"a.>", "a.b"},
        {"a.>", "a.b.c"},
        {">", "a"},
        {">", "a.b"},
        {"a.*", "a.*"},
        {"a.>", "a.*"},
        {"a.>", "a.>"},
        {"*.*", "a.*"},
    };
    for (const auto& [pattern, subject] : covered) {
        EXPECT_TRUE(subject_covers(pattern, subject)) << pattern << " " << subject;
    }
    const std::vector<std::pair<std::string, std::string>> not_covered = {
        {"a", "b"},
        {"a", "a.b"},
        {"a.b", "a"},
        {"a.*", "a"},
        {"a.*", "a.b.c"},
        {"a.>", "a"},
        {"a.*", "a.>"},
        {"a.b", "a.*"},
        {"*", "a.b"},
        {"", "a"},
    };
    for (const auto& [pattern, subject] : not_covered) {
        EXPECT_FALSE(subject_covers(pattern, subject)) << pattern << " " << subject;
    }
}

}  // namespace
}  // namespace chatear::nats
