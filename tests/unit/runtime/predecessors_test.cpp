#include "runtime/predecessors.hpp"

#include "fakes.hpp"
#include "support/coroutine.hpp"
#include "support/process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <stdexcept>

namespace chatear::runtime {
namespace {

using testing::ElementsAre;

/// Writes down what it is told of the dead, beside what the registry is told.
class ListeningLedger final : public Ledger {
public:
    ListeningLedger(std::string name, FakeRegistry& registry)
        : name_(std::move(name)), registry_(registry) {}

    asio::awaitable<std::vector<ClaimReply>> claim(std::vector<ClaimRequest> /*requests*/
    ) override {
        co_return std::vector<ClaimReply>();
    }
    asio::awaitable<std::vector<bool>> record(std::vector<VerdictRequest> /*requests*/) override {
        co_return std::vector<bool>();
    }
    asio::awaitable<std::vector<bool>> begin_content(std::vector<ContentRequest> /*requests*/
    ) override {
        co_return std::vector<bool>();
    }
    asio::awaitable<void> speak_for(FlightLog dead) override {
        if (refuses) {
            throw std::runtime_error("a value is refused");
        }
        outage.check();
        registry_.log.push_back(
            name_ + " hears of " + std::to_string(dead.flights.size()) + " of " + dead.instance
        );
        co_return;
    }
    asio::awaitable<std::size_t> remove_final_rows(
        std::chrono::milliseconds /*age*/, std::size_t /*most*/
    ) override {
        co_return 0;
    }

    Outage outage{"postgres"};
    bool refuses = false;

private:
    std::string name_;
    FakeRegistry& registry_;
};

class Rule7Predecessors : public testing::Test {
protected:
    InstanceFile take(const std::string& instance) {
        auto file = InstanceFile::take(folder_.path(), "w", instance);
        return std::move(*file);
    }
    /// As if it had died with so many contents under way.
    void left_by(const std::string& instance, int contents) {
        auto file = FlightFile::create(folder_ / "w-1", instance, 8);
        EXPECT_TRUE(file->begin());
        for (int n = 0; n < contents; ++n) {
            file->book().begin("email.send", std::to_string(n), 0, 1);
        }
    }
    bool is_left(const std::string& instance) const {
        return std::filesystem::exists(folder_ / ("w-1." + instance + ".flight"));
    }
    void settle(Predecessors& predecessors) {
        test::run_coroutine(context_, [&]() -> asio::awaitable<void> {
            std::vector<Ledger*> ledgers{&first_, &second_};
            try {
                refused_ = co_await predecessors.settle(std::move(ledgers), registry_);
            } catch (const Unavailable&) {
                registry_.log.push_back("outage");
            }
        });
    }

    test::TemporaryFolder folder_{"predecessors"};
    asio::io_context context_;
    FakeRegistry registry_{context_.get_executor()};
    ListeningLedger first_{"first", registry_};
    ListeningLedger second_{"second", registry_};
    std::size_t refused_ = 0;
};

TEST_F(Rule7Predecessors, ThereAreNoneWhereEveryoneEndedInGoodOrder) {
    take("a").ended();
    const InstanceFile file = take("b");
    Predecessors found(file, "b");
    settle(found);
    EXPECT_THAT(registry_.log, testing::IsEmpty());
}

TEST_F(Rule7Predecessors, TheLedgersHearOfTheirContentsBeforeTheyAreDeclaredDead) {
    { const InstanceFile dead = take("a"); }
    left_by("a", 2);
    const InstanceFile file = take("b");
    Predecessors found(file, "b");
    settle(found);
    EXPECT_THAT(
        registry_.log,
        ElementsAre("first hears of 2 of a", "second hears of 2 of a", "declare dead a")
    );
    EXPECT_FALSE(is_left("a"));
    registry_.log.clear();
    settle(found);
    EXPECT_THAT(registry_.log, testing::IsEmpty()) << "nothing is left";
}

TEST_F(Rule7Predecessors, ThoseThatTheDeadOneHadNotSettledItselfAreSettledToo) {
    left_by("older", 1);
    { const InstanceFile dead = take("a"); }
    left_by("a", 0);
    const InstanceFile file = take("b");
    Predecessors found(file, "b");
    settle(found);
    EXPECT_THAT(registry_.log, testing::Contains("first hears of 1 of older"));
    EXPECT_THAT(registry_.log, testing::Contains("declare dead a older"));
}

TEST_F(Rule7Predecessors, AnOutageLeavesEverythingToTheNextTry) {
    left_by("a", 1);
    const InstanceFile file = take("b");
    Predecessors found(file, "b");
    second_.outage.down = true;
    settle(found);
    EXPECT_THAT(registry_.log, ElementsAre("first hears of 1 of a", "outage"));
    EXPECT_TRUE(is_left("a"));
    second_.outage.down = false;
    settle(found);
    EXPECT_EQ(registry_.log.back(), "declare dead a");
    EXPECT_FALSE(is_left("a"));
}

TEST_F(Rule7Predecessors, WhatALedgerRefusesKeepsNobodyFromBeingDeclaredDead) {
    left_by("a", 1);
    const InstanceFile file = take("b");
    Predecessors found(file, "b");
    first_.refuses = true;
    settle(found);
    EXPECT_THAT(registry_.log, ElementsAre("second hears of 1 of a", "declare dead a"));
    EXPECT_EQ(refused_, 1U);
    EXPECT_FALSE(is_left("a"));
    EXPECT_TRUE(std::filesystem::exists(folder_ / "w-1.a.flight.refused")) << "for a person";
}

TEST_F(Rule7Predecessors, WhoLivesIsLetBeWhateverItsFileIsCalled) {
    auto living = FlightFile::create(folder_ / "w-1", "living", 8);
    EXPECT_TRUE(living->begin());
    const InstanceFile file = take("b");
    Predecessors found(file, "b");
    settle(found);
    EXPECT_THAT(registry_.log, testing::IsEmpty());
    EXPECT_TRUE(is_left("living"));
}

TEST_F(Rule7Predecessors, ThoseOfAnotherNumberThatHaveNoSuccessorAreAdopted) {
    const InstanceFile file = take("b");
    {
        const InstanceFile other = take("orphan");
        ASSERT_EQ(other.base(), folder_ / "w-2");
        auto flights = FlightFile::create(other.base(), "orphan", 8);
        EXPECT_TRUE(flights->begin());
        flights->book().begin("email.send", "e", 0, 1);
    }
    Predecessors found(file, "b");
    found.with_orphans_of("w");
    first_.outage.down = true;
    settle(found);
    EXPECT_FALSE(*InstanceFile::take_left(folder_ / "w-2", "c")) << "until it is settled";
    first_.outage.down = false;
    settle(found);
    EXPECT_THAT(registry_.log, testing::Contains("first hears of 1 of orphan"));
    EXPECT_THAT(registry_.log, testing::Contains("declare dead orphan"));
    EXPECT_FALSE(take("c").predecessor());
}

TEST_F(Rule7Predecessors, ARecorderThatCannotBeReadTellsNothingAndGoes) {
    test::write_file(folder_ / "w-1.a.flight", "rubbish");
    { const InstanceFile dead = take("a"); }
    const InstanceFile file = take("b");
    Predecessors found(file, "b");
    settle(found);
    EXPECT_THAT(registry_.log, ElementsAre("declare dead a"));
    EXPECT_FALSE(is_left("a"));
}

}  // namespace
}  // namespace chatear::runtime
