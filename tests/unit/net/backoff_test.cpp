#include "net/backoff.hpp"

#include <gtest/gtest.h>

namespace chatear::net {
namespace {

using namespace std::chrono_literals;

TEST(Backoff, DoublesUpToItsMostAndDrawsFromTheUpperHalf) {
    Backoff backoff(100ms, 1000ms);
    for (const auto ceiling : {100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms, 1000ms}) {
        const auto delay = backoff.next();
        EXPECT_GE(delay, ceiling / 2);
        EXPECT_LE(delay, ceiling);
    }
}

TEST(Backoff, BeginsAnewAfterASuccess) {
    Backoff backoff(100ms, 1000ms);
    for (int i = 0; i < 10; ++i) {
        (void)backoff.next();
    }
    backoff.reset();
    EXPECT_LE(backoff.next(), 100ms);
}

TEST(Backoff, NeverOverflows) {
    Backoff backoff(1ms, 24h);
    for (int i = 0; i < 1000; ++i) {
        const auto delay = backoff.next();
        ASSERT_GE(delay, 0ms);
        ASSERT_LE(delay, 24h);
    }
}

}  // namespace
}  // namespace chatear::net
