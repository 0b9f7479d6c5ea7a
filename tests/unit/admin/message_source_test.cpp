#include "admin/message_source.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace chatear::admin {
namespace {

FileSource lines(const std::string& text) {
    return FileSource(std::make_unique<std::istringstream>(text));
}

TEST(FileSource, GivesOneEventALineAndPassesEmptyOnesOver) {
    FileSource source = lines("{\"a\":1}\n\n  \r\n{\"a\":2}");
    EXPECT_EQ(source.next()->value(), "{\"a\":1}");
    EXPECT_EQ(source.next()->value(), "{\"a\":2}");
    EXPECT_EQ(*source.next(), std::nullopt);
    EXPECT_EQ(source.total(), std::nullopt);
}

TEST(FileSource, NamesTheLineThatIsNoJson) {
    FileSource source = lines("{}\n\n{\"a\":\n");
    ASSERT_TRUE(source.next());
    const auto wrong = source.next();
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().message.find("line 3: "), 0u) << wrong.error().message;
}

TEST(FileSource, SaysWhichFileCannotBeRead) {
    const auto source = FileSource::open("/nonexistent/events.jsonl");
    ASSERT_FALSE(source);
    EXPECT_NE(source.error().message.find("/nonexistent/events.jsonl"), std::string::npos);
}

TEST(GeneratedSource, CountsFromOne) {
    GeneratedSource source("{\"id\":\"{n}-{n}\"}", 2);
    EXPECT_EQ(source.next()->value(), "{\"id\":\"1-1\"}");
    EXPECT_EQ(source.next()->value(), "{\"id\":\"2-2\"}");
    EXPECT_EQ(*source.next(), std::nullopt);
    EXPECT_EQ(source.total(), 2u);
}

TEST(SingleSource, GivesItsTextAsItIs) {
    SingleSource source("{\"body\":\"{n}\"}");
    EXPECT_EQ(source.next()->value(), "{\"body\":\"{n}\"}");
    EXPECT_EQ(*source.next(), std::nullopt);
}

TEST(HeaderLine, IsNameAndValue) {
    EXPECT_EQ(
        *parse_header_line("X-A: b: c"), std::make_pair(std::string("X-A"), std::string("b: c"))
    );
    EXPECT_EQ(parse_header_line("X-A:")->second, "");
    EXPECT_FALSE(parse_header_line("X-A"));
    EXPECT_FALSE(parse_header_line(": b"));
}

}  // namespace
}  // namespace chatear::admin
