#pragma once

#include "net/notification.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>

namespace chatear::runtime {

namespace asio = boost::asio;

/// Lets handlers run side by side, or one alone in the whole process (rule 19). One who wants to be
/// alone holds up those who come after it.
class Turnstile {
public:
    explicit Turnstile(const asio::any_io_executor& executor) : changed_(executor) {}

    /// A place inside, given back when destroyed.
    class Place {
    public:
        Place(Turnstile& turnstile, bool alone) : turnstile_(&turnstile), alone_(alone) {}
        Place(Place&& other) noexcept : turnstile_(other.turnstile_), alone_(other.alone_) {
            other.turnstile_ = nullptr;
        }
        Place& operator=(Place&&) = delete;
        ~Place() {
            if (turnstile_ != nullptr) {
                turnstile_->leave(alone_);
            }
        }

    private:
        Turnstile* turnstile_;
        bool alone_;
    };

    asio::awaitable<Place> enter() {
        while (alone_ || waiting_alone_ > 0) {
            co_await changed_.wait();
        }
        ++inside_;
        co_return Place(*this, false);
    }

    asio::awaitable<Place> enter_alone() {
        const Queued queued(*this);
        while (alone_ || inside_ > 0) {
            co_await changed_.wait();
        }
        alone_ = true;
        co_return Place(*this, true);
    }

    std::size_t inside() const { return inside_ + (alone_ ? 1 : 0); }

private:
    /// Counted as one who wants to be alone, also when it is stopped meanwhile.
    class Queued {
    public:
        explicit Queued(Turnstile& turnstile) : turnstile_(turnstile) {
            ++turnstile_.waiting_alone_;
        }
        ~Queued() {
            --turnstile_.waiting_alone_;
            turnstile_.changed_.notify_all();
        }
        Queued(const Queued&) = delete;
        Queued& operator=(const Queued&) = delete;

    private:
        Turnstile& turnstile_;
    };

    void leave(bool alone) {
        if (alone) {
            alone_ = false;
        } else {
            --inside_;
        }
        changed_.notify_all();
    }

    std::size_t inside_ = 0;
    std::size_t waiting_alone_ = 0;
    bool alone_ = false;
    net::Notification changed_;
};

}  // namespace chatear::runtime
