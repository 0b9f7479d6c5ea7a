#include "mail/message_id.hpp"

#include <gtest/gtest.h>

#include <regex>
#include <string>
#include <vector>

namespace chatear::mail {
namespace {

using Strings = std::vector<std::string>;

TEST(MessageId, IsTheSameForTheSameEvent) {
    EXPECT_EQ(
        stable_message_id("order-17", "example.org"), stable_message_id("order-17", "example.org")
    );
    EXPECT_NE(
        stable_message_id("order-17", "example.org"), stable_message_id("order-18", "example.org")
    );
}

TEST(MessageId, IsOneWhateverTheEventsIdHolds) {
    const std::regex form("<[0-9a-f]{40}@example\\.org>");
    for (const std::string& id : Strings{
             std::string("a"),
             std::string(),
             std::string("a>\r\nBcc: b"),
             std::string("é \0 x", 6),
             std::string(100'000, 'x')}) {
        EXPECT_TRUE(std::regex_match(stable_message_id(id, "example.org"), form));
    }
}

}  // namespace
}  // namespace chatear::mail
