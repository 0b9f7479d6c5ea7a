#pragma once

#include "base/clock.hpp"
#include "net/virtual_time.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>

namespace chatear::simulation {

using namespace std::chrono_literals;
using std::chrono::microseconds;
using std::chrono::milliseconds;

/// What happened, a line an action. Two runs that tell the same are the same.
class Story {
public:
    /// Also writes each line to standard output.
    void read_aloud() { aloud_ = true; }

    void tell(microseconds at, std::string_view who, std::string_view what);

    std::uint64_t digest() const { return digest_; }
    std::uint64_t lines() const { return lines_; }
    const std::deque<std::string>& last_lines() const { return last_; }

private:
    static constexpr std::size_t most_kept = 200;

    bool aloud_ = false;
    std::uint64_t digest_ = 14695981039346656037U;  // FNV-1a.
    std::uint64_t lines_ = 0;
    std::deque<std::string> last_;
};

/// The time of one simulated world, what is to happen in it outside of processes, and all chance.
class Timeline {
public:
    explicit Timeline(std::uint64_t seed);

    net::Moment now() const { return time_.now(); }
    microseconds passed() const { return std::chrono::duration_cast<microseconds>(now() - begin_); }
    /// The civil time that a right clock shows.
    Time civil() const { return Time(std::chrono::seconds(1'800'000'000)) + passed(); }

    void after(microseconds delay, std::function<void()> action);

    /// Moves to the next action or the next wait of a process; false when there is none.
    bool advance();

    void tell(std::string_view who, std::string_view what) { story.tell(passed(), who, what); }

    bool chance(double probability);
    microseconds draw(microseconds least, microseconds most);
    std::size_t pick(std::size_t count);  ///< 0 to count - 1.
    std::uint64_t pick(std::uint64_t least, std::uint64_t most);

    Story story;

private:
    net::VirtualTime time_;
    net::Moment begin_;
    std::mt19937_64 random_;
    std::uint64_t added_ = 0;
    std::map<std::pair<net::Moment, std::uint64_t>, std::function<void()>> actions_;
};

}  // namespace chatear::simulation
