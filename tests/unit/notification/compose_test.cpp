#include "notification/compose.hpp"

#include "mail/mime_writer.hpp"

#include <boost/json.hpp>
#include <gmock/gmock.h>

#include <string>

namespace chatear::notification {
namespace {

using testing::HasSubstr;

const mail::Templates& shipped() {
    static const Result<mail::Templates> templates = mail::Templates::load("templates");
    return *templates;
}

Result<mail::Message> composed(const std::string& event) {
    const mail::Address from = *mail::parse_address("Chatear <no-reply@chatear.example>");
    return compose(
        decode_email_send(event).value(),
        shipped(),
        from,
        "<id@chatear.example>",
        Time(std::chrono::seconds(1))
    );
}

TEST(Compose, TakesTheEventsOwnTextsWithoutATemplate) {
    const auto message = composed(
        R"({"recipient": "ann@example.org", "subject": "{{s}}", "body": "{{name}}", "html": "<p>", "reply_to": "help@example.org",
        "headers": {"X-A": "1"}, "attachments": [{"filename": "a", "content": "UERG"}]})"
    );
    ASSERT_TRUE(message);
    EXPECT_EQ(message->from.display_name, "Chatear");
    EXPECT_EQ(message->to.addr_spec(), "ann@example.org");
    EXPECT_EQ(message->subject, "{{s}}");
    EXPECT_EQ(message->text, "{{name}}");
    EXPECT_EQ(message->html, "<p>");
    EXPECT_EQ(message->reply_to->addr_spec(), "help@example.org");
    EXPECT_EQ(message->message_id, "<id@chatear.example>");
    EXPECT_EQ(message->date, Time(std::chrono::seconds(1)));
    EXPECT_EQ(message->attachments.size(), 1U);
    EXPECT_FALSE(mail::write_mime(*message, {}).empty());
}

TEST(Compose, SendsHtmlAloneWhereThereIsNoText) {
    EXPECT_EQ(
        composed(R"({"recipient": "a@b.test", "subject": "s", "html": "<p>"})")->text, std::nullopt
    );
    EXPECT_EQ(composed(R"({"recipient": "a@b.test", "subject": "s", "body": ""})")->text, "");
}

TEST(Compose, RendersTheTemplateWithTheEventsFieldsAndData) {
    const auto message = composed(
        R"({"recipient": "ann@example.org", "subject": "ignored", "body": "A word from us.",
        "template_name": "welcome", "template_data": {"name": "Ann <3", "login_url": "https://chatear.example/?a&b"}, "locale": "pt-BR"})"
    );
    ASSERT_TRUE(message) << message.error().message;
    EXPECT_EQ(message->subject, "Boas-vindas ao Chatear, Ann <3");
    EXPECT_THAT(*message->text, HasSubstr("A word from us."));
    EXPECT_THAT(*message->html, HasSubstr("Ann &lt;3"));
    EXPECT_THAT(*message->html, HasSubstr("https://chatear.example/?a&amp;b"));
}

TEST(Compose, LetsTemplateDataGoBeforeTheEventsFields) {
    const auto message = composed(
        R"({"recipient": "a@b.test", "template_name": "welcome", "body": "outer", "template_data": {"body": "inner"}})"
    );
    EXPECT_THAT(*message->text, HasSubstr("inner"));
}

TEST(Compose, SaysWhichTemplateIsMissing) {
    const auto message = composed(R"({"recipient": "a@b.test", "template_name": "goodbye"})");
    ASSERT_FALSE(message);
    EXPECT_EQ(
        message.error().message,
        "there is no template 'goodbye': there is account_deleted, account_recovered, "
        "account_recovery, magic_link, password_reset, welcome"
    );
}

TEST(Compose, RefusesASubjectThatBecomesTooLong) {
    const auto message = composed(
        R"({"recipient": "a@b.test", "template_name": "welcome", "template_data": {"name": ")" +
        std::string(1000, 'n') + R"("}})"
    );
    ASSERT_FALSE(message);
    EXPECT_EQ(message.error().message, "template 'welcome': the subject is over 998 bytes");
}

TEST(Compose, LetsNoVariableBreakTheSubject) {
    const auto message = composed(
        R"({"recipient": "a@b.test", "template_name": "welcome", "template_data": {"name": "x\r\nBcc: y@evil.test"}})"
    );
    EXPECT_EQ(message->subject, "Welcome to Chatear, x Bcc: y@evil.test");
}

TEST(Compose, MarksTheMailAsAutomaticUnlessTheEventSaysOtherwise) {
    const auto headers = [](const std::string& more) {
        return composed(R"({"recipient": "a@b.test", "subject": "s", "body": "b")" + more + "}")
            ->headers;
    };
    using Headers = std::vector<std::pair<std::string, std::string>>;
    EXPECT_EQ(headers(""), (Headers{{"Auto-Submitted", "auto-generated"}}));
    EXPECT_EQ(
        headers(R"(, "headers": {"auto-submitted": "no"})"), (Headers{{"auto-submitted", "no"}})
    );
}

}  // namespace
}  // namespace chatear::notification
