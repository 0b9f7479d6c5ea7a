#pragma once

#include "base/clock.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <set>

namespace chatear::runtime {

/// Whether a handler may begin what cannot be taken back (rules 7 and 12): not while this process
/// has not renewed its row for 20 s, nor while a verdict has waited 2 s for its commit. Pure.
class ContentGate {
public:
    static constexpr std::chrono::seconds lease{20};
    static constexpr std::chrono::seconds longest_wait{2};

    explicit ContentGate(const Clock& clock) : clock_(clock) {}

    /// Our row was written; `asked_at` is when the statement left, which is the safe side.
    void renewed(BootTime asked_at);

    /// Counts the times that the lease ran out; claims of an earlier time must be made again.
    std::uint64_t lease_number() const { return lease_number_; }
    bool lease_fresh() const;

    bool verdicts_flow() const;

    /// A verdict waits for its commit from construction to destruction.
    class Waiting {
    public:
        explicit Waiting(ContentGate& gate)
            : gate_(gate), since_(gate.waiting_.insert(gate.clock_.boot_time())) {}
        ~Waiting() { gate_.waiting_.erase(since_); }
        Waiting(const Waiting&) = delete;
        Waiting& operator=(const Waiting&) = delete;

    private:
        ContentGate& gate_;
        std::multiset<BootTime>::iterator since_;
    };

    /// From now on nothing begins: the process stops.
    void close() { closed_ = true; }
    bool closed() const { return closed_; }

private:
    const Clock& clock_;
    BootTime renewed_at_{};
    std::uint64_t lease_number_ = 0;
    bool ever_renewed_ = false;
    bool closed_ = false;
    std::multiset<BootTime> waiting_;
};

}  // namespace chatear::runtime
