#include "smtp/extensions.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace chatear::smtp {
namespace {

Extensions parse(std::string text) {
    return parse_extensions(Reply{250, std::move(text)});
}

TEST(Extensions, AreReadAsPostfixEximAndOthersWriteThem) {
    const Extensions extensions = parse(
        "mx.test at your service\nPIPELINING\nSIZE 10240000\nETRN\nSTARTTLS\nAUTH PLAIN "
        "LOGIN\nENHANCEDSTATUSCODES\n"
        "8BITMIME\nDSN\nSMTPUTF8\nCHUNKING\nLIMITS MAILMAX=1000 RCPTMAX=50000"
    );
    EXPECT_TRUE(
        extensions.pipelining && extensions.eight_bit_mime && extensions.smtputf8 &&
        extensions.starttls
    );
    EXPECT_TRUE(extensions.chunking && extensions.dsn && extensions.size);
    EXPECT_EQ(extensions.max_message_bytes, 10240000U);
    EXPECT_EQ(extensions.max_mails, 1000U);
    EXPECT_EQ(extensions.mechanisms, (std::vector<std::string>{"PLAIN", "LOGIN"}));
}

TEST(Extensions, TheFirstLineIsTheServersName) {
    EXPECT_EQ(parse("PIPELINING"), Extensions());
    EXPECT_EQ(parse(""), Extensions());
}

TEST(Extensions, CaseAndTheOldFormOfAuthDoNotMatter) {
    const Extensions extensions =
        parse("mx\npipelining\nauth=login plain\nAUTH LOGIN XOAUTH2\n8bitMIME");
    EXPECT_TRUE(extensions.pipelining && extensions.eight_bit_mime);
    EXPECT_EQ(extensions.mechanisms, (std::vector<std::string>{"LOGIN", "PLAIN", "XOAUTH2"}));
}

TEST(Extensions, ASizeOfZeroOrNoneIsNoLimit) {
    EXPECT_TRUE(parse("mx\nSIZE").size);
    EXPECT_EQ(parse("mx\nSIZE").max_message_bytes, 0U);
    EXPECT_EQ(parse("mx\nSIZE 0").max_message_bytes, 0U);
    EXPECT_EQ(parse("mx\nSIZE lots").max_message_bytes, 0U);
    EXPECT_EQ(parse("mx\nSIZE 99999999999999999999999").max_message_bytes, 0U);
}

TEST(Extensions, MalformedLinesArePassedOver) {
    const Extensions extensions =
        parse("mx\n\n   \nLIMITS MAILMAX= MAILMAX=0 MAILMAX=x\nPIPELINING\nX-UNKNOWN a b");
    EXPECT_TRUE(extensions.pipelining);
    EXPECT_FALSE(extensions.max_mails);
}

RC_GTEST_PROP(Extensions, SurviveAnyText, (const std::string& text)) {
    (void)parse("mx\n" + text);
}

}  // namespace
}  // namespace chatear::smtp
