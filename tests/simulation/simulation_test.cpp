#include "simulation.hpp"

#include "base/log.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>
#include <string>

namespace chatear::simulation {
namespace {

using deletion::Status;

/// In all; CHATEAR_SIMULATION_STEPS says another number.
std::uint64_t steps_in_all() {
    const char* wanted = std::getenv("CHATEAR_SIMULATION_STEPS");
    return wanted != nullptr ? std::stoull(wanted) : CHATEAR_DEFAULT_STEPS;
}

/// Another one each time; CHATEAR_SIMULATION_SEED brings a history back.
std::uint64_t first_seed() {
    const char* wanted = std::getenv("CHATEAR_SIMULATION_SEED");
    return wanted != nullptr ? std::stoull(wanted) : std::random_device{}();
}

TEST(DeletionSimulation, KeepsTheRulesWhateverHappens) {
    constexpr std::uint64_t steps_in_a_world = 20'000;
    log::configure(log::Level::error, log::Format::text, "simulation");
    const auto templates = mail::Templates::load("templates");
    ASSERT_TRUE(templates) << templates.error().message;
    std::uint64_t seed = first_seed();
    std::uint64_t steps = 0;
    std::size_t executed = 0;
    std::size_t cancelled = 0;
    std::size_t crashes = 0;
    const std::uint64_t all = steps_in_all();
    while (steps < all) {
        SCOPED_TRACE("CHATEAR_SIMULATION_SEED=" + std::to_string(seed));
        Simulation world(seed, *templates);
        world.run(std::min(steps_in_a_world, all - steps));
        steps += world.steps();
        if (HasFailure()) {
            return;
        }
        world.come_to_rest();
        world.check_history();
        EXPECT_EQ(world.count(Status::queued), 0U);
        EXPECT_EQ(world.count(Status::scheduled), 0U);
        if (HasFailure()) {
            return;
        }
        executed += world.count(Status::executed);
        cancelled += world.count(Status::cancelled);
        crashes += world.crashes();
        ++seed;
    }
    // A world in which nothing happens keeps every rule.
    EXPECT_GT(executed, steps / 10'000);
    EXPECT_GT(cancelled, steps / 10'000);
    EXPECT_GT(crashes, steps / 10'000);
    RecordProperty("steps", std::to_string(steps));
}

}  // namespace
}  // namespace chatear::simulation
