#include "nats/stored_message.hpp"

#include "base/digest.hpp"

#include <gtest/gtest.h>

#include <string>

namespace chatear::nats {
namespace {

TEST(StoredMessage, IsReadFromTheApisAnswer) {
    const boost::json::object message{
        {"subject", "dlq.a"},
        {"seq", 3},
        {"time", "2026-11-23T10:00:00Z"},
        {"data", to_base64("payload")},
        {"hdrs", to_base64("NATS/1.0\r\nA: b\r\n\r\n")},
    };
    const auto stored = read_stored_message({{"message", message}});
    ASSERT_TRUE(stored);
    EXPECT_EQ(stored->seq, 3U);
    EXPECT_EQ(stored->message.payload, "payload");
    EXPECT_EQ(stored->message.headers, (Headers{{"A", "b"}}));
    for (const std::string field : {"seq", "data", "hdrs"}) {
        boost::json::object broken = message;
        broken[field] = "?";
        EXPECT_FALSE(read_stored_message({{"message", broken}})) << field;
    }
    EXPECT_FALSE(read_stored_message({}));
}

TEST(StoredMessage, IsReadAlsoWhereItsPublisherWroteNoHeaders) {
    const auto stored = read_stored_message(
        {{"message", {{"subject", "a"}, {"seq", 1}, {"hdrs", to_base64("rubbish")}}}}
    );
    ASSERT_TRUE(stored);
    EXPECT_TRUE(stored->message.headers.empty());
}

}  // namespace
}  // namespace chatear::nats
