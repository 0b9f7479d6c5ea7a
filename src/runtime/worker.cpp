#include "runtime/worker.hpp"

#include "base/ids.hpp"
#include "base/log.hpp"
#include "net/timer.hpp"

#include <unistd.h>

#include <stdexcept>
#include <utility>

namespace chatear::runtime {
namespace {

std::string host_name() {
    char buffer[256] = {};
    return gethostname(buffer, sizeof buffer - 1) == 0 ? std::string(buffer)
                                                       : std::string("unknown");
}

Identity make_identity(const std::string& worker) {
    Identity identity;
    identity.instance = random_uuid();
    identity.worker = worker;
    identity.host = host_name();
    return identity;
}

nats::ConsumerDeclaration own_consumer(
    const WorkerConfig& config, const std::string& subject, const StreamOptions& stream
) {
    nats::ConsumerDeclaration declaration =
        declare_consumer(config.name, subject, stream, config.settings.nats_replicas);
    if (!config.postgres) {
        // Rule 17: what waits with a delayed NAK stays pending, so the bound holds it in check.
        declaration.max_ack_pending = static_cast<std::int64_t>(10 * config.settings.concurrency);
    }
    return declaration;
}

ConsumerOptions consumer_options(const WorkerConfig& config, bool hold_on_ambiguity) {
    ConsumerOptions options;
    options.hold_on_ambiguity = hold_on_ambiguity;
    options.worker = config.name;
    options.concurrency = config.settings.concurrency;
    options.memory_budget = config.settings.memory_budget;
    options.retry = config.settings.retry;
    return options;
}

}  // namespace

Worker::Worker(const asio::any_io_executor& executor, WorkerConfig config)
    : executor_(executor),
      config_(std::move(config)),
      identity_(make_identity(config_.name)),
      signals_(executor),
      gate_(clock_),
      turnstile_(executor),
      nats_(executor, config_.nats),
      publisher_(nats_),
      stop_wanted_(executor),
      beginning_(executor),
      tasks_(executor) {
    if (config_.postgres && !config_.settings.state_dir.empty()) {
        take_state_files();
    }
    make_stores();
}

Worker::~Worker() = default;

void Worker::make_stores() {
    if (!config_.postgres) {
        return;
    }
    pool_ = std::make_unique<postgres::Pool>(executor_, *config_.postgres);
    outbox_listener_ = std::make_unique<postgres::ChannelListener>(
        executor_, *config_.postgres, std::vector<std::string>(1, outbox_channel)
    );
    outbox_ = std::make_unique<PostgresOutbox>(*pool_);
    registry_ = std::make_unique<PostgresRegistry>(*pool_, identity_);
    registry_->renew_on_each_connection();
    suspects_ = std::make_unique<PostgresSuspects>(*pool_, identity_);
    relay_ = std::make_unique<Relay>(executor_, *outbox_, publisher_, config_.name);
    std::function<asio::awaitable<void>()> settle;
    if (instance_file_) {
        settle = [this] { return settle_predecessors(); };
    }
    lease_ = std::make_unique<Lease>(executor_, *registry_, gate_, clock_, std::move(settle));
}

void Worker::subscribe(Subscription subscription, StreamOptions stream) {
    auto subject = std::make_unique<WorkerSubject>();
    subject->source = std::make_unique<JetStreamEventSource>(
        nats_, own_consumer(config_, subscription.subject, stream)
    );
    subject->table = subscription.ledger.name;
    subscription.ledger.keeps_content_at = stream.hold_on_ambiguity;
    if (pool_) {
        subject->ledger = std::make_unique<PostgresLedger>(
            *pool_, identity_, subscription.ledger, config_.settings.ledger_retention
        );
        subject->judge = std::make_unique<LedgerJudge>(
            executor_,
            *subject->ledger,
            *outbox_,
            *suspects_,
            gate_,
            stream.hold_on_ambiguity,
            flights()
        );
    } else {
        subject->judge = std::make_unique<DeliveryCountJudge>(nats_, gate_);
    }
    subject->consumer = std::make_unique<Consumer>(
        executor_,
        *subject->source,
        *subject->judge,
        turnstile_,
        gate_,
        clock_,
        std::move(subscription),
        consumer_options(config_, stream.hold_on_ambiguity)
    );
    if (stream.rate) {
        subject->consumer->pace(*stream.rate);
    }
    subject->consumer->observe(metrics_.outcome_observer(subject->consumer->subject()), [this] {
        metrics_.possible_duplicate("taken_over");
    });
    subjects_.push_back(std::move(subject));
}

void Worker::attach(std::shared_ptr<Service> service) {
    services_.push_back(std::move(service));
}

void Worker::attach_task(std::shared_ptr<Task> task, std::vector<std::string> tables) {
    own_tasks_.push_back(std::move(task));
    task_tables_.insert(task_tables_.end(), tables.begin(), tables.end());
}

void Worker::tells(std::vector<std::string> subjects) {
    told_subjects_.insert(told_subjects_.end(), subjects.begin(), subjects.end());
}

/// Keeps asking until the stream is there: without it, what the outbox holds could not leave.
asio::awaitable<void> Worker::declare(nats::StreamDeclaration declaration) {
    nats::JetStream jetstream(nats_);
    while (true) {
        try {
            nats::StreamDeclaration copy = declaration;
            const auto found = co_await nats::reconcile(jetstream, std::move(copy));
            if (found) {
                for (const std::string& difference : found->differences) {
                    log::warn(
                        "a stream differs from what is declared; it is used as it is",
                        {{"stream", found->info.config.name}, {"difference", difference}}
                    );
                }
                co_return;
            }
            log::error(
                "a stream can be neither used nor created",
                {{"stream", declaration.name}, {"reason", found.error().description}}
            );
        } catch (const Unavailable& unavailable) {
            log::debug(
                "a stream is not declared yet",
                {{"stream", declaration.name}, {"reason", unavailable.why()}}
            );
        }
        co_await net::sleep_for(std::chrono::milliseconds(2'000));
    }
}

asio::awaitable<void> Worker::declare_own_streams() {
    const int replicas = config_.settings.nats_replicas;
    nats::StreamDeclaration dead_letters = declare_dead_letters(replicas);
    co_await declare(std::move(dead_letters));
    if (!told_subjects_.empty()) {
        nats::StreamDeclaration events = declare_told_events(told_subjects_, replicas);
        co_await declare(std::move(events));
    }
}

}  // namespace chatear::runtime
