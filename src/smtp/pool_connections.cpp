// The part of Pool that opens, replaces and closes connections.
#include "base/log.hpp"
#include "net/moment.hpp"
#include "net/timer.hpp"
#include "smtp/pool.hpp"

#include <algorithm>
#include <utility>

namespace chatear::smtp {

/// The first connection is made alone (a wrong password is tried once), and where others work, one
/// that could not be had is not tried again at once.
void Pool::grow() {
    const bool too_early = live() > 0 && net::now() < grow_not_before_;
    if (stopping_ || health_.state() != PoolHealth::State::up || too_early) {
        return;
    }
    std::size_t wanted =
        allowance_.allowed() - std::min(allowance_.allowed(), live() + connecting_);
    wanted = std::min(wanted, waiting_.size() - std::min(waiting_.size(), connecting_));
    for (; wanted > 0; --wanted) {
        ++connecting_;
        tasks_.start("smtp connect", connect_one());
    }
}

asio::awaitable<void> Pool::connect_one() {
    const bool connected = co_await connect();
    if (connected && health_.state() != PoolHealth::State::refused) {
        health_.on_connected();
        grow();
    }
}

asio::awaitable<bool> Pool::connect() {
    std::unique_ptr<Session> session = std::make_unique<Session>(executor_, options_);
    const std::optional<OpenFailure> failure = co_await session->open(resolver_);
    --connecting_;
    if (failure) {
        on_connect_failed(*failure);
        co_return false;
    }
    if (stopping_) {
        session->close();
        co_return false;
    }
    ++counters_.connected;
    extensions_ = session->extensions();
    CarrierOwner& owner = *this;
    const Conduct its_conduct = conduct(*extensions_);
    const auto carrier =
        std::make_shared<Carrier>(std::move(session), options_, its_conduct, owner, tasks_);
    carriers_.push_back(carrier);
    tasks_.start("smtp carrier", carry(carrier));
    dispatch();
    co_return true;
}

asio::awaitable<void> Pool::carry(std::shared_ptr<Carrier> carrier) {
    co_await carrier->run();
    std::erase(carriers_, carrier);
    if (!carrier->ended_by_us()) {
        ++counters_.lost_connections;
        log::info(
            "a connection to the mail server ended",
            {{"peer", options_->host},
             {"mails", carrier->mails()},
             {"reason", carrier->why_ended()}}
        );
    }
    changed_.notify_all();
    dispatch();
}

/// While other connections work, one that cannot be had is no outage: messages wait for those.
void Pool::on_connect_failed(const OpenFailure& failure) {
    ++counters_.failed_connections;
    const bool refused = failure.culprit == Culprit::sender_or_server;
    if (live() > 0) {
        allowance_.limit_to(live());
        grow_not_before_ = net::now() + (refused ? pause_.next() : backoff_.next());
        log::warn("no further connection to the mail server", {{"reason", failure.why}});
        return;
    }
    if (failure.asked_for_less) {
        allowance_.on_asked_for_less(allowance_.allowed());
    }
    if (connecting_ == 0 || refused) {
        turn_unavailable(failure.culprit, failure.why);
    }
}

void Pool::turn_unavailable(Culprit culprit, std::string why) {
    if (culprit == Culprit::sender_or_server) {
        log::error(
            "the mail server refuses us: sending pauses", {{"peer", where()}, {"reason", why}}
        );
    } else if (health_.state() != PoolHealth::State::down) {
        log::warn("the mail server is not available", {{"peer", where()}, {"reason", why}});
    }
    health_.on_unavailable(culprit, std::move(why));
    fail_waiting();
    changed_.notify_all();
}

/// Leads the pool back from down and refused.
asio::awaitable<void> Pool::recover() {
    while (true) {
        while (health_.available()) {
            co_await changed_.wait();
        }
        const bool refused = health_.state() == PoolHealth::State::refused;
        const std::chrono::milliseconds delay = refused ? pause_.next() : backoff_.next();
        co_await net::sleep_for(delay);
        if (health_.available()) {
            continue;
        }
        bool connected = live() > 0;
        if (!connected) {
            ++connecting_;
            connected = co_await connect();
        }
        if (connected) {
            health_.on_connected();
            log::info("the mail server is available again", {{"peer", options_->host}});
        }
    }
}

asio::awaitable<void> Pool::reap() {
    while (true) {
        co_await net::sleep_for(options_->idle_limit / 2);
        const auto before = net::now() - options_->idle_limit;
        const std::vector<std::shared_ptr<Carrier>> there = carriers_;
        for (const std::shared_ptr<Carrier>& carrier : there) {
            if (carrier->idle() && carrier->usable() && carrier->idle_since() <= before) {
                carrier->retire();
            }
        }
    }
}

}  // namespace chatear::smtp
