#include "sink/session.hpp"

#include "sink_message.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace chatear::bench {
namespace {

using test::message;

const std::string envelope = "MAIL FROM:<shop@a.test>\r\nRCPT TO:<ann@b.test>\r\n";
const std::string chunk = "BDAT " + std::to_string(message.size()) + " LAST\r\n" + message;

/// What goes over the wire after 354.
std::string dotted() {
    std::string text = message;
    text.insert(text.find(".dots"), ".");
    return text + ".\r\n";
}

/// Feeds `pieces` as a connection does, and keeps what was not taken.
struct Client {
    Tally tally{true};
    Session session{tally, {}};
    std::string waiting;
    std::string replies;

    void write(std::string_view bytes) {
        waiting += bytes;
        waiting.erase(0, session.take(waiting, replies));
    }
    std::string codes() const {
        std::string found;
        for (std::size_t begin = 0; begin < replies.size();
             begin = replies.find("\r\n", begin) + 2) {
            found += replies.substr(begin, 3) + " ";
        }
        return found;
    }
    std::int64_t counted(const char* name) {
        return boost::json::parse(tally.report()).at(name).to_number<std::int64_t>();
    }
};

TEST(SinkSession, TakesAMessageCommandByCommand) {
    Client client;
    for (const std::string& step :
         {std::string("EHLO me\r\n"),
          std::string("MAIL FROM:<shop@a.test>\r\n"),
          std::string("RCPT TO:<ann@b.test>\r\n"),
          std::string("DATA\r\n"),
          dotted(),
          std::string("QUIT\r\n")}) {
        client.write(step);
        EXPECT_TRUE(client.waiting.empty());
    }
    EXPECT_EQ(client.codes(), "250 250 250 250 250 250 250 250 354 250 221 ");
    EXPECT_TRUE(client.session.finished());
    EXPECT_EQ(client.counted("messages"), 1);
    EXPECT_EQ(client.counted("bad"), 0);
}

/// Content and the next envelope in one group, cut at every byte.
TEST(SinkSession, TakesAContentWithTheNextEnvelopeHoweverItIsCut) {
    const std::string group = dotted() + envelope + "DATA\r\n";
    for (std::size_t cut = 0; cut <= group.size(); ++cut) {
        Client client;
        client.write(envelope + "DATA\r\n");
        client.write(group.substr(0, cut));
        client.write(group.substr(cut));
        ASSERT_EQ(client.codes(), "250 250 354 250 250 250 354 ") << cut;
        ASSERT_EQ(client.counted("bad"), 0) << cut;
    }
}

TEST(SinkSession, TakesAWindowOfChunksHoweverItIsCut) {
    const std::string group = "RSET\r\n" + envelope + chunk;
    const std::string window = group + group + group;
    for (std::size_t cut = 0; cut <= window.size(); ++cut) {
        Client client;
        client.write(window.substr(0, cut));
        client.write(window.substr(cut));
        ASSERT_EQ(client.codes(), "250 250 250 250 250 250 250 250 250 250 250 250 ") << cut;
        ASSERT_EQ(client.counted("messages"), 3) << cut;
        ASSERT_EQ(client.counted("bad"), 0) << cut;
    }
}

TEST(SinkSession, TakesEverythingByteByByte) {
    Client client;
    for (const char byte : envelope + "DATA\r\n" + dotted() + "RSET\r\n" + envelope + chunk) {
        client.write({&byte, 1});
    }
    EXPECT_EQ(client.codes(), "250 250 354 250 250 250 250 250 ");
    EXPECT_EQ(client.counted("messages"), 2);
    EXPECT_EQ(client.counted("in_chunks"), 1);
    EXPECT_EQ(client.counted("distinct_bodies"), 1);
    EXPECT_EQ(client.counted("distinct_message_ids"), 1);
    EXPECT_EQ(client.counted("bad"), 0);
}

TEST(SinkSession, JoinsSeveralChunks) {
    Client client;
    client.write(
        envelope + "BDAT 10\r\n" + message.substr(0, 10) + "BDAT " +
        std::to_string(message.size() - 10) + "\r\n" + message.substr(10) + "BDAT 0 LAST\r\n"
    );
    EXPECT_EQ(client.codes(), "250 250 250 250 250 ");
    EXPECT_EQ(client.counted("bad"), 0);
}

TEST(SinkSession, TakesAnEmptyContentForABadMessage) {
    Client client;
    client.write(envelope + "DATA\r\n");
    client.write(".\r\n");
    EXPECT_EQ(client.codes(), "250 250 354 554 ");
    EXPECT_EQ(client.counted("bad"), 1);
}

TEST(SinkSession, RefusesABadMessageAndCountsIt) {
    std::string bad = message;
    bad[bad.find("Hello")] = 'J';
    Client client;
    client.write(envelope + "BDAT " + std::to_string(bad.size()) + " LAST\r\n" + bad);
    EXPECT_EQ(client.replies.substr(client.replies.find("554")), "554 5.6.0 wrong_checksum\r\n");
    const boost::json::value report = boost::json::parse(client.tally.report());
    EXPECT_EQ(report.at("bad"), 1);
    EXPECT_EQ(report.at("faults").at("wrong_checksum"), 1);
    EXPECT_EQ(report.at("first_bad"), boost::json::value(bad));
}

/// What would let a message out under another's envelope.
TEST(SinkSession, RefusesWhatIsNotInOrder) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {envelope + envelope, "250 250 503 250 "},
        {"RCPT TO:<ann@b.test>\r\n", "503 "},
        {"DATA\r\n", "503 "},
        {chunk + "NOOP\r\n", "503 250 "},
        {"MAIL FROM:<>\r\n" + chunk + "NOOP\r\n", "250 503 250 "},
        {envelope + "BDAT 1\r\nxDATA\r\n", "250 250 250 503 "},
        {envelope + "BDAT 1\r\nxMAIL FROM:<>\r\n", "250 250 250 503 "},
        {"MAIL FROM:<>\r\nRCPT TO:ann\r\n", "250 501 "},
        {"HELP\r\n", "502 "},
    };
    for (const auto& [input, codes] : cases) {
        Client client;
        client.write(input);
        EXPECT_EQ(client.codes(), codes) << input;
        EXPECT_FALSE(client.session.finished()) << input;
        EXPECT_EQ(client.counted("refused_commands"), 1) << input;
        EXPECT_EQ(client.counted("messages"), 0) << input;
    }
}

TEST(SinkSession, HangsUpOnWhatCannotBeFollowed) {
    for (const std::string& input :
         {envelope + "DATA\r\nSubject: early\r\n",
          std::string("EHLO me\r\nMAIL FROM:<>\r\n"),
          envelope + "BDAT\r\n",
          envelope + "BDAT x LAST\r\n",
          envelope + "BDAT 5 LAS\r\n",
          envelope + "BDAT 68719476736 LAST\r\n",
          std::string(3000, 'x')}) {
        Client client;
        client.write(input);
        EXPECT_TRUE(client.session.finished()) << input;
        EXPECT_EQ(client.counted("refused_commands"), 1) << input;
    }
}

TEST(SinkSession, AnnouncesWhatItIsTold) {
    Tally tally(true);
    std::string replies;
    Session(tally, {}).take("EHLO me\r\n", replies);
    EXPECT_NE(replies.find("CHUNKING"), std::string::npos);
    EXPECT_NE(replies.find("PIPELINING"), std::string::npos);
    replies.clear();
    Session plain(tally, {.chunking = false, .pipelining = false});
    plain.take("EHLO me\r\n", replies);
    EXPECT_EQ(replies.find("CHUNKING"), std::string::npos);
    EXPECT_EQ(replies.find("PIPELINING"), std::string::npos);
    replies.clear();
    plain.take("BDAT 0 LAST\r\n", replies);
    EXPECT_EQ(replies.substr(0, 3), "502");
}

}  // namespace
}  // namespace chatear::bench
