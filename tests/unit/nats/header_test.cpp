#include "nats/message.hpp"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace chatear::nats
