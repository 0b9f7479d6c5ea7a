#pragma once

#include "sink/message_check.hpp"

#include <array>
#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>
#include <unordered_set>

namespace chatear::bench {

/// What arrived, and how much of it was wrong.
class Tally {
public:
    /// `with_trailers`: see check_message().
    explicit Tally(bool with_trailers) : with_trailers_(with_trailers) {}

    /// Writes a line "<CLOCK_MONOTONIC in ns> <id of the body>" for each whole message to this
    /// file.
    void note_times(const std::string& path) { times_.open(path); }

    /// Counts a message; what is wrong with it.
    Fault add(std::string_view content, std::string_view recipient, bool in_chunks);

    void add_connection() { ++connections_; }
    void add_refusal() { ++refusals_; }  ///< A command answered with 5xx.

    /// Also puts the noted times on disk.
    std::string report();

private:
    bool with_trailers_;
    std::uint64_t messages_ = 0;
    std::uint64_t bytes_ = 0;
    std::int64_t first_ns_ = 0;  // CLOCK_MONOTONIC, as for times_.
    std::int64_t last_ns_ = 0;
    std::uint64_t in_chunks_ = 0;
    std::uint64_t connections_ = 0;
    std::uint64_t refusals_ = 0;
    std::array<std::uint64_t, fault_count> faults_{};
    std::string first_fault_;
    // Hashes: two of a million are alike once in thirty million runs.
    std::unordered_set<std::size_t> message_ids_;
    std::unordered_set<std::size_t> body_ids_;
    std::ofstream times_;
};

}  // namespace chatear::bench
