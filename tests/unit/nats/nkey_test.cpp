#include "nats/nkey.hpp"

#include "base/ids.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace chatear::nats {
namespace {

TEST(Crc16, IsXmodems) {
    EXPECT_EQ(crc16("123456789"), 0x31c3);  // The check value of CRC-16/XMODEM.
    EXPECT_EQ(crc16(""), 0);
}

TEST(Base32, IsThatOfRfc4648WithoutPadding) {
    // Section 10 of the RFC.
    EXPECT_EQ(to_base32("foobar"), "MZXW6YTBOI");
    EXPECT_EQ(to_base32("f"), "MY");
    EXPECT_EQ(to_base32(""), "");
    EXPECT_EQ(from_base32("MZXW6YTB").value(), "fooba");
    for (const std::string text : {"mzxw", "M1", "M", "MZ", "MZXW6YTBOI======", "MY MY"}) {
        EXPECT_FALSE(from_base32(text)) << text;
    }
}

RC_GTEST_PROP(Base32, ComesBack, (const std::string& bytes)) {
    RC_ASSERT(from_base32(to_base32(bytes)).value() == bytes);
}

TEST(Nkey, HasThePublicKeyOfRfc8032) {
    // Section 7.1, test 1, in the letters of nkeys.
    const std::string seed(
        "\x9d\x61\xb1\x9d\xef\xfd\x5a\x60\xba\x84\x4a\xf4\x92\xec\x2c\xc4\x44\x49\xc5\x69\x7b\x32"
        "\x69\x19\x70\x3b\xac\x03\x1c"
        "\xae\x7f\x60",
        32
    );
    const std::string public_raw(
        "\xd7\x5a\x98\x01\x82\xb1\x0a\xb7\xd5\x4b\xfe\xd3\xc9\x64\x07\x3a\x0e\xe1\x72\xf3\xda\xa6"
        "\x23\x25\xaf\x02\x1a\x68\xf7"
        "\x07\x51\x1a",
        32
    );
    const Nkey key = Nkey::from_raw_seed(NkeyRole::user, seed);
    const std::string decoded = from_base32(key.public_key()).value();
    EXPECT_EQ(decoded.substr(1, 32), public_raw);
    EXPECT_EQ(key.public_key().substr(0, 1), "U");
    EXPECT_EQ(key.public_key().size(), 56U);
    const std::string signature = key.sign("");
    EXPECT_EQ(signature.substr(0, 4), std::string("\xe5\x56\x43\x00", 4));
    EXPECT_EQ(signature.size(), 64U);
}

TEST(Nkey, ComesBackFromItsSeed) {
    for (const NkeyRole role : {NkeyRole::user, NkeyRole::account, NkeyRole::operator_}) {
        const Nkey key = Nkey::from_raw_seed(role, random_bytes(32));
        const Nkey again = Nkey::from_seed(key.seed()).value();
        EXPECT_EQ(again.public_key(), key.public_key());
        EXPECT_EQ(again.seed(), key.seed());
        EXPECT_EQ(again.sign("nonce"), key.sign("nonce"));
        EXPECT_EQ(key.seed().front(), 'S');
        EXPECT_EQ(key.seed().size(), 58U);
    }
}

TEST(Nkey, RefusesASeedWithAnyLetterChanged) {
    const Nkey key = Nkey::from_raw_seed(NkeyRole::user, random_bytes(32));
    const std::string seed = key.seed();
    for (std::size_t i = 0; i < seed.size(); ++i) {
        std::string broken = seed;
        broken[i] = broken[i] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(Nkey::from_seed(broken)) << i;
        EXPECT_FALSE(Nkey::from_seed(seed.substr(0, i))) << i;
    }
    EXPECT_FALSE(Nkey::from_seed(key.public_key()));
    const auto refused = Nkey::from_seed("SUSECRETSECRET");
    EXPECT_EQ(refused.error().message.find("SECRET"), std::string::npos);
}

TEST(Base64Url, HasNoPaddingAndNoSlash) {
    EXPECT_EQ(to_base64_url("\xff\xff\xfe"), "___-");
    EXPECT_EQ(to_base64_url("a"), "YQ");
}

}  // namespace
}  // namespace chatear::nats
