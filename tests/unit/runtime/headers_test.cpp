#include "runtime/headers.hpp"

#include "base/utf8.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace chatear::runtime {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(Rule15, HeadersOfTheServerAreKeptUnderAnotherName) {
    const Headers headers{
        {"Nats-Msg-Id", "1"}, {"Trace", "t"}, {"Nats-Expected-Stream", "S"}, {"Trace", "u"}};
    EXPECT_THAT(
        republished(headers),
        ElementsAre(
            Pair("Chatear-Original-Nats-Msg-Id", "1"),
            Pair("Trace", "t"),
            Pair("Chatear-Original-Nats-Expected-Stream", "S"),
            Pair("Trace", "u")
        )
    );
}

TEST(Rule15, OriginalHeadersAreKeptUpTo8KiB) {
    const Headers headers{
        {"Nats-A", std::string(5000, 'a')},
        {"Nats-B", std::string(5000, 'b')},
        {"Own", std::string(9000, 'o')}};
    const Headers kept = republished(headers);
    std::size_t originals = 0;
    for (const auto& [name, value] : kept) {
        originals += name.starts_with(header::original_prefix) ? name.size() + value.size() : 0;
    }
    EXPECT_LE(originals, max_original_header_bytes);
    EXPECT_GE(originals, 5000U);
    EXPECT_EQ(kept.back().first, "Own");
}

TEST(Rule15, OurIdentityIsSetAnewAndStandsOnce) {
    Headers headers{
        {"Chatear-Event-Id", "old"}, {"Chatear-Generation", "1"}, {"Chatear-Published-At", "x"}};
    headers = republished(headers);
    EXPECT_TRUE(headers.empty());
    set_identity(headers, "new", 2, Time());
    set_identity(headers, "new", 3, Time());
    EXPECT_THAT(
        headers,
        ElementsAre(
            Pair("Chatear-Event-Id", "new"),
            Pair("Chatear-Generation", "3"),
            Pair("Chatear-Published-At", "1970-01-01T00:00:00.000000Z")
        )
    );
}

TEST(Rule15, WhatWeCouldNotWriteOurselvesIsLeftOut) {
    const Headers headers{
        {"Good", "1"},
        {"B\xc3\xa4"
         "d",
         "2"},
        {"Nul", std::string("a\0b", 3)},
        {"", "3"}};
    EXPECT_THAT(republished(headers), ElementsAre(Pair("Good", "1")));
}

RC_GTEST_PROP(Rule20, AHeadersValueIsOneLineOfUtf8, (const std::string& text)) {
    const std::string value = header_value(text + "\r\n\x7f\xff");
    RC_ASSERT(valid_utf8(value) == value);
    for (const char c : value) {
        RC_ASSERT(static_cast<unsigned char>(c) >= ' ' && c != 0x7f);
    }
    RC_ASSERT(nats::check_headers({{"A", value}}).has_value());
}

TEST(Rule20, AHeadersValueIsBounded) {
    EXPECT_EQ(header_value(std::string(5000, 'x')).size(), 1000U);
}

}  // namespace
}  // namespace chatear::runtime
