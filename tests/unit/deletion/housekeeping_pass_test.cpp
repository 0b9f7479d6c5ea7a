#include "deletion/housekeeping_pass.hpp"

#include "fakes.hpp"
#include "support/coroutine.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <algorithm>

namespace chatear::deletion {
namespace {

TEST(Housekeeping, LetsGoOfMailsAtItsStartAndOnceAnHour) {
    FakeDeletionStore store;
    HousekeepingPass housekeeping(store);
    asio::io_context context;
    milliseconds passed{};
    const auto an_hour = [&]() -> asio::awaitable<void> {
        while (passed <= hours(1)) {
            const milliseconds wait = co_await housekeeping.run();
            passed += wait;
        }
    };
    test::run_coroutine(context, an_hour);
    EXPECT_EQ(std::count(store.calls.begin(), store.calls.end(), "let_go_of_mails"), 2);
}

}  // namespace
}  // namespace chatear::deletion
