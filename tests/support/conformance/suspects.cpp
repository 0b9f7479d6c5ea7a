// Rule 19: events that run alone because processes died with them in hand.
#include "support/conformance/suspects_contract.hpp"

namespace chatear::conformance {

std::uint32_t SuspectsContract::begin(const std::string& process, const std::string& event_id) {
    runtime::Suspects& suspects = world_->suspects(process);
    std::uint32_t crashes = 0;
    world_->run([&]() -> asio::awaitable<void> {
        crashes = co_await suspects.begin("order.paid", event_id);
    });
    return crashes;
}

void SuspectsContract::clear(const std::string& process, const std::string& event_id) {
    runtime::Suspects& suspects = world_->suspects(process);
    world_->run([&] { return suspects.clear("order.paid", event_id); });
}

namespace {

TEST_P(SuspectsContract, Rule19EachProcessThatDiedWhileItRanAloneIsOneCrash) {
    EXPECT_EQ(begin("a"), 0U);
    EXPECT_EQ(begin("a"), 0U) << "asked again after a broken connection";
    EXPECT_EQ(begin("b"), 1U);
    EXPECT_EQ(begin("c"), 2U);
    EXPECT_EQ(begin("a"), 3U);
    EXPECT_EQ(begin("a", "another"), 0U);
}

TEST_P(SuspectsContract, Rule19AVerdictClearsTheCount) {
    begin("a");
    EXPECT_EQ(begin("b"), 1U);
    clear("b");
    EXPECT_EQ(begin("c"), 0U);
    clear("c");
    clear("c");
    EXPECT_EQ(begin("a"), 0U);
}

TEST_P(SuspectsContract, Rule19WhoLostTheClaimLeavesTheRowOfItsSuccessor) {
    begin("a");
    EXPECT_EQ(begin("b"), 1U);  // Took it over from a, which lives after all,
    clear("a");                 // and whose verdict matched nothing.
    EXPECT_EQ(begin("c"), 2U) << "b's end is a crash like any other";
}

}  // namespace
}  // namespace chatear::conformance
