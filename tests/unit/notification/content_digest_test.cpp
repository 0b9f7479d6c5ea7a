#include "notification/email_send.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace chatear::notification {
namespace {

std::string digest(const std::string& event) {
    return content_digest(decode_email_send(event).value());
}

std::string with(const std::string& more) {
    return digest(
        R"({"recipient": "ann@example.org", "subject": "Hello", "body": "Hi")" + more + "}"
    );
}

TEST(Rule2, ContentIsTheSameHoweverItsJsonIsWritten) {
    EXPECT_EQ(
        digest(
            R"({"recipient":"ann@example.org","subject":"Ol\u00e1","body":"Hi","template_data":{"a":1,"b":{"c":[true,null],"d":0.5}},"headers":{"X-A":"1","X-B":"2"}})"
        ),
        digest(
            R"({ "headers": {"X-B": "2", "X-A": "1"}, "template_data": {"b": {"d": 5e-1, "c": [true, null]}, "a": 1},
                    "body": "Hi", "unknown": 1, "html": null, "locale": "", "subject": "Olá", "recipient": "<ann@EXAMPLE.org>" })"
        )
    );
    EXPECT_EQ(with("").size(), 32U);
}

TEST(Rule2, ContentDoesNotDependOnTheEventsId) {
    EXPECT_EQ(with(""), with(R"(, "event_id": "17")"));
}

TEST(Rule2, ContentDiffersWhereAnyFieldDoes) {
    const std::vector<std::string> variants = {
        "",
        R"(, "html": "")",
        R"(, "html": "x")",
        R"(, "template_name": "x")",
        R"(, "locale": "x")",
        R"(, "reply_to": "a@b.test")",
        R"(, "reply_to": "A <a@b.test>")",
        R"(, "send_at": "2026-11-23T18:04:05Z")",
        R"(, "headers": {"X-A": "1"})",
        R"(, "headers": {"X-A": "2"})",
        R"(, "headers": {"X-A1": ""})",
        R"(, "attachments": [{"filename": "a", "content": ""}])",
        R"(, "attachments": [{"filename": "a", "content": "UERG"}])",
        R"(, "attachments": [{"filename": "b", "content": ""}])",
        R"(, "attachments": [{"filename": "a", "content": "", "content_type": "a/b"}])",
        R"(, "template_data": {"a": 1})",
        R"(, "template_data": {"a": "1"})",
        R"(, "template_data": {"a": [1]})",
        R"(, "template_data": {"a": [[1]]})",
        R"(, "template_data": {"a": [1, 1]})",
        R"(, "template_data": {"a": {"b": 1}})",
        R"(, "template_data": {"a": {}, "b": 1})",
        R"(, "template_data": {"a": true})",
        R"(, "template_data": {"a": "true"})",
        R"(, "template_data": {"a": null})"};
    std::set<std::string> digests;
    for (const std::string& variant : variants) {
        digests.insert(with(variant));
    }
    digests.insert(digest(R"({"recipient": "bob@example.org", "subject": "Hello", "body": "Hi"})"));
    digests.insert(digest(R"({"recipient": "ann@example.org", "subject": "HelloH", "body": "i"})"));
    EXPECT_EQ(digests.size(), variants.size() + 2);
}

RC_GTEST_PROP(Rule2, ContentDoesNotDependOnTheOrderOfKeys, ()) {
    std::vector<std::string> members = {
        R"("recipient": "ann@example.org")",
        R"("subject": "s")",
        R"("body": "b")",
        R"("locale": "pt")",
        R"("html": "h")",
        R"("reply_to": "a@b.test")",
        R"("template_name": "t")",
        R"("event_id": "1")"};
    const auto join = [&] {
        std::string text = "{";
        for (const std::string& member : members) {
            text += (text.size() > 1 ? "," : "") + member;
        }
        return text + "}";
    };
    const std::string before = digest(join());
    for (std::size_t place = members.size() - 1; place > 0; --place) {
        std::swap(members[place], members[*rc::gen::inRange<std::size_t>(0, place + 1)]);
    }
    RC_ASSERT(digest(join()) == before);
}

}  // namespace
}  // namespace chatear::notification
