#include "runtime/coalescer.hpp"

#include "net/timer.hpp"
#include "support/coroutine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <optional>
#include <stdexcept>

namespace chatear::runtime {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using Doubling = Coalescer<int, int>;

class CoalescerTest : public testing::Test {
protected:
    /// Doubles its numbers; 13 is refused by the whole batch, -1 finds the server down.
    asio::awaitable<std::vector<int>> flush(std::vector<int> batch) {
        batches_.push_back(batch);
        co_await net::sleep_for(pause_);
        std::vector<int> replies;
        for (const int number : batch) {
            if (number == 13) {
                throw std::runtime_error("unlucky");
            }
            if (number == -1) {
                throw Unavailable("postgres", "test:1", "down");
            }
            replies.push_back(2 * number);
        }
        co_return replies;
    }

    asio::awaitable<void> call(Doubling& coalescer, int number) {
        try {
            const int reply = co_await coalescer.call(number);
            ended_[number] = std::to_string(reply);
        } catch (const Unavailable&) {
            ended_[number] = "unavailable";
        } catch (const std::exception& error) {
            ended_[number] = net::is_stop(error) ? "stopped" : error.what();
        }
    }

    void call_all(const std::vector<int>& numbers) { call_all(coalescer_, numbers); }

    void call_all(Doubling& coalescer, const std::vector<int>& numbers) {
        for (const int number : numbers) {
            callers_.start("call", call(coalescer, number));
        }
    }

    void run(const std::function<asio::awaitable<void>()>& test) {
        test::run_coroutine(context_, test);
    }

    asio::io_context context_;
    std::chrono::milliseconds pause_{1};
    std::vector<std::vector<int>> batches_;
    std::map<int, std::string> ended_;
    Doubling coalescer_{context_.get_executor(), "doubling", 4, [this](std::vector<int> batch) {
                            return flush(std::move(batch));
                        }};
    /// Carries out batches of its own, with patience.
    Doubling patient_{
        context_.get_executor(),
        "patient",
        64,
        [this](std::vector<int> batch) { return flush(std::move(batch)); },
        Patience{4, 10s, 200ms}};
    /// Two batches at once, and patience.
    Doubling two_at_once_{
        context_.get_executor(),
        "two at once",
        4,
        [this](std::vector<int> batch) { return flush(std::move(batch)); },
        Patience{4, 10s, 200ms},
        2};
    net::TaskGroup callers_{context_.get_executor()};
};

TEST_F(CoalescerTest, GathersWhatIsAwaitedInOneTurn) {
    run([this]() -> asio::awaitable<void> {
        call_all({1, 2, 3});
        co_await callers_.join();
    });
    EXPECT_THAT(batches_, ElementsAre(ElementsAre(1, 2, 3)));
    EXPECT_EQ(ended_[1] + ended_[2] + ended_[3], "246");
    EXPECT_EQ(coalescer_.batches(), 1U);
    EXPECT_EQ(coalescer_.requests(), 3U);
}

TEST_F(CoalescerTest, ABatchHasItsMostAndTheNextGathersMeanwhile) {
    run([this]() -> asio::awaitable<void> {
        call_all({1, 2, 3, 4, 5});
        co_await net::sleep_for(0ms);
        call_all({6, 7});
        co_await callers_.join();
    });
    ASSERT_EQ(batches_.size(), 2U);
    EXPECT_THAT(batches_[0], ElementsAre(1, 2, 3, 4));
    EXPECT_THAT(batches_[1], ElementsAre(5, 6, 7));
    EXPECT_EQ(ended_[7], "14");
}

TEST_F(CoalescerTest, OfThoseWhoGoOneByOneNobodyWaitsForCompany) {
    const auto its_flush = [this](std::vector<int> batch) { return flush(std::move(batch)); };
    Doubling most_patient(
        context_.get_executor(), "most patient", 64, its_flush, Patience{4, 2h, 1h}
    );
    run([&]() -> asio::awaitable<void> {
        for (int number = 1; number <= 3; ++number) {
            (void)co_await most_patient.call(number);
        }
    });
    EXPECT_EQ(batches_.size(), 3U);
}

TEST_F(CoalescerTest, AfterABatchOfSeveralTheNextWaitsUntilThereAreEnough) {
    run([this]() -> asio::awaitable<void> {
        call_all(patient_, {1, 2});
        co_await callers_.join();
        for (int number = 3; number <= 6; ++number) {
            call_all(patient_, {number});
            co_await net::sleep_for(2ms);
        }
        co_await callers_.join();
    });
    EXPECT_THAT(batches_, ElementsAre(ElementsAre(1, 2), ElementsAre(3, 4, 5, 6)));
}

TEST_F(CoalescerTest, WhereNobodyElseComesTheNextWaitsForOneTick) {
    const auto began = net::now();
    run([this]() -> asio::awaitable<void> {
        call_all(patient_, {1, 2});
        co_await callers_.join();
        call_all(patient_, {3, 4});
        co_await callers_.join();
    });
    EXPECT_THAT(batches_, ElementsAre(ElementsAre(1, 2), ElementsAre(3, 4)));
    EXPECT_LT(net::now() - began, 5s);  // Far from its `longest`.
}

TEST_F(CoalescerTest, WhoWaitsForCompanyIsFailedByAStop) {
    run([this]() -> asio::awaitable<void> {
        call_all(patient_, {1, 2});
        co_await callers_.join();
        call_all(patient_, {3});
        co_await net::sleep_for(1ms);
        co_await patient_.stop();
        co_await callers_.join();
    });
    EXPECT_EQ(ended_[3], "stopped");
    EXPECT_EQ(batches_.size(), 1U);
}

TEST_F(CoalescerTest, BesideOneThatIsUnderWayAFullOneBeginsAndNoOther) {
    pause_ = 1h;
    run([this]() -> asio::awaitable<void> {
        call_all(two_at_once_, {1, 2, 3, 4, 5, 6, 7});
        co_await net::sleep_for(5ms);
        EXPECT_THAT(batches_, ElementsAre(ElementsAre(1, 2, 3, 4)));
        call_all(two_at_once_, {8, 9, 10, 11, 12});
        co_await net::sleep_for(5ms);
        co_await two_at_once_.stop();
        co_await callers_.join();
    });
    EXPECT_THAT(batches_, ElementsAre(ElementsAre(1, 2, 3, 4), ElementsAre(5, 6, 7, 8)));
    for (int number = 1; number <= 12; ++number) {
        EXPECT_EQ(ended_[number], "stopped") << number;
    }
}

TEST_F(CoalescerTest, OfSeveralAtOnceTheLastTakesWhatIsNotFull) {
    run([this]() -> asio::awaitable<void> {
        call_all(two_at_once_, {1, 2, 3, 4, 5, 6, 7, 8, 9});
        co_await callers_.join();
        call_all(two_at_once_, {10});
        co_await callers_.join();
    });
    ASSERT_EQ(batches_.size(), 4U);
    EXPECT_THAT(batches_[2], ElementsAre(9));
    EXPECT_THAT(batches_[3], ElementsAre(10));
    EXPECT_EQ(ended_.size(), 10U);
}

TEST_F(CoalescerTest, OneThatGathersAndFindsAllTakenByAFullOneCarriesOutNothing) {
    run([this]() -> asio::awaitable<void> {
        call_all(two_at_once_, {1, 2});
        co_await callers_.join();
        call_all(two_at_once_, {3});
        co_await net::sleep_for(1ms);
        call_all(two_at_once_, {4, 5, 6});
        co_await callers_.join();
        co_await net::sleep_for(250ms);  // Its tick.
    });
    EXPECT_THAT(batches_, ElementsAre(ElementsAre(1, 2), ElementsAre(3, 4, 5, 6)));
}

TEST_F(CoalescerTest, UnavailableIsForAllOfItsBatchAndNotSplit) {
    run([this]() -> asio::awaitable<void> {
        call_all({1, -1, 3});
        co_await callers_.join();
        call_all({4});
        co_await callers_.join();
    });
    EXPECT_EQ(batches_.size(), 2U);
    EXPECT_EQ(ended_[1], "unavailable");
    EXPECT_EQ(ended_[3], "unavailable");
    EXPECT_EQ(ended_[4], "8");
}

TEST_F(CoalescerTest, OnlyTheGuiltyRequestFails) {
    run([this]() -> asio::awaitable<void> {
        call_all({1, 2, 13, 4});
        co_await callers_.join();
    });
    EXPECT_EQ(ended_[1] + ended_[2] + ended_[4], "248");
    EXPECT_EQ(ended_[13], "unlucky");
}

TEST_F(CoalescerTest, StopFailsWhatIsUnderWayAndWhatWaits) {
    pause_ = 1h;
    run([this]() -> asio::awaitable<void> {
        call_all({1, 2, 3, 4, 5, 6});
        co_await net::sleep_for(5ms);
        co_await coalescer_.stop();
        co_await callers_.join();
    });
    for (int number = 1; number <= 6; ++number) {
        EXPECT_EQ(ended_[number], "stopped") << number;
    }
}

TEST_F(CoalescerTest, OnceStoppedItRefusesCalls) {
    run([this]() -> asio::awaitable<void> {
        co_await coalescer_.stop();
        co_await coalescer_.stop();
        call_all({1});
        co_await callers_.join();
    });
    EXPECT_EQ(ended_[1], "stopped");
    EXPECT_TRUE(batches_.empty());
}

TEST_F(CoalescerTest, ACallerThatIsStoppedHarmsNobody) {
    net::TaskGroup hasty(context_.get_executor());
    run([&]() -> asio::awaitable<void> {
        hasty.start("call", call(coalescer_, 1));
        call_all({2});
        co_await net::sleep_for(0ms);
        co_await hasty.stop();
        co_await callers_.join();
    });
    EXPECT_EQ(ended_[1], "stopped");
    EXPECT_EQ(ended_[2], "4");
}

}  // namespace
}  // namespace chatear::runtime
