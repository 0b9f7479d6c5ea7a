#include "store_fixture.hpp"

namespace chatear::runtime {
namespace {

using Rule19 = StoreTest;

TEST_F(Rule19, EachProcessThatDiedWhileItRanAloneIsOneCrash) {
    Stores& a = process("a");
    Stores& b = process("b");
    Stores& c = process("c");
    run([&]() -> asio::awaitable<void> {
        const std::uint32_t first = co_await a.suspects.begin("s", "e");
        EXPECT_EQ(first, 0U);
        const std::uint32_t again = co_await a.suspects.begin("s", "e");
        EXPECT_EQ(again, 0U) << "asked again after a broken connection";
        const std::uint32_t second = co_await b.suspects.begin("s", "e");
        EXPECT_EQ(second, 1U);
        const std::uint32_t third = co_await c.suspects.begin("s", "e");
        EXPECT_EQ(third, 2U);
        const std::uint32_t fourth = co_await a.suspects.begin("s", "e");
        EXPECT_EQ(fourth, 3U);
        const std::uint32_t other = co_await a.suspects.begin("s", "another");
        EXPECT_EQ(other, 0U);
    });
}

TEST_F(Rule19, AVerdictOrAnOrderlyStopClearsTheCount) {
    Stores& a = process("a");
    Stores& b = process("b");
    run([&]() -> asio::awaitable<void> {
        (void)co_await a.suspects.begin("s", "e");
        co_await a.suspects.clear("s", "e");
        const std::uint32_t after_verdict = co_await b.suspects.begin("s", "e");
        EXPECT_EQ(after_verdict, 0U);
        co_await b.registry.release();
        const std::uint32_t after_stop = co_await a.suspects.begin("s", "e");
        EXPECT_EQ(after_stop, 0U);
    });
}

TEST_F(Rule19, WhoLostTheClaimLeavesTheRowOfItsSuccessor) {
    Stores& a = process("a");
    Stores& b = process("b");
    Stores& c = process("c");
    run([&]() -> asio::awaitable<void> {
        (void)co_await a.suspects.begin("s", "e");
        (void)co_await b.suspects.begin("s", "e");  // Took it over from a, which lives after all,
        co_await a.suspects.clear("s", "e");        // and whose verdict matched nothing.
        const std::uint32_t third = co_await c.suspects.begin("s", "e");
        EXPECT_EQ(third, 2U) << "b's end is a crash like any other";
    });
}

TEST_F(Rule19, TakeoversFromTheDeadAreCountedFromTheReleasedNot) {
    Stores& a = process("a");
    Stores& b = process("b");
    Stores& c = process("c");
    Stores& d = process("d");
    run([&]() -> asio::awaitable<void> {
        (void)co_await claim_one(a, claim_of("e", 0, 1));
        co_await a.registry.release();
        const ClaimReply first = co_await claim_one(b, claim_of("e", 0, 2));
        EXPECT_EQ(first.takeovers, 0U);
        std::vector<std::string> b_died = {"b"};
        co_await a.registry.declare_dead(b_died);
        const ClaimReply second = co_await claim_one(c, claim_of("e", 0, 3));
        EXPECT_EQ(second.takeovers, 1U);
        std::vector<std::string> c_died = {"c"};
        co_await a.registry.declare_dead(c_died);
        const ClaimReply third = co_await claim_one(d, claim_of("e", 0, 4));
        EXPECT_EQ(third.takeovers, 2U);
    });
}

}  // namespace
}  // namespace chatear::runtime
