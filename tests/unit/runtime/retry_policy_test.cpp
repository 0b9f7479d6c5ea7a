#include "runtime/retry_policy.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace chatear::runtime {
namespace {

using namespace std::chrono_literals;

TEST(RetryPolicy, DoublesFromItsBaseToItsMost) {
    const RetryPolicy policy;
    const double almost_one = 0.999999;
    EXPECT_NEAR(static_cast<double>(policy.delay_after(1, almost_one)->count()), 1'000, 2);
    EXPECT_NEAR(static_cast<double>(policy.delay_after(2, almost_one)->count()), 2'000, 2);
    EXPECT_NEAR(static_cast<double>(policy.delay_after(9, almost_one)->count()), 256'000, 2);
    EXPECT_EQ(policy.delay_after(10, 0.5), std::nullopt);
    EXPECT_EQ(policy.delay_after(11, 0.5), std::nullopt);
}

RC_GTEST_PROP(RetryPolicy, StaysWithinItsBounds, ()) {
    RetryPolicy policy;
    policy.max_attempts = *rc::gen::inRange(1U, 2000U);
    policy.base = std::chrono::milliseconds(*rc::gen::inRange(1, 3'600'000));
    policy.most = std::chrono::milliseconds(*rc::gen::inRange(1, 86'400'000));
    const auto attempts = *rc::gen::inRange(1U, 3000U);
    const double random = *rc::gen::inRange(0, 1000) / 1000.0;
    const auto delay = policy.delay_after(attempts, random);
    RC_ASSERT(delay.has_value() == (attempts < policy.max_attempts));
    if (delay) {
        RC_ASSERT(*delay >= 0ms);
        RC_ASSERT(*delay < policy.most + 1ms);
    }
}

}  // namespace
}  // namespace chatear::runtime
