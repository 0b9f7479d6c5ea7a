#include "deletion/erasure_pass.hpp"

#include "fakes.hpp"
#include "support/coroutine.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>

namespace chatear::deletion {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// Answers what the test has put in; what was erased is due no more.
class FakeErasureStore final : public ErasureStore {
public:
    asio::awaitable<Result<void>> prepare() override {
        if (!mistake.empty()) {
            co_return Error{mistake};
        }
        co_return Result<void>();
    }

    asio::awaitable<std::vector<Due>> due(std::optional<Due> behind, std::size_t most) override {
        std::vector<Due> found;
        for (const std::string& id : ids) {
            const bool left = gone.count(id) == 0 && (!behind || id > behind->deletion_id);
            if (left && found.size() < most) {
                found.push_back({id, at(1)});
            }
        }
        co_return found;
    }

    asio::awaitable<Erasure> erase(std::string deletion_id, Mode /*mode*/) override {
        tried.push_back(deletion_id);
        if (down) {
            throw Unavailable("postgres", "test:1", "the test says so");
        }
        Erasure erasure{deletion_id};
        const auto answer = answers.find(deletion_id);
        erasure.answer = answer != answers.end() ? answer->second : ErasureAnswer::erased;
        if (erasure.answer == ErasureAnswer::erased) {
            gone.insert(std::move(deletion_id));
        }
        co_return erasure;
    }

    std::string mistake;
    std::set<std::string> ids;
    std::map<std::string, ErasureAnswer> answers;
    bool down = false;
    std::vector<std::string> tried;
    std::set<std::string> gone;
};

class Erasures : public testing::Test {
protected:
    milliseconds pass() {
        asio::io_context context;
        milliseconds wait{};
        const auto body = [&]() -> asio::awaitable<void> { wait = co_await pass_.run(); };
        test::run_coroutine(context, body);
        return wait;
    }

    static std::vector<std::string> lines_with(const std::string& log, const std::string& word) {
        std::vector<std::string> found;
        std::istringstream lines(log);
        for (std::string line; std::getline(lines, line);) {
            if (line.find(word) != std::string::npos) {
                found.push_back(line);
            }
        }
        return found;
    }

    std::string count_of(const std::string& step) {
        return "chatear_deletions_total{step=\"" + step + "\"} ";
    }

    FakeErasureStore erasures_;
    FakeDeletionStore store_;
    ManualClock clock_{at(3)};
    runtime::Metrics metrics_;
    Journal journal_{metrics_};
    ClockStop stop_{store_, journal_, clock_};
    ErasurePass pass_{{erasures_, store_, journal_, stop_}};
};

TEST_F(Erasures, Rule15WhatIsInTheWayOfOneKeepsNoneBehindItAndIsTriedAgainInTheNextRound) {
    erasures_.ids = {"d1", "d2", "d3", "d4"};
    erasures_.answers = {{"d1", ErasureAnswer::blocked}, {"d3", ErasureAnswer::refused}};
    EXPECT_EQ(pass(), hours(1));
    EXPECT_THAT(erasures_.tried, ElementsAre("d1", "d2", "d3", "d4"));
    EXPECT_THAT(erasures_.gone, ElementsAre("d2", "d4"));
    EXPECT_THAT(metrics_.text(), HasSubstr(count_of("not_erased") + "2"));
    erasures_.tried.clear();
    erasures_.answers.clear();
    EXPECT_EQ(pass(), hours(1));
    EXPECT_THAT(erasures_.tried, ElementsAre("d1", "d3"));
    EXPECT_THAT(metrics_.text(), HasSubstr(count_of("erased") + "4"));
}

TEST_F(Erasures, ManyAreReadPageByPageAndTriedOnce) {
    for (int n = 100; n < 300; ++n) {
        erasures_.ids.insert("d" + std::to_string(n));
        erasures_.answers["d" + std::to_string(n)] = ErasureAnswer::blocked;
    }
    pass();
    EXPECT_THAT(erasures_.tried, SizeIs(200));
}

TEST_F(Erasures, WhatWaitsForAMailIsSaidAtFirstAndOnceADay) {
    erasures_.ids = {"d1"};
    erasures_.answers = {{"d1", ErasureAnswer::mail_on_way}};
    testing::internal::CaptureStderr();
    for (int hour = 0; hour < 49; ++hour) {
        pass();
    }
    erasures_.answers.clear();
    pass();
    const std::string log = testing::internal::GetCapturedStderr();
    EXPECT_THAT(
        lines_with(log, "waits for its last e-mail"),
        ElementsAre(
            HasSubstr("deletion_id=d1 rounds=1"), HasSubstr("rounds=25"), HasSubstr("rounds=49")
        )
    );
}

TEST_F(Erasures, AnOutageEndsTheRound) {
    erasures_.ids = {"d1", "d2"};
    erasures_.down = true;
    EXPECT_THROW(pass(), Unavailable);
    EXPECT_THAT(erasures_.tried, ElementsAre("d1"));
}

TEST_F(Erasures, NothingBeginsWhileExecutionsAreStoppedOrTheProcessStops) {
    erasures_.ids = {"d1"};
    store_.day.executions_stopped = "the clock";
    EXPECT_EQ(pass(), Pass::longest_wait);
    store_.day.executions_stopped.reset();
    pass_.drain();
    pass();
    EXPECT_THAT(erasures_.tried, IsEmpty());
}

TEST_F(Erasures, AColumnThatCannotBeBlankedAnyMoreIsTrouble) {
    erasures_.ids = {"d1"};
    erasures_.mistake = "column email of table users is generated";
    EXPECT_THROW(pass(), Unavailable);
    EXPECT_THAT(erasures_.tried, IsEmpty());
}

}  // namespace
}  // namespace chatear::deletion
