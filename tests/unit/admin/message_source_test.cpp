#include "admin/message_source.hpp"

#include "support/process.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>

namespace chatear::admin {
namespace {

FileSource lines(const std::string& text) {
    static const chatear::test::TemporaryFolder folder("lines");
    chatear::test::write_file(folder / "lines", text);
    return std::move(**FileSource::open(folder / "lines"));
}

/// A pipe whose other end writes when it likes.
class Pipe {
public:
    Pipe() { EXPECT_EQ(pipe2(ends_.data(), O_CLOEXEC), 0); }
    ~Pipe() { end(); }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    int reading() const { return ends_[0]; }
    void say(const std::string& text) const {
        EXPECT_EQ(write(ends_[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
    }
    void end() {
        if (ends_[1] >= 0) {
            close(std::exchange(ends_[1], -1));
        }
    }

private:
    std::array<int, 2> ends_{-1, -1};
};

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

TEST(FileSource, IsReadyOnlyWhenAWholeLineOrTheEndIsThere) {
    Pipe pipe;
    FileSource source{LineReader(pipe.reading())};
    EXPECT_FALSE(source.ready());
    pipe.say("{\"a\":");
    EXPECT_FALSE(source.ready());
    pipe.say("1}\n\n  \n{\"a\":2}\n");
    EXPECT_TRUE(source.ready());
    EXPECT_EQ(source.next()->value(), "{\"a\":1}");
    EXPECT_TRUE(source.ready());
    EXPECT_EQ(source.next()->value(), "{\"a\":2}");
    EXPECT_FALSE(source.ready());
    pipe.say("\n");
    EXPECT_FALSE(source.ready()) << "an empty line is no event";
    pipe.say("{}");
    pipe.end();
    EXPECT_TRUE(source.ready());
    EXPECT_EQ(source.next()->value(), "{}");
    EXPECT_TRUE(source.ready());
    EXPECT_EQ(*source.next(), std::nullopt);
    EXPECT_EQ(*source.next(), std::nullopt);
}

TEST(FileSource, AFolderIsNoFile) {
    const auto source = FileSource::open("/");
    ASSERT_TRUE(source);
    const auto line = (*source)->next();
    ASSERT_FALSE(line);
    EXPECT_NE(line.error().message.find("directory"), std::string::npos) << line.error().message;
}

TEST(LineReader, ReadsLinesLongerThanItsReads) {
    const chatear::test::TemporaryFolder folder("lines");
    const std::string longest(300'000, 'x');
    chatear::test::write_file(folder / "lines", longest + "\n\n" + longest + "y");
    auto opened = LineReader::open(folder / "lines");
    ASSERT_TRUE(opened);
    LineReader& reader = *opened;
    EXPECT_EQ(reader.next()->value(), longest);
    EXPECT_EQ(reader.next()->value(), "");
    EXPECT_EQ(reader.next()->value(), longest + "y");
    EXPECT_EQ(*reader.next(), std::nullopt);
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
