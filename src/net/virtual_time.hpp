#pragma once

#include "net/moment.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

namespace chatear::net {

class WaitTimer;

/// A time that stands still until it is moved. While one is installed, now() and every wait of
/// `net` go by it, so that a simulation's hours take no time and come out the same each time.
/// One at a time, one thread; it outlives every io_context that is polled under it.
class VirtualTime {
public:
    VirtualTime();
    ~VirtualTime();
    VirtualTime(const VirtualTime&) = delete;
    VirtualTime& operator=(const VirtualTime&) = delete;

    /// The one that is installed; null in real life.
    static VirtualTime* installed();

    Moment now() const { return now_; }

    /// When the next wait ends; nothing when none does.
    std::optional<Moment> next() const;

    /// Moves time forward to `to`, and ends what waited until then: in the order of its moments,
    /// and of its beginning. Who waited goes on when its io_context is polled.
    void advance_to(Moment to);

private:
    friend class WaitTimer;
    using Key = std::pair<Moment, std::uint64_t>;

    Key add(Moment end, WaitTimer& timer);
    void remove(const Key& key) { waiting_.erase(key); }

    Moment now_{
        std::chrono::hours(24)};  // A clock that began at 0 would hide who takes 0 for "never".
    std::uint64_t added_ = 0;
    std::map<Key, WaitTimer*> waiting_;
};

}  // namespace chatear::net
