#include "sink/message_check.hpp"

#include "sink_message.hpp"

#include <gtest/gtest.h>

#include <string>

namespace chatear::bench {
namespace {

using test::message;

Fault fault_of(const std::string& content, bool with_trailer = true) {
    return check_message(content, "ann@b.test", with_trailer).fault;
}

std::string with(std::string content, const std::string& part, const std::string& instead) {
    return content.replace(content.find(part), part.size(), instead);
}

TEST(MessageCheck, TellsWhichMessageItIs) {
    const CheckedMessage checked = check_message(message, "ann@b.test", true);
    EXPECT_EQ(name_of(checked.fault), "none");
    EXPECT_EQ(checked.message_id, "<1@a.test>");
    EXPECT_EQ(checked.body_id, "1");
}

TEST(MessageCheck, FindsEveryChangedByteOfTheBody) {
    const std::size_t begin = message.find("Hello");
    for (std::size_t at = begin; at < message.size(); ++at) {
        std::string changed = message;
        changed[at] = static_cast<char>(changed[at] ^ 1);
        if (message.compare(at - 14, 14, "chatear-bench ") == 0) {
            EXPECT_EQ(check_message(changed, "ann@b.test", true).body_id, "0");
            continue;  // The id is what the body says of itself: whoever knows all ids finds it.
        }
        EXPECT_NE(fault_of(changed), Fault::none) << at;
    }
}

TEST(MessageCheck, FindsEveryLostByteOfTheBody) {
    const std::size_t begin = message.find("Hello");
    for (std::size_t at = begin; at < message.size(); ++at) {
        std::string shorter = message;
        shorter.erase(at, 1);
        EXPECT_TRUE(fault_of(shorter) != Fault::none || message[at] == '1') << at;
        EXPECT_NE(fault_of(message.substr(0, at)), Fault::none) << at;
    }
}

TEST(MessageCheck, NamesTheFault) {
    EXPECT_EQ(fault_of(with(message, "Hello\r\n", "Hello\n")), Fault::bare_line_end);
    EXPECT_EQ(fault_of(with(message, "Hello", "He\rlo")), Fault::bare_line_end);
    EXPECT_EQ(fault_of(message.substr(0, message.size() - 2)), Fault::unfinished);
    EXPECT_EQ(fault_of("To: <ann@b.test>\r\n"), Fault::unfinished);
    EXPECT_EQ(fault_of(""), Fault::unfinished);
    EXPECT_EQ(fault_of(with(message, "Message-ID", "Message-Is")), Fault::no_message_id);
    EXPECT_EQ(fault_of(with(message, "<1@a.test>", "")), Fault::no_message_id);
    EXPECT_EQ(fault_of(with(message, "ann@b.test", "bob@b.test")), Fault::wrong_recipient);
    EXPECT_EQ(fault_of(with(message, "chatear-bench", "chatear")), Fault::no_trailer);
    EXPECT_EQ(fault_of(with(message, "1 14 77", "1 77")), Fault::no_trailer);
    EXPECT_EQ(fault_of(with(message, " 14 ", " 15 ")), Fault::wrong_length);
    EXPECT_EQ(fault_of(with(message, "Hello", "Hallo")), Fault::wrong_checksum);
}

TEST(MessageCheck, ReadsFieldsInAnyCaseAndFolded) {
    EXPECT_EQ(fault_of(with(message, "Message-ID: ", "MESSAGE-id:\r\n ")), Fault::none);
    EXPECT_EQ(fault_of(with(message, "To: ", "to: Bob <bob@b.test>,\r\n\t")), Fault::none);
}

TEST(MessageCheck, AMessageOfOthersHasNoTrailer) {
    const std::string others = "Message-Id: <2@c.test>\r\n\r\nXXXX\r\n";
    EXPECT_EQ(fault_of(others, false), Fault::none);
    EXPECT_EQ(fault_of(with(others, "Message-Id", "Message"), false), Fault::no_message_id);
}

}  // namespace
}  // namespace chatear::bench
