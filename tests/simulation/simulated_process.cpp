#include "simulated_process.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <utility>

namespace chatear::simulation {
namespace {

deletion::RecoveryMailer::Settings mailer_settings(const Surroundings& world) {
    deletion::RecoveryMailer::Settings settings;
    settings.from = mail::parse_address("Chatear <no-reply@chatear.example>").value();
    settings.on_ambiguity = world.on_ambiguity;
    settings.recovery_url = "https://chatear.example/recover";
    // Without pauses: they are drawn by chance, and a seed has to bring its history back.
    settings.retry.base = 0ms;
    settings.retry.most = 0ms;
    return settings;
}

constexpr bool notes_content = true;  // As the product does of recovery mails.

}  // namespace

SimulatedProcess::SimulatedProcess(
    Surroundings& world, std::string name, std::chrono::hours clock_wrong_by
)
    : world_(world),
      name_(std::move(name)),
      clock_(world.clocks, clock_wrong_by),
      store_(world.database, world.faults, world.on_execution),
      judge_(world.database, world.faults, name_, world.living, notes_content),
      guard_(world.stream, store_, world.faults),
      execution_(
          {store_, world.limits, guard_, journal_, clock_stop_},
          world.daily_limit,
          std::chrono::hours(24)
      ),
      mailer_(
          {store_, world.limits, local_times_, judge_, gate_, world.relay, world.templates, clock_},
          mailer_settings(world),
          {[](const Change& /*change*/) {}, [](const std::string& /*event_id*/) {}}
      ) {
    world_.living.insert(name_);
}

SimulatedProcess::~SimulatedProcess() {
    world_.living.erase(name_);
}

asio::awaitable<void> SimulatedProcess::execution_pass() {
    (void)co_await execution_.run();
}

asio::awaitable<void> SimulatedProcess::mail_pass() {
    gate_.renewed(clock_.boot_time());
    std::vector<deletion::MailJob> jobs = co_await store_.due_mails(64);
    for (deletion::MailJob& job : jobs) {
        try {
            (void)co_await mailer_.handle(std::move(job));
        } catch (const Unavailable&) {
            // As MailPass does: what goes wrong with one must not keep the others.
            continue;
        }
    }
}

asio::awaitable<void> SimulatedProcess::enter(deletion::Request request) {
    const std::chrono::microseconds offset = world_.clocks.offset();
    std::vector<deletion::Request> batch(1, std::move(request));
    const deletion::ClockOffset measured{offset - 1s, offset + 1s};
    (void)co_await store_.enter(std::move(batch), measured);
}

asio::awaitable<void> SimulatedProcess::take_event(deletion::Request event) {
    const std::string id = event.event_id;
    const std::uint32_t generation = event.generation;
    const bool recovery = event.kind == deletion::RequestKind::recovery;
    world_.faults.before_effect();
    const bool ours = !recovery || claim_recovery(event);
    const bool later = ours && recovery && world_.faults.one_in(3);
    world_.faults.before_effect();
    if (later) {
        // A Retry: one statement is its verdict and what brings it back.
        world_.database.unfinished_recoveries[id] = ++event.generation;
        world_.database.outbox.push_back(std::move(event));
    } else if (ours) {
        co_await enter(std::move(event));
        world_.faults.before_effect();
        world_.database.unfinished_recoveries.erase(id);
    }
    world_.faults.before_effect();
    world_.stream.acknowledge(id, generation);
}

/// False: it came again after its verdict, and is done, or another generation of it is on its way.
bool SimulatedProcess::claim_recovery(const deletion::Request& event) {
    if (world_.database.requests.contains({event.event_id, event.kind})) {
        world_.database.unfinished_recoveries.erase(event.event_id);
        return false;
    }
    std::uint32_t& generation = world_.database.unfinished_recoveries[event.event_id];
    generation = std::max(generation, event.generation);
    return generation == event.generation;
}

asio::awaitable<void> SimulatedProcess::recover_by_page(deletion::Request request) {
    const deletion::TokenState state = co_await store_.look_up_token(request.token_sha256);
    if (state == deletion::TokenState::usable) {
        co_await enter(std::move(request));
    }
}

}  // namespace chatear::simulation
