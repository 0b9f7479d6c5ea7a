#include "smtp/connection_allowance.hpp"

#include <gtest/gtest.h>

namespace chatear::smtp {
namespace {

TEST(ConnectionAllowance, IsHalvedWhenTheServerAsksForLessAndNeverBelowOne) {
    ConnectionAllowance allowance(8);
    EXPECT_EQ(allowance.allowed(), 8U);
    allowance.on_asked_for_less(8);
    EXPECT_EQ(allowance.allowed(), 4U);
    allowance.on_asked_for_less(3);
    EXPECT_EQ(allowance.allowed(), 1U);
    allowance.on_asked_for_less(0);
    EXPECT_EQ(allowance.allowed(), 1U);
}

TEST(ConnectionAllowance, GrowsByOneAndNeverBeyondTheSetting) {
    ConnectionAllowance allowance(3);
    allowance.on_asked_for_less(2);
    for (std::size_t mail = 1; mail < ConnectionAllowance::mails_per_step; ++mail) {
        allowance.on_accepted();
    }
    EXPECT_EQ(allowance.allowed(), 1U);
    allowance.on_accepted();
    EXPECT_EQ(allowance.allowed(), 2U);
    for (std::size_t mail = 0; mail < 10 * ConnectionAllowance::mails_per_step; ++mail) {
        allowance.on_accepted();
    }
    EXPECT_EQ(allowance.allowed(), 3U);
}

TEST(ConnectionAllowance, IsWhatCanBeHadWhenNoMoreCan) {
    ConnectionAllowance allowance(8);
    allowance.limit_to(3);
    allowance.limit_to(3);
    EXPECT_EQ(allowance.allowed(), 3U);
    allowance.limit_to(0);
    EXPECT_EQ(allowance.allowed(), 1U);
}

}  // namespace
}  // namespace chatear::smtp
