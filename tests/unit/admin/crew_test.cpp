#include "admin/crew.hpp"

#include "base/error.hpp"
#include "net/timer.hpp"
#include "support/coroutine.hpp"

#include <gtest/gtest.h>

namespace chatear::admin {
namespace {

struct Work {
    int left = 0;
    int under_way = 0;
    int most_under_way = 0;
    int done = 0;
    int fails_at = -1;
};

asio::awaitable<bool> piece(Work& work) {
    if (work.left == 0) {
        co_return false;
    }
    --work.left;
    ++work.under_way;
    work.most_under_way = std::max(work.most_under_way, work.under_way);
    co_await net::sleep_for(std::chrono::milliseconds(1));
    --work.under_way;
    ++work.done;
    if (work.done == work.fails_at) {
        throw Unavailable("nats", "here", "gone");
    }
    co_return true;
}

asio::awaitable<void> do_all(asio::any_io_executor executor, Work& work) {
    Crew crew(executor);
    const Crew::Step step = [&work] { return piece(work); };
    co_await crew.run(4, step);
}

TEST(Crew, DoesAllWorkWithSoManyAtOnce) {
    asio::io_context context;
    Work work{.left = 20};
    test::run_coroutine(context, [&] { return do_all(context.get_executor(), work); });
    EXPECT_EQ(work.done, 20);
    EXPECT_EQ(work.most_under_way, 4);
}

TEST(Crew, FinishesWhatIsUnderWayWhenOneFails) {
    asio::io_context context;
    Work work{.left = 100, .fails_at = 6};
    EXPECT_THROW(
        test::run_coroutine(context, [&] { return do_all(context.get_executor(), work); }),
        Unavailable
    );
    EXPECT_EQ(work.under_way, 0);
    EXPECT_LT(work.done, 12);
}

}  // namespace
}  // namespace chatear::admin
