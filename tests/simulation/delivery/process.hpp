#pragma once

#include "base/clock.hpp"
#include "history.hpp"
#include "mail/templates.hpp"
#include "net/task_group.hpp"
#include "notification/email_sender.hpp"
#include "runtime/consumer.hpp"
#include "runtime/flight_book.hpp"
#include "runtime/lease.hpp"
#include "runtime/ledger_judge.hpp"
#include "runtime/relay.hpp"
#include "simulated_database.hpp"
#include "simulated_mail_server.hpp"
#include "simulated_source.hpp"
#include "timeline.hpp"
#include "weather.hpp"
#include "wire.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace chatear::simulation {

/// The clocks of one machine.
class MachineClock final : public Clock {
public:
    MachineClock(const Timeline& timeline, microseconds offset)
        : timeline_(timeline), offset_(offset) {}

    Time now() const override { return timeline_.civil() + offset_; }
    BootTime boot_time() const override { return BootTime(timeline_.now().time_since_epoch()); }

private:
    const Timeline& timeline_;
    microseconds offset_;
};

/// What all processes of a world share.
struct Surroundings {
    Timeline& timeline;
    const Plan& plan;
    History& history;
    SimulatedJetStream& jetstream;
    SimulatedDatabase& database;
    SimulatedMailServer& mail;
    SimulatedLimits::Shared& limits;
    const mail::Templates& templates;
    std::set<std::string> poison;                             ///< Tags of the events that kill.
    std::map<std::string, std::string> ids;                   ///< Of the events, by their tags.
    std::map<std::string, std::vector<std::byte>> flights{};  ///< Recorders, by their instance.
};

/// A notification worker: the real classes over simulated servers, in an io_context of its own.
/// Destroying it is its crash, at whatever await it stands.
class Process final : Sending {
public:
    /// `predecessors`: instances that it knows to be dead (STATE_DIR).
    Process(
        Surroundings& world,
        std::string instance,
        microseconds clock_offset,
        std::vector<std::string> predecessors
    );
    ~Process() override;
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    void start();

    /// SIGTERM: drains, as runtime::Worker does, and has ended() some time later.
    void begin_stop();
    bool stopping() const { return stopping_; }
    bool ended() const { return ended_; }

    /// Runs one handler; false when none is ready.
    bool step() { return context_->poll_one() > 0; }

    /// It met what kills it: nothing of it may run any more.
    bool doomed() const { return doomed_; }

    /// Dies so many handlers from now.
    std::optional<std::uint64_t> fuse;
    bool frozen = false;  ///< SIGSTOP.

    /// The dead of whom the database has not been told everything.
    const std::vector<std::string>& predecessors() const { return predecessors_; }
    bool released() const { return released_; }  ///< Ended, and nothing was left undecided.

    void wake_relay() { relay_.wake(); }
    std::vector<Wire*> wires() { return {&postgres_, &nats_, &smtp_, &redis_}; }
    const std::string& instance() const override { return instance_; }
    const runtime::ConsumerStatus& status() const { return consumer_.status(); }

private:
    bool holds_on_ambiguity() const override { return world_.plan.hold; }
    std::string event_of(const std::string& subject) const override;
    void check_limits(const std::string& event) override;

    asio::awaitable<runtime::Outcome> handle(
        const notification::EmailSend& event, runtime::Delivery delivery
    );
    asio::awaitable<void> settle_predecessors();
    asio::awaitable<void> tidy_up();
    asio::awaitable<void> stop();
    asio::awaitable<void> close();
    static notification::EmailSettings email_settings(const Plan& plan);
    static runtime::ConsumerOptions consumer_options(const Plan& plan);
    runtime::Subscription subscription();

    /// A handler runs; one whose event killed processes runs alone (rule 19).
    class Inside {
    public:
        Inside(Process& process, const std::string& event);
        ~Inside();
        Inside(const Inside&) = delete;
        Inside& operator=(const Inside&) = delete;

    private:
        Process& process_;
        bool suspect_;
    };

    Surroundings& world_;
    std::string instance_;
    std::vector<std::string> predecessors_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
    std::optional<asio::io_context> context_;
    asio::any_io_executor executor_;
    MachineClock clock_;
    Wire postgres_;
    Wire nats_;
    Wire smtp_;
    Wire redis_;
    DatabaseLink link_;
    SimulatedLedger ledger_;
    SimulatedOutbox outbox_;
    SimulatedRegistry registry_;
    SimulatedSuspects suspects_;
    SimulatedSource source_;
    SimulatedPublisher publisher_;
    SimulatedTransport transport_;
    SimulatedLimits limits_;
    runtime::ContentGate gate_;
    runtime::Turnstile turnstile_;
    runtime::FlightBook flights_;
    runtime::LedgerJudge judge_;
    runtime::Relay relay_;
    runtime::Lease lease_;
    notification::EmailSender sender_;
    runtime::Consumer consumer_;
    std::map<std::string, std::uint64_t> attempts_;  // Of the events in hand, verdicts so far.
    net::Notification never_;
    std::size_t inside_ = 0;  // Handlers that run, and
    std::size_t suspects_inside_ = 0;
    bool stopping_ = false;
    bool ended_ = false;
    bool released_ = false;
    bool doomed_ = false;
    net::TaskGroup tasks_;
};

}  // namespace chatear::simulation
