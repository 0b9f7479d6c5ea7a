#include "notification/email_send.hpp"

#include "base/digest.hpp"
#include "base/utc.hpp"

#include <boost/json.hpp>
#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace chatear::notification {
namespace {

namespace json = boost::json;
using testing::HasSubstr;
using Strings = std::vector<std::string>;

/// The event of the original with one field set to `value`.
json::object event_with(std::string_view field, const json::value& value) {
    json::object event = {
        {"recipient", "ann@example.org"}, {"subject", "Hello"}, {"body", "Hi Ann"}};
    event[field] = value;
    return event;
}

Result<EmailSend> decode(const json::object& event) {
    return decode_email_send(json::serialize(event));
}

EmailSend decoded(std::string_view field, const json::value& value) {
    return decode(event_with(field, value)).value();
}

std::string error_of(std::string_view field, const json::value& value) {
    const auto email = decode(event_with(field, value));
    return email ? "" : email.error().message;
}

std::string error_of_text(std::string_view field, const std::string& text) {
    return error_of(field, json::value(json::string(text)));
}

TEST(EmailSend, IsReadAsTheOriginalDocumentWritesIt) {
    const auto email = decode_email_send(
        R"({"recipient": "user@example.com", "subject": "Email Subject", "body": "Email Body Content", "template_name": "welcome"})"
    );
    ASSERT_TRUE(email);
    EXPECT_EQ(email->recipient.addr_spec(), "user@example.com");
    EXPECT_EQ(email->subject, "Email Subject");
    EXPECT_EQ(email->body, "Email Body Content");
    EXPECT_EQ(email->template_name, "welcome");
    EXPECT_EQ(email->html, std::nullopt);
    EXPECT_EQ(email->send_at, std::nullopt);
}

TEST(EmailSend, IsReadWithEveryField) {
    const auto email = decode_email_send(R"({
        "recipient": "Ann <ann@example.org>", "subject": "Olá", "body": "text\nmore", "html": "<p>text</p>",
        "template_data": {"name": "Ann", "items": [1, {"a": null}]}, "event_id": "order-17/confirmation",
        "reply_to": "help@example.org", "headers": {"X-B": "2", "x-a": "1", "List-Id": "<l.example.org>"},
        "attachments": [{"filename": "a.pdf", "content_type": "application/pdf", "content": "UERG"}, {"filename": "b", "content": ""}],
        "locale": "pt-BR", "send_at": "2026-12-24T18:00:00+01:00", "unknown": {"ignored": true}})");
    ASSERT_TRUE(email) << email.error().message;
    EXPECT_EQ(email->recipient.display_name, "Ann");
    EXPECT_EQ(email->html, "<p>text</p>");
    EXPECT_EQ(email->template_data.size(), 2U);
    EXPECT_EQ(email->event_id, "order-17/confirmation");
    EXPECT_EQ(email->reply_to->addr_spec(), "help@example.org");
    ASSERT_EQ(email->headers.size(), 3U);
    EXPECT_EQ(email->headers[0].first, "List-Id");
    EXPECT_EQ(email->headers[1].first, "x-a");
    ASSERT_EQ(email->attachments.size(), 2U);
    EXPECT_EQ(email->attachments[0].bytes, "PDF");
    EXPECT_EQ(email->attachments[1].content_type, "application/octet-stream");
    EXPECT_EQ(email->locale, "pt-BR");
    EXPECT_EQ(format_time(*email->send_at), "2026-12-24T17:00:00.000000Z");
}

TEST(EmailSend, NeedsARecipientASubjectAndABody) {
    EXPECT_EQ(error_of("recipient", nullptr), "recipient: is missing");
    EXPECT_EQ(error_of_text("recipient", ""), "recipient: is missing");
    EXPECT_EQ(error_of("subject", nullptr), "subject: is missing");
    EXPECT_EQ(error_of("body", nullptr), "body: is missing");
    EXPECT_TRUE(decode_email_send(R"({"recipient": "a@b.test", "template_name": "welcome"})"));
    EXPECT_TRUE(decode_email_send(R"({"recipient": "a@b.test", "subject": "s", "html": "<p>"})"));
}

TEST(EmailSend, TakesNullAndEmptyOptionalFieldsAsAbsent) {
    for (const char* field : {"event_id", "template_name", "locale", "reply_to", "send_at"}) {
        EXPECT_EQ(error_of(field, nullptr), "") << field;
        EXPECT_EQ(error_of(field, ""), "") << field;
    }
    for (const char* field : {"html", "headers", "attachments", "template_data"}) {
        EXPECT_EQ(error_of(field, nullptr), "") << field;
    }
}

TEST(EmailSend, RefusesAFieldOfTheWrongType) {
    for (const char* field :
         {"recipient",
          "subject",
          "body",
          "html",
          "event_id",
          "template_name",
          "locale",
          "reply_to",
          "send_at"}) {
        EXPECT_EQ(error_of(field, 5), std::string(field) + ": is no text");
    }
    EXPECT_EQ(error_of("headers", "x"), "headers: is no object");
    EXPECT_EQ(error_of("headers", {{"X-A", 1}}), "headers: has a value that is no text");
    EXPECT_EQ(error_of("attachments", "x"), "attachments: is no list");
    EXPECT_EQ(
        error_of("attachments", json::array{"x"}),
        "attachments: number 1: an attachment is no object"
    );
    EXPECT_EQ(error_of("template_data", "x"), "template_data: is no object");
}

TEST(EmailSend, IsAJsonObject) {
    for (const char* text :
         {"",
          "{",
          "nonsense",
          "{\"recipient\": \"a@b.test\"} x",
          "{\"a\": 1e400}",
          "{\"a\": 1, \"a\": 2}",
          "{\"a\": \"\\u0000\"}"}) {
        const auto email = decode_email_send(text);
        ASSERT_FALSE(email) << text;
        EXPECT_THAT(email.error().message, HasSubstr("the event is not JSON we take: ")) << text;
    }
    EXPECT_EQ(decode_email_send("[]").error().message, "the event is no JSON object");
    EXPECT_EQ(
        decode_email_send(std::string(max_email_event_bytes + 1, ' ')).error().message,
        "the event is over 20971520 bytes"
    );
}

TEST(EmailSend, RefusesLineBreaksAndControlsWhereAHeaderOrCommandIsMade) {
    for (const std::string& control : Strings{"\r\n", "\n", "\r", "\t", "\x1b", "\x7f"}) {
        EXPECT_NE(
            error_of_text("recipient", "ann@example.org" + control + "RCPT TO:<x@evil.test>"), ""
        );
        EXPECT_NE(error_of_text("recipient", "A" + control + "nn <ann@example.org>"), "");
        EXPECT_NE(error_of_text("reply_to", "ann@example.org" + control), "");
        EXPECT_EQ(
            error_of_text("subject", "Hi" + control + "Bcc: x@evil.test"),
            "subject: has a control character (a line break, perhaps)"
        );
        EXPECT_NE(error_of("headers", {{"X-A", "a" + control + "Bcc: x@evil.test"}}), "");
        EXPECT_NE(error_of("headers", {{"X-A" + control + "Bcc", "x"}}), "");
        EXPECT_NE(error_of_text("event_id", "a" + control), "");
        EXPECT_NE(error_of("attachments", {{{"filename", "a" + control}, {"content", ""}}}), "");
        EXPECT_NE(
            error_of(
                "attachments",
                {{{"filename", "a"}, {"content", ""}, {"content_type", "a/b" + control}}}
            ),
            ""
        );
        EXPECT_NE(error_of_text("template_name", "welcome" + control), "");
        EXPECT_NE(error_of_text("locale", "en" + control), "");
    }
}

TEST(EmailSend, RefusesPathsForTemplatesLocalesAndFiles) {
    for (const std::string& path :
         Strings{"../secret", "a/b", "..", "a.b", "a\\b", "%2e%2e", "é"}) {
        EXPECT_EQ(
            error_of_text("template_name", path),
            "template_name: is not 1 to 64 of the characters A-Z a-z 0-9 _ -"
        );
        EXPECT_EQ(
            error_of_text("locale", path),
            "locale: is not 1 to 64 of the characters A-Z a-z 0-9 _ -"
        );
    }
    EXPECT_NE(error_of("attachments", {{{"filename", "../a"}, {"content", ""}}}), "");
}

TEST(EmailSend, RefusesHeadersThatAreNotForEvents) {
    EXPECT_THAT(
        error_of("headers", {{"Bcc", "x@evil.test"}}),
        HasSubstr("headers: header Bcc is not for events")
    );
    EXPECT_EQ(
        error_of("headers", {{"X-A", "1"}, {"x-a", "2"}}), "headers: header X-A stands twice"
    );
    json::object many;
    for (std::size_t number = 0; number < max_headers; ++number) {
        many["X-" + std::to_string(number)] = "v";
    }
    EXPECT_EQ(error_of("headers", many), "");
    many["X-One-More"] = "v";
    EXPECT_EQ(error_of("headers", many), "headers: has more than 32 headers");
}

TEST(EmailSend, BoundsItsTexts) {
    EXPECT_EQ(error_of_text("subject", std::string(998, 's')), "");
    EXPECT_EQ(error_of_text("subject", std::string(999, 's')), "subject: is over 998 bytes");
    EXPECT_EQ(error_of_text("body", std::string(max_body_bytes, 'b')), "");
    EXPECT_EQ(
        error_of_text("body", std::string(max_body_bytes + 1, 'b')), "body: is over 1048576 bytes"
    );
    EXPECT_EQ(
        error_of_text("html", std::string(max_body_bytes + 1, 'b')), "html: is over 1048576 bytes"
    );
    EXPECT_EQ(error_of_text("event_id", std::string(256, 'i')), "");
    EXPECT_EQ(error_of_text("event_id", std::string(257, 'i')), "event_id: is over 256 bytes");
    EXPECT_EQ(
        error_of_text("event_id", "with space"),
        "event_id: is not made of visible ASCII characters without spaces"
    );
    EXPECT_NE(error_of_text("event_id", "é"), "");
    EXPECT_EQ(error_of_text("recipient", std::string(1025, 'a')), "recipient: is over 1024 bytes");
    EXPECT_NE(error_of_text("template_name", std::string(65, 'a')), "");
}

TEST(EmailSend, BoundsTemplateDataInDepthAndNumber) {
    json::value deep = json::object();
    for (std::size_t level = 1; level < max_template_data_depth; ++level) {
        deep = json::object{{"a", deep}};
    }
    EXPECT_EQ(error_of("template_data", deep), "");
    EXPECT_THAT(
        error_of("template_data", json::object{{"a", deep}}),
        HasSubstr("template_data: is over 16 deep")
    );
    const json::array many(max_template_data_values - 2, json::value(1));
    EXPECT_EQ(error_of("template_data", {{"a", many}}), "");
    EXPECT_NE(error_of("template_data", {{"a", many}, {"b", 1}}), "");
}

TEST(EmailSend, BoundsAttachments) {
    const auto file = [](const std::string& bytes) {
        return json::object{{"filename", "a"}, {"content", to_base64(bytes)}};
    };
    json::array many(max_attachments, file("x"));
    EXPECT_EQ(error_of("attachments", many), "");
    many.push_back(file("x"));
    EXPECT_EQ(error_of("attachments", many), "attachments: has more than 20 files");
    const std::string half(max_attachment_bytes / 2, 'x');
    EXPECT_EQ(error_of("attachments", json::array{file(half), file(half)}), "");
    EXPECT_EQ(
        error_of("attachments", json::array{file(half), file(half + "x")}),
        "attachments: are over 10485760 bytes together"
    );
    EXPECT_THAT(
        error_of("attachments", {{{"filename", "a"}, {"content", "no!"}}}),
        HasSubstr("attachments: number 1: content: not base64")
    );
    EXPECT_EQ(
        error_of("attachments", {{{"filename", "a"}}}), "attachments: number 1: content is missing"
    );
    EXPECT_NE(error_of("attachments", {{{"content", ""}}}), "");
}

TEST(EmailSend, HasASendAtThatIsATimeOfThisCentury) {
    EXPECT_EQ(error_of_text("send_at", "2026-11-23T18:04:05Z"), "");
    EXPECT_EQ(error_of_text("send_at", "2099-12-31T23:59:59Z"), "");
    EXPECT_EQ(
        error_of_text("send_at", "tomorrow"),
        "send_at: is no time: write it as 2026-11-23T18:04:05Z (RFC 3339)"
    );
    EXPECT_NE(error_of_text("send_at", "2026-13-01T00:00:00Z"), "");
    EXPECT_EQ(
        error_of_text("send_at", "1970-01-01T00:00:00Z"),
        "send_at: is not between the years 2020 and 2099"
    );
    EXPECT_EQ(
        error_of_text("send_at", "9999-12-31T23:59:59Z"),
        "send_at: is not between the years 2020 and 2099"
    );
}

TEST(EmailSend, IsRefusedWithoutRepeatingAddressesOrContent) {
    EXPECT_EQ(error_of_text("recipient", "secret.ann@").find("secret"), std::string::npos);
    EXPECT_EQ(
        error_of_text("reply_to", "secret.ann@exa_mple.org").find("secret"), std::string::npos
    );
    EXPECT_EQ(error_of_text("send_at", "secret").find("secret"), std::string::npos);
    EXPECT_EQ(error_of_text("subject", "secret\n").find("secret"), std::string::npos);
}

TEST(EmailSend, KeepsLineBreaksOfBodies) {
    EXPECT_EQ(decoded("body", "a\r\nb\nc\rd").body, "a\r\nb\nc\rd");
}

}  // namespace
}  // namespace chatear::notification
