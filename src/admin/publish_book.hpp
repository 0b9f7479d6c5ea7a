#pragma once

#include <cstdint>
#include <set>

namespace chatear::admin {

/// Which of the numbered messages 1, 2, ... were acknowledged, in whatever order that happens: all
/// up to first_open() - 1 are, and that is where a second run goes on. Does no I/O.
class PublishBook {
public:
    explicit PublishBook(std::uint64_t skipped) : settled_(skipped) {}

    /// Requires a number that was not acknowledged yet.
    void acknowledged(std::uint64_t number) {
        ahead_.insert(number);
        while (!ahead_.empty() && *ahead_.begin() == settled_ + 1) {
            ahead_.erase(ahead_.begin());
            ++settled_;
        }
        ++count_;
    }

    /// How many from the first on are all acknowledged (those that were skipped included).
    std::uint64_t settled() const { return settled_; }

    std::uint64_t count() const { return count_; }  ///< Acknowledged in this run.

private:
    std::uint64_t settled_;
    std::uint64_t count_ = 0;
    std::set<std::uint64_t> ahead_;  // Acknowledged before a lower one.
};

}  // namespace chatear::admin
