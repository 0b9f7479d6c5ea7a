#include "consumer_fixture.hpp"
#include "net/moment.hpp"

namespace chatear::runtime {
namespace {

using testing::SizeIs;

using Rule21Consumer = ConsumerTest;

TEST_F(Rule21Consumer, BeginsNoMoreThanItsRateAndGoesOnAfterARest) {
    rate_ = Rate{.count = 50, .per = 1s};  // One each 20 ms.
    for (int i = 0; i < 4; ++i) {
        give("first" + std::to_string(i));
    }
    const net::Moment began = net::now();
    bool rested = false;
    run([&] {
        if (settled(4) && !rested && net::now() - began > 200ms) {
            rested = true;
            give("later0");
            give("later1");
        }
        return settled(6);
    });
    EXPECT_THAT(handled_, SizeIs(6));
    EXPECT_GE(net::now() - began, 200ms + 20ms);
}

}  // namespace
}  // namespace chatear::runtime
