#pragma once

#include "net/deadline.hpp"
#include "net/wait_timer.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/intrusive/set.hpp>

#include <cstdint>
#include <optional>

namespace chatear::net {

/// The timer behind all deadlines of one io_context. Each read and write of a socket has a
/// deadline, and a timer for each would be set and cancelled for nothing some ten thousand times a
/// second. The one timer is set to the earliest deadline; when that is disarmed it stays, and finds
/// out what is the earliest when it runs out.
class DeadlineTimer final : public asio::execution_context::service {
public:
    using key_type = DeadlineTimer;  // Asio wants both.
    inline static asio::execution_context::id id;

    explicit DeadlineTimer(asio::execution_context& context)
        : asio::execution_context::service(context) {}

    /// That of the executor's context.
    static DeadlineTimer& of(const asio::any_io_executor& executor);

    void add(Deadline& deadline, const asio::any_io_executor& executor);
    /// Requires that it is armed.
    void remove(Deadline& deadline);

private:
    struct EndOf {
        using type = Moment;
        const Moment& operator()(const Deadline& deadline) const { return deadline.end_; }
    };
    using Deadlines = boost::intrusive::multiset<
        Deadline,
        boost::intrusive::member_hook<Deadline, Deadline::Hook, &Deadline::hook_>,
        boost::intrusive::key_of_value<EndOf>,
        boost::intrusive::constant_time_size<false>>;

    void shutdown() override { timer_.reset(); }
    void set(Moment end);
    void expire();

    Deadlines deadlines_;
    std::optional<WaitTimer> timer_;  // While it is set.
    std::optional<asio::any_io_executor> executor_;
    Moment set_to_{};
    std::uint64_t settings_ = 0;  // Tells a timer's end from that of the one before.
};

}  // namespace chatear::net
