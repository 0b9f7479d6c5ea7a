#include "mail/mime_writer.hpp"

#include "gmime_reader.hpp"
#include "mail/message_id.hpp"

#include <gmock/gmock.h>

#include <string>

namespace chatear::mail {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Message simple() {
    Message message;
    message.from = *parse_address("Chatear <no-reply@chatear.example>");
    message.to = *parse_address("ann@example.org");
    message.subject = "Hello";
    message.text = "Hi Ann";
    message.message_id = stable_message_id("1", "chatear.example");
    message.date = Time(std::chrono::seconds(1'795'471'085));
    return message;
}

TEST(MimeWriter, WritesASimpleMessage) {
    EXPECT_EQ(
        write_mime(simple(), {}),
        "Date: Mon, 23 Nov 2026 21:58:05 +0000\r\n"
        "From: Chatear <no-reply@chatear.example>\r\n"
        "To: ann@example.org\r\n"
        "Subject: Hello\r\n"
        "Message-ID: <6b86b273ff34fce19d6b804eff5a3f5747ada4ea@chatear.example>\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: 7bit\r\n"
        "\r\n"
        "Hi Ann\r\n"
    );
}

TEST(MimeWriter, WritesTextAndHtmlAsAlternativesTextFirst) {
    Message message = simple();
    message.html = "<p>Hi Ann</p>";
    const std::string bytes = write_mime(message, {});
    EXPECT_THAT(bytes, HasSubstr("Content-Type: multipart/alternative;\r\n boundary=\"=_a"));
    EXPECT_LT(bytes.find("text/plain"), bytes.find("text/html"));
    message.text.reset();
    EXPECT_THAT(write_mime(message, {}), Not(HasSubstr("multipart")));
}

TEST(MimeWriter, PutsAttachmentsBehindTheBody) {
    Message message = simple();
    message.html = "<p>Hi Ann</p>";
    message.attachments.push_back({"a.txt", "text/plain", "--=_m\r\n"});
    const std::string bytes = write_mime(message, {});
    EXPECT_THAT(bytes, HasSubstr("Content-Type: multipart/mixed;\r\n boundary=\"=_m"));
    EXPECT_LT(bytes.find("multipart/mixed"), bytes.find("multipart/alternative"));
    EXPECT_LT(bytes.find("text/html"), bytes.find("attachment"));
}

TEST(MimeWriter, GivesTheSameBytesForTheSameMessage) {
    Message message = simple();
    message.html = "<p>Hi Ann</p>";
    message.attachments.push_back({"a.txt", "text/plain", "x"});
    EXPECT_EQ(write_mime(message, {}), write_mime(message, {}));
}

TEST(MimeWriter, LeavesEightBitBytesOnlyToServersWith8bitmime) {
    Message message = simple();
    message.text = "Ol\xc3\xa1, este texto tem acentos";
    EXPECT_THAT(
        write_mime(message, {.eight_bit_mime = true}), HasSubstr("Encoding: 8bit\r\n\r\nOl\xc3\xa1")
    );
    EXPECT_THAT(write_mime(message, {}), HasSubstr("Encoding: quoted-printable\r\n\r\nOl=C3=A1"));
}

TEST(MimeWriter, LeavesDotsToSmtp) {
    Message message = simple();
    message.text = ".\n..\n";
    EXPECT_THAT(write_mime(message, {}), HasSubstr("\r\n\r\n.\r\n..\r\n"));
}

TEST(MimeWriter, NeedsSmtputf8ForALocalPart) {
    Message message = simple();
    EXPECT_FALSE(needs_smtputf8(message));
    message.reply_to = *parse_address("用户@example.org");
    EXPECT_TRUE(needs_smtputf8(message));
    EXPECT_THAT(
        write_mime(message, {.smtputf8 = true}), HasSubstr("Reply-To: 用户@example.org\r\n")
    );
    EXPECT_DEATH(write_mime(message, {}), "smtputf8");
}

/// Whatever a field holds, a reader finds one message with one recipient and no header of its
/// making.
TEST(MimeWriter, LetsNoFieldInjectAHeaderOrAPart) {
    const std::string evil = "x\r\nBcc: mallory@evil.test\r\nX-Note: evil\r\n\r\n<script>";
    Message message = simple();
    message.subject = evil;
    message.to.display_name = evil;
    message.from.display_name = evil;
    message.reply_to = message.from;
    message.message_id = evil;
    message.text = "--=_a" + evil;
    message.html = evil;
    const std::string bytes = write_mime(message, {});
    const std::string headers = bytes.substr(0, bytes.find("\r\n\r\n"));
    EXPECT_THAT(headers, Not(HasSubstr("\r\nBcc")));
    EXPECT_THAT(headers, Not(HasSubstr("\r\nX-Note")));
    const test::ReadMessage read = test::read_with_gmime(bytes);
    ASSERT_EQ(read.to.size(), 1U);
    EXPECT_EQ(read.to[0].address, "ann@example.org");
    EXPECT_EQ(read.note, "");
    EXPECT_THAT(read.html.value_or(""), StartsWith("x\nBcc"));
}

TEST(MimeWriter, DiesBeforeAHeaderThatNobodyChecked) {
    Message message = simple();
    message.headers.emplace_back("Bcc", "mallory@evil.test");
    EXPECT_DEATH(write_mime(message, {}), "check_custom_header");
}

TEST(MimeWriter, IsNotFooledByABoundaryInTheText) {
    Message message = simple();
    message.html = "<p>Hi</p>";
    const std::string bytes = write_mime(message, {});
    const std::size_t at = bytes.find("=_a");
    message.text = "--" + bytes.substr(at, 35) + "--\nlast line";
    const test::ReadMessage read = test::read_with_gmime(write_mime(message, {}));
    EXPECT_EQ(read.text.value_or(""), *message.text);
    EXPECT_TRUE(read.html.has_value());
}

}  // namespace
}  // namespace chatear::mail
