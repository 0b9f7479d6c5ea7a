#include "deletion/table_shapes.hpp"

#include <gtest/gtest.h>

namespace chatear::deletion {
namespace {

std::optional<std::string> as(const std::string& type, std::string_view text) {
    return IdType{type}.canonical(text);
}

TEST(IdType, AUuidIsWrittenInLowerCase) {
    EXPECT_EQ(
        as("uuid", "6F3B2C1E-0000-4000-8000-00000000000A"), "6f3b2c1e-0000-4000-8000-00000000000a"
    );
    for (const char* text :
         {"",
          "7",
          "6f3b2c1e-0000-4000-8000-00000000000",
          "6f3b2c1e-0000-4000-8000-0000000000011",
          "6f3b2c1e00000-4000-8000-000000000001",
          "6f3b2c1e-0000-4000-8000-00000000000g",
          "{6f3b2c1e-0000-4000-8000-0000000001}"}) {
        EXPECT_EQ(as("uuid", text), std::nullopt) << text;
    }
}

TEST(IdType, AnIntegerIsThePlainFormWithinItsRange) {
    EXPECT_EQ(as("smallint", "-32768"), "-32768");
    EXPECT_EQ(as("smallint", "32768"), std::nullopt);
    EXPECT_EQ(as("integer", "2147483647"), "2147483647");
    EXPECT_EQ(as("integer", "2147483648"), std::nullopt);
    EXPECT_EQ(as("bigint", "9223372036854775807"), "9223372036854775807");
    EXPECT_EQ(as("bigint", "9223372036854775808"), std::nullopt);
    for (const char* text : {"", " 7", "7 ", "+7", "007", "-0", "7.0", "0x7", "seven"}) {
        EXPECT_EQ(as("bigint", text), std::nullopt) << text;
    }
}

TEST(IdType, ANumericIsAWholeNumberOfAnyLength) {
    for (const char* text : {"0", "-1", "18446744073709551616"}) {
        EXPECT_EQ(as("numeric", text), text);
    }
    for (const char* text : {"", "-", "-0", "007", "+7", "7.0", "1e3", "NaN", "nobody at all"}) {
        EXPECT_EQ(as("numeric", text), std::nullopt) << text;
    }
}

TEST(IdType, BlanksBehindACharDoNotCount) {
    EXPECT_EQ(as("bpchar", "ann  "), "ann");
    EXPECT_EQ(as("bpchar", " a b "), " a b");
    EXPECT_EQ(as("text", "ann  "), "ann  ");
}

TEST(IdType, ATextIsItselfUnlessPostgresHoldsNoSuch) {
    EXPECT_EQ(as("text", "Ann O'Hara"), "Ann O'Hara");
    EXPECT_EQ(as("character varying", ""), "");
    EXPECT_EQ(as("text", std::string_view("a\0b", 3)), std::nullopt);
}

}  // namespace
}  // namespace chatear::deletion
