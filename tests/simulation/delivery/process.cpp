#include "process.hpp"

#include "base/assert.hpp"
#include "mail/address.hpp"
#include "net/timer.hpp"
#include "runtime/retention.hpp"

#include <algorithm>
#include <utility>

namespace chatear::simulation {

using runtime::Outcome;

namespace {

/// Of SHUTDOWN_TIMEOUT, for the last writes.
milliseconds reserve_of(milliseconds timeout) {
    return std::min(milliseconds(5'000), timeout / 4);
}

milliseconds until(net::Moment end) {
    return std::max(std::chrono::ceil<milliseconds>(end - net::now()), milliseconds(0));
}

/// Outlives the process, as a mapped file does.
std::span<std::byte> new_memory(Surroundings& world, const std::string& instance) {
    std::vector<std::byte>& memory = world.flights[instance];
    memory.resize(runtime::FlightBook::bytes_for(world.plan.flights));
    return memory;
}

}  // namespace

Process::Process(
    Surroundings& world,
    std::string instance,
    microseconds clock_offset,
    std::vector<std::string> predecessors
)
    : world_(world),
      instance_(std::move(instance)),
      predecessors_(std::move(predecessors)),
      context_(std::in_place, 1),
      executor_(context_->get_executor()),
      clock_(world.timeline, clock_offset),
      postgres_(world.timeline, world.plan.weather, world.database.server, executor_, alive_),
      nats_(world.timeline, world.plan.weather, world.jetstream.server, executor_, alive_),
      smtp_(world.timeline, world.plan.weather, world.mail.server, executor_, alive_),
      redis_(world.timeline, world.plan.weather, world.limits.server, executor_, alive_),
      link_(world.database, postgres_, instance_),
      ledger_(link_),
      outbox_(link_),
      registry_(link_),
      suspects_(link_),
      source_(world.jetstream, nats_),
      publisher_(world.jetstream, nats_),
      transport_(world.mail, smtp_, *this),
      limits_(world.limits, redis_, world.history),
      gate_(clock_),
      turnstile_(executor_),
      flights_(new_memory(world, instance_), instance_, "boot"),
      judge_(executor_, ledger_, outbox_, suspects_, gate_, world.plan.hold, &flights_),
      relay_(executor_, outbox_, publisher_, "notification-worker"),
      lease_(executor_, registry_, gate_, clock_, [this] { return settle_predecessors(); }),
      sender_(
          executor_,
          email_settings(world.plan),
          world.templates,
          transport_,
          limits_,
          clock_,
          [this] { world_.history.possible_duplicate(); }
      ),
      consumer_(
          executor_,
          source_,
          judge_,
          turnstile_,
          gate_,
          clock_,
          subscription(),
          consumer_options(world.plan)
      ),
      never_(executor_),
      tasks_(executor_) {
    consumer_.observe({}, [this] { world_.history.possible_duplicate(); });
    world_.history.process_begins(instance_);
}

Process::~Process() {
    *alive_ = false;
    world_.history.process_ends(instance_);
    // All coroutines first, while what they use is still there.
    context_.reset();
}

notification::EmailSettings Process::email_settings(const Plan& plan) {
    notification::EmailSettings settings;
    settings.from = mail::parse_address("Shop <shop@a.test>").value();
    settings.on_ambiguity =
        plan.hold ? notification::OnAmbiguity::hold : notification::OnAmbiguity::resend;
    settings.told = notification::ToldEvents::all;
    if (plan.limits) {
        settings.rate_per_recipient = Rate{3, 10s};
    }
    return settings;
}

runtime::ConsumerOptions Process::consumer_options(const Plan& plan) {
    runtime::ConsumerOptions options;
    options.worker = "notification-worker";
    options.concurrency = plan.concurrency;
    options.hold_on_ambiguity = plan.hold;
    options.retry.max_attempts = plan.max_attempts;
    options.retry.most = 20s;
    return options;
}

runtime::Subscription Process::subscription() {
    runtime::Handler<notification::EmailSend> handler =
        [this](const notification::EmailSend& event, runtime::Delivery delivery) {
            return handle(event, std::move(delivery));
        };
    runtime::Subscription made = runtime::make_subscription<notification::EmailSend>(
        "email.send", std::move(handler), sender_.subject_options()
    );
    made.ledger.keeps_content_at = world_.plan.hold;
    return made;
}

std::string Process::event_of(const std::string& subject) const {
    return world_.ids.at(subject);
}

void Process::check_limits(const std::string& event) {
    const bool passes =
        !world_.plan.limits || world_.history.event(event).granted.contains(attempts_.at(event));
    if (!passes) {
        world_.history.violation(event + " is sent though its limit did not let it pass");
    }
}

Process::Inside::Inside(Process& process, const std::string& event) : process_(process) {
    const auto* row = process.world_.database.tables.ledger.find("email.send", event);
    suspect_ = row->claimed_by == process.instance_ && row->takeovers >= 2;
    ++process.inside_;
    process.suspects_inside_ += suspect_ ? 1 : 0;
    if (process.suspects_inside_ > 0 && process.inside_ > 1) {
        process.world_.history.violation(event + " runs beside an event that must run alone");
    }
}

Process::Inside::~Inside() {
    --process_.inside_;
    process_.suspects_inside_ -= suspect_ ? 1 : 0;
}

asio::awaitable<Outcome> Process::handle(
    const notification::EmailSend& event, runtime::Delivery delivery
) {
    const std::string id = delivery.event_id();
    attempts_[id] = delivery.attempt() - 1;
    const Inside inside(*this, id);
    if (world_.poison.contains(event.subject)) {
        world_.timeline.tell(instance_, "is killed by " + id);
        doomed_ = true;
        co_await never_.wait();
    }
    try {
        co_return co_await sender_.send(event, std::move(delivery));
    } catch (const Unavailable& unavailable) {
        ++world_.history.event(id).unavailable;
        throw;
    }
}

void Process::start() {
    world_.timeline.tell(instance_, "starts");
    lease_.start();
    relay_.start();
    consumer_.start();
    tasks_.start("tidy up", tidy_up());
}

/// What runtime::Predecessors::settle() does.
asio::awaitable<void> Process::settle_predecessors() {
    for (const std::string& dead : predecessors_) {
        auto log = runtime::FlightBook::read(world_.flights.at(dead));
        CHATEAR_ASSERT(log);
        runtime::FlightLog told = std::move(*log);
        co_await ledger_.speak_for(std::move(told));
    }
    std::vector<std::string> dead = predecessors_;
    co_await registry_.declare_dead(std::move(dead));
    predecessors_.clear();
}

/// What runtime::Worker::tidy_up() does.
asio::awaitable<void> Process::tidy_up() {
    while (!stopping_) {
        co_await net::sleep_for(milliseconds(60'000));
        try {
            (void)co_await runtime::sweep(ledger_, std::chrono::hours(90 * 24));
            co_await registry_.remove_old();
        } catch (const Unavailable&) {
            // In a minute, then.
        }
    }
}

void Process::begin_stop() {
    world_.timeline.tell(instance_, "stops");
    stopping_ = true;
    tasks_.start("stop", stop());
}

/// What runtime::Worker::drain() does.
asio::awaitable<void> Process::stop() {
    const milliseconds timeout = world_.plan.shutdown_timeout;
    const milliseconds reserve = reserve_of(timeout);
    const net::Moment end = net::now() + timeout - reserve;
    consumer_.drain();
    const milliseconds patience = until(end) * 3 / 4;
    (void)co_await consumer_.emptied(patience);
    gate_.close();
    const milliseconds left = until(end);
    co_await transport_.stop(left);
    const milliseconds last = until(end + reserve / 2);
    (void)co_await consumer_.emptied(last);
    co_await close();
    world_.timeline.tell(instance_, "has stopped");
    ended_ = true;
}

/// What runtime::Worker::close() does.
asio::awaitable<void> Process::close() {
    co_await consumer_.stop();
    const bool decided = !consumer_.content_in_hand();
    try {
        co_await source_.flush(milliseconds(1'000));
    } catch (const Unavailable&) {
        // Acknowledgements may be lost; the ledger knows.
    }
    co_await source_.stop();
    co_await judge_.stop();
    (void)co_await relay_.drain(milliseconds(1'000));
    co_await relay_.stop();
    if (decided) {
        released_ = co_await lease_.release();
    } else {
        co_await lease_.stop();
    }
}

}  // namespace chatear::simulation
