// What the Consumer does while a dependency is down (rule 18).
#include "base/log.hpp"
#include "net/moment.hpp"
#include "runtime/consumer.hpp"
#include "runtime/consumer_work.hpp"

#include <algorithm>
#include <string>

namespace chatear::runtime {

/// A place in the line of those who wait for the brake, which they leave in the order in which they
/// came; who met an outage again lines up behind the others.
class Consumer::WaitingPlace {
public:
    explicit WaitingPlace(Consumer& consumer)
        : consumer_(consumer), number_(++consumer.last_waiting_) {
        consumer_.waiting_.insert(number_);
    }
    ~WaitingPlace() { consumer_.waiting_.erase(number_); }
    WaitingPlace(const WaitingPlace&) = delete;
    WaitingPlace& operator=(const WaitingPlace&) = delete;

    bool first() const { return *consumer_.waiting_.begin() == number_; }

private:
    Consumer& consumer_;
    std::uint64_t number_;
};

namespace {

/// Whether the outcome shows that what closed the brake answers again. A Reject or Defer may have
/// been decided without asking anybody but the ledger.
bool shows_life(const std::optional<Outcome>& outcome, const std::string& dependency) {
    const bool asked = outcome && (std::holds_alternative<Done>(*outcome) ||
                                   std::holds_alternative<Retry>(*outcome));
    return asked || dependency.empty() || dependency == "postgres";
}

}  // namespace

bool Consumer::enter_at_once(Work& work) {
    work.probes = false;
    return brake_.state() == Brake::State::open;
}

/// Waits until the brake lets it in; false when the worker stops first.
asio::awaitable<bool> Consumer::enter(Work& work) {
    const WaitingPlace place(*this);
    while (true) {
        const bool open = brake_.state() == Brake::State::open;
        if (draining_ && !open) {
            co_return false;
        }
        const auto now = net::now();
        if ((open || place.first()) && brake_.try_enter(now)) {
            work.probes = !open;
            co_return true;
        }
        if (brake_.state() == Brake::State::closed && place.first()) {
            const auto left =
                std::chrono::ceil<std::chrono::milliseconds>(brake_.next_probe_at() - now);
            (void)co_await brake_changed_.wait_for(left);
        } else {
            co_await brake_changed_.wait();
        }
    }
}

/// Who was let in before the brake closed tells nothing of how things stand now.
bool Consumer::brake_listens_to(const Work& work) const {
    return brake_.state() == Brake::State::open || work.probes;
}

void Consumer::release_brake(const Work& work, const std::optional<Outcome>& outcome) {
    if (!brake_listens_to(work)) {
        return;
    }
    const bool was_open = brake_.state() == Brake::State::open;
    const bool asked_nobody =
        work.state && work.state->claim.reply.already_accepted && brake_.dependency() != "postgres";
    if (asked_nobody || !shows_life(outcome, brake_.dependency())) {
        brake_.on_abandoned(net::now());
    } else {
        const std::string dependency = brake_.dependency();
        brake_.on_success();
        if (!dependency.empty()) {
            log::info(
                "goes on: the dependency answers again",
                {{"subject", subscription_.subject}, {"dependency", dependency}}
            );
        }
    }
    if (!was_open) {
        brake_changed_.notify_all();
        grant_credit();
    }
}

/// Notes that a dependency is down; true when the event itself is to be charged (rule 18).
bool Consumer::charge(Work& work, const Unavailable& unavailable) {
    const bool charged = work.in_handler && work.meetings.add(brake_.successes());
    close_brake(work, unavailable);
    return charged;
}

void Consumer::close_brake(const Work& work, const Unavailable& unavailable) {
    if (!brake_listens_to(work)) {
        return;
    }
    if (brake_.on_unavailable(unavailable.dependency(), net::now())) {
        log::warn(
            "paused: a dependency is down",
            {{"subject", subscription_.subject},
             {"dependency", unavailable.dependency()},
             {"peer", unavailable.where()},
             {"reason", unavailable.why()}}
        );
    }
    brake_changed_.notify_all();
    grant_credit();
}

}  // namespace chatear::runtime
