#pragma once

#include <cstdint>
#include <functional>
#include <random>

namespace chatear::simulation {

/// A process dies here. Not a std::exception: nobody catches it by the way.
struct Crash {};

/// Every call to the outside is a step: before it others may run, and its process may die before
/// or after its effect.
class FaultPlan {
public:
    explicit FaultPlan(std::uint64_t seed) : random_(seed) {}

    /// Called before the effect of a call.
    void before_effect() {
        ++steps_;
        if (interrupt) {
            interrupt();
        }
        maybe_crash();
    }
    void after_effect() { maybe_crash(); }

    std::uint64_t steps() const { return steps_; }

    /// 0 to n - 1.
    std::size_t below(std::size_t n) {
        return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_);
    }
    bool one_in(std::size_t n) { return below(n) == 0; }

    bool crashes = true;                ///< Whether anything fails at all.
    std::function<void()> interrupt{};  ///< Lets others run in between.

private:
    void maybe_crash() {
        if (crashes && one_in(400)) {
            throw Crash{};
        }
    }

    std::mt19937_64 random_;
    std::uint64_t steps_ = 0;
};

}  // namespace chatear::simulation
