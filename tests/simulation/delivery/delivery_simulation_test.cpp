#include "simulation_fixture.hpp"

#include <cstdlib>
#include <iostream>
#include <string>

namespace chatear::simulation {
namespace {

std::uint64_t number(const char* name, std::uint64_t otherwise) {
    const char* wanted = std::getenv(name);
    return wanted != nullptr ? std::stoull(wanted) : otherwise;
}

TEST_F(DeliverySimulation, KeepsThePromisesWhateverHappens) {
    const std::uint64_t first = number("CHATEAR_SIMULATION_FROM", 1);
    const std::uint64_t count = number("CHATEAR_SIMULATION_SEEDS", CHATEAR_DEFAULT_SEEDS);
    for (std::uint64_t seed = first; seed < first + count; ++seed) {
        if (!run(seed)) {
            return;
        }
    }
    std::cout << "from seed " << first << ": " << all_.text() << "\n";
    if (count >= 100) {
        // A world in which nothing happens keeps every promise.
        EXPECT_GT(all_.sent, all_.events / 2);
        EXPECT_GT(all_.crashes, count / 10);
        EXPECT_GT(all_.blamed, 0U);
        EXPECT_GT(all_.held, 0U);
        EXPECT_GT(all_.conflicts, 0U);
        EXPECT_GT(all_.refused, 0U);
        EXPECT_GT(all_.overtaken, 0U);
        EXPECT_GT(all_.second_copies, 0U);
        EXPECT_GT(all_.told_by_recorders, 0U);
    }
}

TEST_F(DeliverySimulation, TheSameSeedTellsTheSameStory) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        run(seed);
        const std::uint64_t first = digest_;
        run(seed);
        EXPECT_EQ(digest_, first) << seed;
        run(seed + 1000);
        EXPECT_NE(digest_, first) << seed;
    }
}

}  // namespace
}  // namespace chatear::simulation
