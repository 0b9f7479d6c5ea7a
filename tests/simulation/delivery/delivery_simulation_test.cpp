#include "base/log.hpp"
#include "world.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>

namespace chatear::simulation {
namespace {

std::uint64_t number(const char* name, std::uint64_t otherwise) {
    const char* wanted = std::getenv(name);
    return wanted != nullptr ? std::stoull(wanted) : otherwise;
}

std::string at_abort;

/// A promise that an assertion guards ends the program: say which seed that was.
void tell_seed(int /*signal*/) {
    (void)!write(STDERR_FILENO, at_abort.data(), at_abort.size());
}

class DeliverySimulation : public testing::Test {
protected:
    DeliverySimulation() {
        (void)std::signal(SIGABRT, &tell_seed);
        log::configure(log::Level::error, log::Format::text, "simulation");
    }

    /// Runs the seed's world; true when every promise was kept.
    bool run(std::uint64_t seed) {
        at_abort = "aborted in the world of ./dev simulate --seed " + std::to_string(seed) + "\n";
        World world(seed, templates_, std::getenv("CHATEAR_SIMULATION_STORY") != nullptr);
        const std::optional<std::string> broken = world.run();
        all_.add(world.figures());
        digest_ = world.story().digest();
        if (broken) {
            ADD_FAILURE() << *broken << "\n"
                          << last_lines(world.story()) << "All of it: ./dev simulate --seed "
                          << seed << " --story";
        }
        return !broken;
    }

    static std::string last_lines(const Story& story) {
        constexpr std::size_t most = 60;
        std::string text;
        const auto& lines = story.last_lines();
        for (std::size_t n = lines.size() - std::min(lines.size(), most); n < lines.size(); ++n) {
            text += lines[n] + "\n";
        }
        return text;
    }

    mail::Templates templates_ = mail::Templates::load("templates").value();
    Figures all_;
    std::uint64_t digest_ = 0;
};

TEST_F(DeliverySimulation, KeepsThePromisesWhateverHappens) {
    const bool one = std::getenv("CHATEAR_SIMULATION_SEED") != nullptr;
    const std::uint64_t first = number(
        "CHATEAR_SIMULATION_SEED", number("CHATEAR_SIMULATION_FROM", std::random_device{}())
    );
    const std::uint64_t count = one ? 1 : number("CHATEAR_SIMULATION_SEEDS", CHATEAR_DEFAULT_SEEDS);
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
