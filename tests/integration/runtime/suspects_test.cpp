#include "store_fixture.hpp"

namespace chatear::runtime {
namespace {

using Rule19 = StoreTest;

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
