#include "mail/custom_header.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace chatear::mail {
namespace {

using Strings = std::vector<std::string>;

std::string error_of(const std::string& name, const std::string& value) {
    const auto checked = check_custom_header(name, value);
    return checked ? "" : checked.error().message;
}

TEST(CustomHeader, IsAllowedByItsName) {
    for (const std::string& name : Strings{
             "X-Campaign",
             "x-a",
             "List-Unsubscribe",
             "list-unsubscribe-post",
             "List-Id",
             "Precedence",
             "Auto-Submitted",
             "In-Reply-To",
             "References",
             "Feedback-ID",
             "Importance",
             "Priority"}) {
        EXPECT_EQ(error_of(name, "value"), "") << name;
    }
}

TEST(CustomHeader, IsRefusedWhereTheWriterOrServersOwnIt) {
    for (const std::string& name : Strings{
             "From",
             "to",
             "CC",
             "Bcc",
             "Subject",
             "Date",
             "Message-ID",
             "MIME-Version",
             "Content-Type",
             "Content-Transfer-Encoding",
             "Content-Disposition",
             "Received",
             "Return-Path",
             "Sender",
             "Reply-To",
             "Resent-To",
             "Resent-From",
             "DKIM-Signature",
             "ARC-Seal",
             "Delivered-To",
             "Authentication-Results",
             "Disposition-Notification-To",
             "Unknown"}) {
        EXPECT_NE(error_of(name, "value"), "") << name;
    }
    EXPECT_EQ(error_of("subject", "x"), "header subject is not for events: use the field subject");
}

TEST(CustomHeader, HasANameThatIsNothingElse) {
    const std::string wrong[] = {
        "",
        "X-",
        "X-A:",
        "X-A: b\r\nBcc",
        "X A",
        "X-Á",
        "X-A\n",
        std::string("X-A\0", 4),
        "X-" + std::string(63, 'a')};
    for (const std::string& name : wrong) {
        EXPECT_NE(error_of(name, "value"), "") << name;
    }
}

TEST(CustomHeader, HasAValueOfOneLine) {
    for (const std::string& value : Strings{
             "a\r\nBcc: b@c.test", "a\nb", "a\rb", "a\tb", "\x7f", "\xc2\x85", "\xe2\x80\xa8"}) {
        EXPECT_EQ(
            error_of("X-A", value), "header X-A has a control character (a line break, perhaps)"
        );
        EXPECT_NE(error_of("List-Id", value), "");
    }
    EXPECT_EQ(error_of("X-A", "\xff"), "header X-A is not UTF-8");
}

TEST(CustomHeader, MayHoldMoreThanAsciiOnlyAsFreeText) {
    EXPECT_EQ(error_of("X-Note", "maçã"), "");
    EXPECT_EQ(error_of("Organization", "Café"), "");
    EXPECT_EQ(
        error_of("List-Unsubscribe", "<https://exämple.org/>"),
        "header List-Unsubscribe must be ASCII"
    );
}

TEST(CustomHeader, HasABoundedSize) {
    EXPECT_EQ(error_of("X-A", std::string(4096, 'a')), "");
    EXPECT_EQ(error_of("X-A", std::string(4097, 'a')), "header X-A is over 4096 bytes");
    EXPECT_EQ(error_of("List-Help", std::string(900, 'a') + " " + std::string(900, 'a')), "");
    EXPECT_EQ(
        error_of("List-Help", std::string(901, 'a')),
        "header List-Help has over 900 bytes without a space"
    );
}

}  // namespace
}  // namespace chatear::mail
