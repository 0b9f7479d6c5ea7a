#include "smtp/envelope.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace chatear::smtp {
namespace {

const std::string umlauts = "gr\xc3\xbc\xc3\x9f";

Result<void> check_recipient(const std::string& address) {
    return check(Envelope{"shop@a.test", address, false});
}

TEST(Envelope, OrdinaryAddressesMayReachTheWire) {
    for (const std::string& address : {
             std::string("ann@b.test"),
             std::string("a+b=c!#$%&'*/?^_`{|}~-.d@b-c.test"),
             std::string("\"a b <c> @ \\\"d\"@b.test"),
             std::string("ann@[192.0.2.1]"),
             umlauts + "@" + umlauts + ".test",
         }) {
        EXPECT_TRUE(check_recipient(address).has_value()) << address;
    }
    EXPECT_TRUE(check(Envelope{"", "ann@b.test", false}).has_value()) << "the null sender";
}

TEST(Envelope, WhatCouldChangeTheDialogueMayNot) {
    using namespace std::string_view_literals;
    for (const std::string_view address : {
             ""sv,
             "ann"sv,
             "@b.test"sv,
             "ann@"sv,
             "ann@b.test\r\nRCPT TO:<eve@b.test>"sv,
             "ann@b.test\n"sv,
             "a\0b@b.test"sv,
             "ann@b.test> SIZE=1"sv,
             "<ann@b.test>"sv,
             "ann @b.test"sv,
             "\"ann@b.test"sv,
             "\"a\"b@\"c.test"sv,
             "\"a\r\nb\"@b.test"sv,
             "a,b@c.test"sv,
         }) {
        EXPECT_TRUE(check_recipient(std::string(address)).has_error()) << address;
    }
    std::string long_local_part = "a@b.test";
    long_local_part.insert(0, 64, 'a');
    EXPECT_TRUE(check_recipient(long_local_part).has_error());
    std::string long_domain = "a@b.test";
    long_domain.append(260, 'b');
    EXPECT_TRUE(check_recipient(long_domain).has_error());
    EXPECT_TRUE(check(Envelope{"a b@c.test", "ann@b.test", false}).has_error());
}

TEST(Envelope, ParametersAreSaidOnlyWhereAnnouncedAndNeeded) {
    const Envelope plain{"shop@a.test", "ann@b.test", false};
    Extensions extensions;
    EXPECT_EQ(mail_parameters(plain, "hello", extensions), "");
    extensions.size = true;
    extensions.eight_bit_mime = true;
    extensions.smtputf8 = true;
    EXPECT_EQ(mail_parameters(plain, "hello", extensions), " SIZE=5");
    EXPECT_EQ(mail_parameters(plain, umlauts, extensions), " SIZE=6 BODY=8BITMIME");
    const Envelope international{"shop@a.test", umlauts + "@b.test", false};
    EXPECT_EQ(
        mail_parameters(international, "hello", extensions), " SIZE=5 BODY=8BITMIME SMTPUTF8"
    );
    const Envelope utf8_headers{"shop@a.test", "ann@b.test", true};
    EXPECT_EQ(mail_parameters(utf8_headers, "hello", extensions), " SIZE=5 BODY=8BITMIME SMTPUTF8");
}

TEST(Envelope, AMessageThatTheServerCannotTakeIsRefusedHere) {
    const Envelope plain{"shop@a.test", "ann@b.test", false};
    Extensions extensions;
    EXPECT_TRUE(check_possible(plain, "hello", extensions).has_value());
    EXPECT_TRUE(check_possible(plain, umlauts, extensions).has_error()) << "no 8BITMIME";
    EXPECT_TRUE(
        check_possible(Envelope{"", umlauts + "@b.test", false}, "hello", extensions).has_error()
    );
    extensions.eight_bit_mime = true;
    EXPECT_TRUE(check_possible(plain, umlauts, extensions).has_value());
    extensions.max_message_bytes = 4;
    EXPECT_TRUE(check_possible(plain, "hello", extensions).has_error());
    extensions.max_message_bytes = 5;
    EXPECT_TRUE(check_possible(plain, "hello", extensions).has_value());
}

}  // namespace
}  // namespace chatear::smtp
