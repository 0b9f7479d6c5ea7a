#include "base/digest.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace chatear {
namespace {

TEST(Sha256, KnowsTheVectorsOfFips180) {
    EXPECT_EQ(
        to_hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    EXPECT_EQ(
        to_hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    EXPECT_EQ(
        to_hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    );
    EXPECT_EQ(
        to_hex(sha256(std::string(1'000'000, 'a'))),
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    );
}

RC_GTEST_PROP(Sha256, CaresNotHowItsInputIsCut, (const std::string& one, const std::string& two)) {
    Sha256 digest;
    digest.update(one);
    digest.update(two);
    RC_ASSERT(digest.finish() == sha256(one + two));
}

TEST(Sha256, FieldsThatEndElsewhereDiffer) {
    const auto of = [](std::string_view one, std::string_view two) {
        Sha256 digest;
        digest.update_field(one);
        digest.update_field(two);
        return digest.finish();
    };
    EXPECT_NE(of("ab", "c"), of("a", "bc"));
    EXPECT_NE(of("", "abc"), of("abc", ""));
    EXPECT_EQ(of("ab", "c"), of("ab", "c"));
}

TEST(Hex, IsLowerCaseAndCountsEveryByte) {
    EXPECT_EQ(to_hex(std::string("\x00\xff\x7f", 3)), "00ff7f");
    EXPECT_EQ(to_hex(""), "");
}

TEST(Base64, KnowsTheVectorsOfRfc4648) {
    const std::pair<std::string, std::string> vectors[] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"}};
    for (const auto& [bytes, text] : vectors) {
        EXPECT_EQ(to_base64(bytes), text);
        EXPECT_EQ(from_base64(text).value(), bytes);
    }
}

RC_GTEST_PROP(Base64, ComesBack, (const std::string& bytes)) {
    const auto decoded = from_base64(to_base64(bytes));
    RC_ASSERT(decoded.has_value());
    RC_ASSERT(*decoded == bytes);
}

TEST(Base64, IsStrict) {
    for (const std::string_view text :
         {"Zg",
          "Zg=",
          "Zg===",
          "Z===",
          "====",
          "=",
          "Zm9v ",
          " Zm9v",
          "Zm9v\n",
          "Zm\n9v",
          "Zm9-",
          "Z_9v",
          "Zm=v",
          "Zg==Zg==",
          "Zm9vY",
          "\xc3\xa4zz"}) {
        EXPECT_FALSE(from_base64(text)) << text;
    }
}

RC_GTEST_PROP(Base64, OnlyTakesWhatItWouldWriteAsLong, (const std::string& text)) {
    const auto decoded = from_base64(text);
    if (decoded) {
        RC_ASSERT(to_base64(*decoded).size() == text.size());
    }
}

}  // namespace
}  // namespace chatear
