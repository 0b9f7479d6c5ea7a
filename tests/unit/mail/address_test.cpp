#include "mail/address.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace chatear::mail {
namespace {

using Strings = std::vector<std::string>;

std::string error_of(const std::string& text) {
    const auto address = parse_address(text);
    return address ? "accepted as " + address->addr_spec() : address.error().message;
}

TEST(Address, IsReadBare) {
    const auto address = parse_address("Ann.Lee+chat@Example.ORG");
    ASSERT_TRUE(address);
    EXPECT_EQ(address->local_part, "Ann.Lee+chat");
    EXPECT_EQ(address->domain, "example.org");
    EXPECT_EQ(address->display_name, "");
    EXPECT_EQ(address->addr_spec(), "Ann.Lee+chat@example.org");
}

TEST(Address, IsReadWithANameInFront) {
    const auto plain = parse_address("Ann Lee <ann@example.org>");
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->display_name, "Ann Lee");
    EXPECT_EQ(plain->addr_spec(), "ann@example.org");
    EXPECT_EQ(
        parse_address("\"Lee, \\\"Ann\\\"\" <ann@example.org>")->display_name, "Lee, \"Ann\""
    );
    EXPECT_EQ(parse_address("João <joao@example.org>")->display_name, "João");
    EXPECT_EQ(parse_address("<ann@example.org>")->display_name, "");
    EXPECT_EQ(parse_address("  ann@example.org ")->addr_spec(), "ann@example.org");
}

TEST(Address, KeepsQuotesOfALocalPartOnlyWhereTheyAreNeeded) {
    EXPECT_EQ(parse_address("\"ann\"@example.org")->local_part, "ann");
    EXPECT_EQ(parse_address("\"ann lee\"@example.org")->local_part, "\"ann lee\"");
    EXPECT_EQ(parse_address("\"a@b\"@example.org")->local_part, "\"a@b\"");
    EXPECT_EQ(parse_address("\"a\\\"b\"@example.org")->local_part, "\"a\\\"b\"");
}

TEST(Address, MayHaveABracketInItsQuotes) {
    EXPECT_EQ(parse_address("<\"a<b\\\"c\"@example.org>")->local_part, "\"a<b\\\"c\"");
    EXPECT_EQ(parse_address("\"a <b\" <\"c>d\"@example.org>")->display_name, "a <b");
}

TEST(Address, TurnsAnInternationalDomainIntoALabels) {
    const auto address = parse_address("info@Bücher.example");
    ASSERT_TRUE(address);
    EXPECT_EQ(address->domain, "xn--bcher-kva.example");
    EXPECT_FALSE(address->needs_smtputf8());
}

TEST(Address, NeedsSmtputf8OnlyForTheLocalPart) {
    const auto address = parse_address("用户@例子.example");
    ASSERT_TRUE(address);
    EXPECT_TRUE(address->needs_smtputf8());
    EXPECT_EQ(address->domain, "xn--fsqu00a.example");
}

TEST(Address, KnowsAddressLiterals) {
    EXPECT_EQ(parse_address("a@[127.0.0.1]")->domain, "[127.0.0.1]");
    EXPECT_EQ(parse_address("a@[IPv6:::1]")->domain, "[IPv6:::1]");
    EXPECT_EQ(
        error_of("a@[1.2.3]"),
        "the address's domain is in brackets but no IPv4 or [IPv6:...] address"
    );
    EXPECT_FALSE(parse_address("a@[127.0.0.1"));
    EXPECT_FALSE(parse_address("a@["));
}

TEST(Address, RefusesWhatIsNone) {
    const std::vector<std::string> wrong = {
        "",
        " ",
        "@",
        "ann",
        "ann@",
        "@example.org",
        "ann@@example.org",
        "ann lee@example.org",
        ".ann@example.org",
        "ann.@example.org",
        "a..b@example.org",
        "ann@example..org",
        "ann@.example.org",
        "ann@example.org.",
        "ann@-example.org",
        "ann@example-.org",
        "ann@exam_ple.org",
        "ann@exa mple.org",
        "ann@example.org, bob@b.test",
        "<ann@example.org",
        "ann@example.org>",
        "Ann, Lee <ann@example.org>",
        "a@b.test <ann@example.org>",
        "\"Ann <ann@example.org>",
        "Ann <ann@example.org> x",
        "<>",
        "Ann <>",
        "\"ann@example.org",
        "\"ann\"x@example.org",
        "ann@ex\xc3"
        "ample.org",
        "\xff@example.org",
        "ann(comment)@example.org",
        "ann@example.org>RCPT TO:<x@y.test>"};
    for (const std::string& text : wrong) {
        EXPECT_FALSE(parse_address(text)) << text;
    }
}

TEST(Address, RefusesEveryControlCharacterAnywhere) {
    const std::string good = "\"Ann\" <\"a b\"@example.org>";
    ASSERT_TRUE(parse_address(good));
    for (const std::string& control : Strings{
             "\r",
             "\n",
             "\r\n",
             "\t",
             std::string(1, '\0'),
             "\x1b",
             "\x7f",
             "\xc2\x85",
             "\xe2\x80\xa8"}) {
        for (std::size_t place = 0; place <= good.size(); ++place) {
            std::string text = good;
            text.insert(place, control);
            EXPECT_FALSE(parse_address(text)) << place;
        }
    }
}

TEST(Address, HasTheSizesOfRfc5321) {
    const std::string label(63, 'b');
    const std::string domain = label + "." + label + "." + std::string(61, 'b');  // 189
    EXPECT_TRUE(parse_address(std::string(64, 'a') + "@" + domain));              // 254
    EXPECT_EQ(
        error_of(std::string(65, 'a') + "@b.test"), "the address's local part is over 64 bytes"
    );
    EXPECT_EQ(
        error_of(std::string(64, 'a') + "@b" + domain.substr(1) + "b"),
        "the address is over 254 bytes"
    );
    EXPECT_FALSE(parse_address("a@" + label + "b.test"));
    EXPECT_EQ(error_of("a@" + std::string(256, 'b')), "the address's domain is over 255 bytes");
    EXPECT_EQ(
        error_of(std::string(257, 'n') + " <a@b.test>"),
        "the name before the address is over 256 bytes"
    );
}

TEST(Address, IsNotRepeatedByAnError) {
    for (const std::string& text : Strings{
             "secret.ann@", "secret.ann", "secret..ann@example.org", "secret.ann@exa_mple.org"}) {
        EXPECT_EQ(error_of(text).find("secret"), std::string::npos);
    }
}

/// What is accepted can be neither a second command nor a second header, and is read back equal.
RC_GTEST_PROP(Address, ThatIsAcceptedIsCleanAndReadsBackEqual, ()) {
    static const std::vector<std::string> pieces = {
        "a", "b.c", "@", "@",         ".",           "\"", "\\", " ",   "<",    ">", "é", "例",
        "-", "[",   "]", "127.0.0.1", "example.org", "\r", "\n", "x--", "XN--", ",", ":"};
    const auto chosen = *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(pieces));
    std::string text;
    for (const std::string& piece : chosen) {
        text += piece;
    }
    const auto address = parse_address(text);
    if (!address) {
        return;
    }
    RC_ASSERT(address->addr_spec().find_first_of("\r\n\t") == std::string::npos);
    RC_ASSERT(address->domain.find_first_of("<>@ \"\\") == std::string::npos);
    RC_ASSERT(address->local_part.size() <= max_local_part_bytes);
    const auto again = parse_address("<" + address->addr_spec() + ">");
    RC_ASSERT(again.has_value());
    RC_ASSERT(again->local_part == address->local_part);
    RC_ASSERT(again->domain == address->domain);
}

}  // namespace
}  // namespace chatear::mail
