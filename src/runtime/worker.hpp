#pragma once

#include "base/clock.hpp"
#include "http/server.hpp"
#include "nats/connection.hpp"
#include "nats/credentials.hpp"
#include "nats/declaration.hpp"
#include "net/moment.hpp"
#include "net/signals.hpp"
#include "net/task_group.hpp"
#include "postgres/channel_listener.hpp"
#include "postgres/options.hpp"
#include "postgres/pool.hpp"
#include "runtime/consumer.hpp"
#include "runtime/content_gate.hpp"
#include "runtime/delivery_count_judge.hpp"
#include "runtime/event_source.hpp"
#include "runtime/flight_file.hpp"
#include "runtime/health.hpp"
#include "runtime/instance_file.hpp"
#include "runtime/lease.hpp"
#include "runtime/ledger_judge.hpp"
#include "runtime/metrics.hpp"
#include "runtime/postgres_ledger.hpp"
#include "runtime/postgres_outbox.hpp"
#include "runtime/postgres_registry.hpp"
#include "runtime/postgres_suspects.hpp"
#include "runtime/predecessors.hpp"
#include "runtime/relay.hpp"
#include "runtime/service.hpp"
#include "runtime/settings.hpp"
#include "runtime/streams.hpp"
#include "runtime/subscription.hpp"
#include "runtime/task.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace chatear::runtime {

/// What a worker is made of, beside its handlers.
struct WorkerConfig {
    std::string name;  ///< "notification-worker"
    Settings settings;
    nats::ConnectionOptions nats;
    std::optional<postgres::ConnectionOptions> postgres;  ///< Nothing: rule 17.
};

/// What a worker keeps for each subject.
struct WorkerSubject {
    std::string table;  ///< Of its ledger.
    std::unique_ptr<JetStreamEventSource> source;
    std::unique_ptr<PostgresLedger> ledger;
    std::unique_ptr<Judge> judge;
    std::unique_ptr<Consumer> consumer;
};

/// A process that handles events: it owns the connections, a consumer for each subject, the
/// outbox's relay, the lease, and the pages for health and metrics. Made, filled with on(), run
/// once.
class Worker {
public:
    Worker(const asio::any_io_executor& executor, WorkerConfig config);
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    /// Handles the events of `subject` with `handler`, several at once, each in a coroutine of its
    /// own.
    template <typename T>
    void on(
        std::string subject,
        Handler<T> handler,
        SubjectOptions<T> options = {},
        StreamOptions stream = {}
    ) {
        subscribe(
            make_subscription<T>(std::move(subject), std::move(handler), std::move(options)),
            std::move(stream)
        );
    }

    /// Something that handlers use; started before the first event and stopped after the last.
    void attach(std::shared_ptr<Service> service);

    /// Work beside the events; begun with the consumers, drained with them. `tables`: those that it
    /// needs. Requires PostgreSQL.
    void attach_task(std::shared_ptr<Task> task, std::vector<std::string> tables);

    /// Subjects that we tell others about; they are kept in the stream EVENTS for 7 days.
    void tells(std::vector<std::string> subjects);

    /// Works until SIGTERM or SIGINT, then drains; the exit status. A second signal ends the
    /// process at once.
    asio::awaitable<int> run();

    const asio::any_io_executor& executor() const { return executor_; }
    Metrics& metrics() { return metrics_; }
    const Clock& clock() const { return clock_; }
    const std::string& name() const { return config_.name; }

    // What tasks and services work with; it lives as long as the worker.

    const WorkerConfig& config() const { return config_; }
    const Identity& identity() const { return identity_; }  ///< Of claims: LedgerJudge.
    ContentGate& gate() { return gate_; }
    nats::Connection& nats() { return nats_; }
    postgres::Pool& pool() { return *pool_; }  ///< Requires PostgreSQL, as do the next two.
    Outbox& outbox() { return *outbox_; }
    Suspects& suspects() { return *suspects_; }
    FlightBook* flights();  ///< Null without STATE_DIR: LedgerJudge.

private:
    void subscribe(Subscription subscription, StreamOptions stream);
    void take_state_files();
    void make_stores();
    void begin_claiming();
    asio::awaitable<void> settle_predecessors();
    void start_connections();
    asio::awaitable<void> prepare();
    asio::awaitable<void> tell_when_ready();
    asio::awaitable<void> prepare_database();
    asio::awaitable<void> prepare_task(Task& task);
    asio::awaitable<void> migrate();
    asio::awaitable<void> check_schema();
    asio::awaitable<void> declare(nats::StreamDeclaration declaration);
    asio::awaitable<void> declare_own_streams();
    asio::awaitable<void> begin_when_prepared();
    void serve_http();
    asio::awaitable<void> wake_relay();
    asio::awaitable<void> tidy_up();
    asio::awaitable<void> exit_on_second_signal();
    asio::awaitable<void> wait_for_stop();
    asio::awaitable<void> drain();
    asio::awaitable<void> await_last_verdicts(net::Moment end);
    asio::awaitable<void> close();
    asio::awaitable<void> give_up_claims(bool decided);
    std::vector<DependencyState> readiness() const;
    void collect_metrics();

    asio::any_io_executor executor_;
    WorkerConfig config_;
    Identity identity_;
    SystemClock clock_;
    Metrics metrics_;
    std::optional<InstanceFile> instance_file_;
    std::optional<FlightFile> flight_file_;
    Predecessors predecessors_;
    net::StopSignals signals_;
    ContentGate gate_;
    Turnstile turnstile_;
    nats::Connection nats_;
    JetStreamPublisher publisher_;
    std::unique_ptr<postgres::Pool> pool_;
    std::unique_ptr<postgres::ChannelListener> outbox_listener_;
    std::unique_ptr<PostgresOutbox> outbox_;
    std::unique_ptr<PostgresRegistry> registry_;
    std::unique_ptr<PostgresSuspects> suspects_;
    std::unique_ptr<Relay> relay_;
    std::unique_ptr<Lease> lease_;
    std::vector<std::shared_ptr<Service>> services_;
    std::vector<std::unique_ptr<WorkerSubject>> subjects_;
    std::vector<std::shared_ptr<Task>> own_tasks_;
    std::vector<std::string> task_tables_;
    std::vector<std::string> told_subjects_;
    std::unique_ptr<http::Server> http_;
    std::string starting_ = "not started";  // What the start waits for; empty once it works.
    std::optional<std::string> fatal_;      // Why the start cannot go on; set at most once.
    bool stop_asked_ = false;
    net::Notification stop_wanted_;
    net::TaskGroup beginning_;
    net::TaskGroup tasks_;
};

}  // namespace chatear::runtime
