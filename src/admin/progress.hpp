#pragma once

#include "admin/console.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace chatear::admin {

/// "1,234 of 10,000 (617/s)": what is drawn after `elapsed`. Pure.
std::string progress_line(
    std::string_view what,
    std::uint64_t done,
    std::optional<std::uint64_t> total,
    std::chrono::milliseconds elapsed
);

/// One line that says how far a long command is: on a terminal only, and only once it has taken
/// longer than a second.
class Progress {
public:
    Progress(Console& console, std::string what, std::optional<std::uint64_t> total);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    void advance(std::uint64_t by = 1);

private:
    using SteadyClock = std::chrono::steady_clock;

    Console& console_;
    std::string what_;
    std::optional<std::uint64_t> total_;
    std::uint64_t done_ = 0;
    SteadyClock::time_point begin_ = SteadyClock::now();
    SteadyClock::time_point next_drawing_ = begin_ + std::chrono::seconds(1);
    bool drawn_ = false;
};

}  // namespace chatear::admin
