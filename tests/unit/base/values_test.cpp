#include "base/values.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace chatear {
namespace {

using namespace std::chrono_literals;

TEST(Duration, HasItsUnitInTheValue) {
    EXPECT_EQ(parse_duration("250ms").value(), 250ms);
    EXPECT_EQ(parse_duration("30s").value(), 30s);
    EXPECT_EQ(parse_duration("5m").value(), 5min);
    EXPECT_EQ(parse_duration("24h").value(), 24h);
    EXPECT_EQ(parse_duration("90d").value(), 24h * 90);
    EXPECT_EQ(parse_duration("0s").value(), 0ms);
}

TEST(Duration, RefusesEverythingElse) {
    for (const std::string_view text :
         {"",
          "30",
          "s",
          "30 s",
          " 30s",
          "30s ",
          "-30s",
          "+30s",
          "1.5h",
          "1h30m",
          "30S",
          "30sec",
          "30us",
          "1e3s",
          "18446744073709551616ms",
          "9223372036854775808ms",
          "9223372036854775807s"}) {
        EXPECT_FALSE(parse_duration(text)) << text;
    }
}

RC_GTEST_PROP(Duration, ComesBackFromItsText, ()) {
    const std::chrono::milliseconds duration(*rc::gen::inRange<std::int64_t>(0, 100'000'000'000));
    RC_ASSERT(parse_duration(format_duration(duration)).value() == duration);
}

TEST(Duration, IsWrittenInTheLargestUnitThatFits) {
    EXPECT_EQ(format_duration(0ms), "0ms");
    EXPECT_EQ(format_duration(1500ms), "1500ms");
    EXPECT_EQ(format_duration(90s), "90s");
    EXPECT_EQ(format_duration(24h), "1d");
}

TEST(Bytes, MayHaveAUnitOfTwosPowers) {
    EXPECT_EQ(parse_bytes("64MiB").value(), 64U << 20);
    EXPECT_EQ(parse_bytes("32KiB").value(), 32U << 10);
    EXPECT_EQ(parse_bytes("1GiB").value(), 1U << 30);
    EXPECT_EQ(parse_bytes("1000").value(), 1000U);
    for (const std::string_view text :
         {"",
          "MiB",
          "64MB",
          "64M",
          "64 MiB",
          "-1",
          "1.5MiB",
          "64mib",
          "9223372036854775808",
          "8589934592GiB"}) {
        EXPECT_FALSE(parse_bytes(text)) << text;
    }
}

TEST(Rate, SaysHowManyInWhichTime) {
    EXPECT_EQ(parse_rate("100/1m").value(), (Rate{100, 1min}));
    EXPECT_EQ(parse_rate("1/250ms").value(), (Rate{1, 250ms}));
    for (const std::string_view text :
         {"",
          "100",
          "100/",
          "/1m",
          "0/1m",
          "100/0s",
          "100/60",
          "-1/1m",
          "100 / 1m",
          "4294967296/1m",
          "1/1m/1m"}) {
        EXPECT_FALSE(parse_rate(text)) << text;
    }
}

TEST(ListenAddress, IsHostAndPort) {
    EXPECT_EQ(parse_listen_address("127.0.0.1:9090").value(), (ListenAddress{"127.0.0.1", 9090}));
    EXPECT_EQ(parse_listen_address("[::1]:9090").value(), (ListenAddress{"::1", 9090}));
    EXPECT_EQ(parse_listen_address(":0").value(), (ListenAddress{"", 0}));
    EXPECT_EQ(parse_listen_address("localhost:65535").value(), (ListenAddress{"localhost", 65535}));
    for (const std::string_view text :
         {"",
          "9090",
          "127.0.0.1",
          "127.0.0.1:",
          "::1:9090",
          "127.0.0.1:65536",
          "127.0.0.1:-1",
          "127.0.0.1:http",
          "127.0.0.1:80 ",
          "[::1]",
          "off"}) {
        EXPECT_FALSE(parse_listen_address(text)) << text;
    }
}

}  // namespace
}  // namespace chatear
