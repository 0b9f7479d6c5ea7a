#include "redis/command.hpp"

#include "redis/script.hpp"

#include <gtest/gtest.h>

namespace chatear::redis {
namespace {

TEST(Command, IsEncodedAsAnArrayOfStrings) {
    Command command("SET");
    command.add("key").add(-7);
    EXPECT_EQ(command.encoded(), "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$2\r\n-7\r\n");
    EXPECT_EQ(command.name(), "SET");
}

TEST(Command, CarriesAnyBytes) {
    Command command("ECHO");
    command.add(std::string_view("a\0\r\n%s", 6)).add("");
    EXPECT_EQ(
        command.encoded(), std::string("*3\r\n$4\r\nECHO\r\n$6\r\na\0\r\n%s\r\n$0\r\n\r\n", 32)
    );
}

TEST(Script, IsNamedByItsSha1) {
    const Script script("return 1");
    EXPECT_EQ(script.sha1(), "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");
    EXPECT_EQ(script.text(), "return 1");
}

}  // namespace
}  // namespace chatear::redis
