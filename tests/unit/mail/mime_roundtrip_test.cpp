#include "base/digest.hpp"
#include "gmime_reader.hpp"
#include "mail/mime_writer.hpp"
#include "random_message.hpp"
#include "support/process.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace chatear::mail {
namespace {

namespace json = boost::json;

/// Everything that must hold for any message's bytes, whoever reads them.
void check_lines(const std::string& bytes, bool eight_bit) {
    RC_ASSERT(bytes.ends_with("\r\n"));
    std::size_t length = 0;
    for (std::size_t place = 0; place < bytes.size(); ++place) {
        RC_ASSERT(bytes[place] != '\0');
        RC_ASSERT(bytes[place] != '\n');
        RC_ASSERT(eight_bit || static_cast<unsigned char>(bytes[place]) < 0x80);
        if (bytes[place] == '\r') {
            RC_ASSERT(bytes.compare(place, 2, "\r\n") == 0);
            ++place;
            length = 0;
        } else {
            RC_ASSERT(++length <= 998U);
        }
    }
}

void check_mailbox(const std::vector<test::ReadMailbox>& got, const Address& sent) {
    RC_ASSERT(got.size() == 1U);
    RC_ASSERT(got[0].name == sent.display_name);
    const auto address = parse_address(got[0].address);
    RC_ASSERT(address.has_value());
    RC_ASSERT(address->addr_spec() == sent.addr_spec());
}

void check_body(const std::optional<std::string>& got, const std::optional<std::string>& sent) {
    RC_ASSERT(got.has_value() == sent.has_value());
    if (sent) {
        RC_ASSERT(test::same_text(*sent, *got));
    }
}

void check_with_gmime(const Message& sent, const std::string& bytes) {
    const test::ReadMessage got = test::read_with_gmime(bytes);
    check_mailbox(got.from, sent.from);
    check_mailbox(got.to, sent.to);
    RC_ASSERT(got.reply_to.size() == (sent.reply_to ? 1U : 0U));
    if (sent.reply_to) {
        check_mailbox(got.reply_to, *sent.reply_to);
    }
    RC_ASSERT(got.subject == sent.subject);
    RC_ASSERT("<" + got.message_id + ">" == sent.message_id);
    RC_ASSERT(Time(std::chrono::seconds(got.date)) == sent.date);
    RC_ASSERT(got.note == (sent.headers.empty() ? "" : sent.headers[0].second));
    RC_ASSERT(got.unsubscribe == (sent.headers.empty() ? "" : sent.headers[1].second));
    check_body(got.text, sent.text);
    check_body(got.html, sent.html);
    RC_ASSERT(got.attachments.size() == sent.attachments.size());
    for (std::size_t place = 0; place < sent.attachments.size(); ++place) {
        RC_ASSERT(got.attachments[place].filename == sent.attachments[place].filename);
        RC_ASSERT(got.attachments[place].content_type == sent.attachments[place].content_type);
        RC_ASSERT(got.attachments[place].bytes == sent.attachments[place].bytes);
    }
}

RC_GTEST_PROP(Mime, IsReadByGmimeAsItWentIn, ()) {
    for (int round = 0; round < 5; ++round) {
        const Message message = *test::random_message();
        for (const bool eight_bit : {false, true}) {
            const std::string bytes = write_mime(message, {.eight_bit_mime = eight_bit});
            check_lines(bytes, eight_bit);
            check_with_gmime(message, bytes);
        }
    }
}

json::value optional_text(const std::optional<std::string>& text) {
    return text ? json::value(test::with_newlines(*text)) : json::value(nullptr);
}

json::array mailbox(const Address& address) {
    return {json::string(address.display_name), json::string(address.addr_spec())};
}

/// What check_mime.py compares with what it reads.
json::object expectation(const Message& message) {
    json::array headers;
    for (const auto& [name, value] : message.headers) {
        headers.push_back(json::array{json::string(name), json::string(value)});
    }
    json::array attachments;
    for (const Attachment& attachment : message.attachments) {
        attachments.push_back(json::array{
            json::string(attachment.filename),
            json::string(attachment.content_type),
            json::string(to_base64(attachment.bytes))});
    }
    return {
        {"from", mailbox(message.from)},
        {"to", mailbox(message.to)},
        {"reply_to",
         message.reply_to ? json::value(mailbox(*message.reply_to)) : json::value(nullptr)},
        {"subject", message.subject},
        {"message_id", message.message_id},
        {"date", message.date.time_since_epoch().count() / 1'000'000},
        {"headers", headers},
        {"text", optional_text(message.text)},
        {"html", optional_text(message.html)},
        {"attachments", attachments}};
}

TEST(Mime, IsReadByPythonAsItWentIn) {
    const chatear::test::TemporaryFolder folder("mime");
    int number = 0;
    const bool written = rc::check("some hundred messages are written", [&] {
        for (const bool eight_bit : {false, true, false, true}) {
            const Message message = *test::random_message();
            const std::string name = std::to_string(number++);
            chatear::test::write_file(
                folder / (name + ".eml"), write_mime(message, {.eight_bit_mime = eight_bit})
            );
            chatear::test::write_file(
                folder / (name + ".json"), json::serialize(expectation(message))
            );
        }
    });
    ASSERT_TRUE(written);
    const auto finished = chatear::test::run(
        {{"/usr/bin/python3", "tests/unit/mail/check_mime.py", folder.path().string()}}
    );
    EXPECT_EQ(finished.status, 0) << finished.output;
}

}  // namespace
}  // namespace chatear::mail
