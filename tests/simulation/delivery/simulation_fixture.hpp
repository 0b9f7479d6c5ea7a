#pragma once

#include "base/log.hpp"
#include "world.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string>

namespace chatear::simulation {

inline std::string at_abort;

/// A promise that an assertion guards ends the program: say which seed that was.
inline void tell_seed(int /*signal*/) {
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

}  // namespace chatear::simulation
