#include "deletion/deletion_service.hpp"

#include "base/log.hpp"
#include "deletion/erasure_pass.hpp"
#include "deletion/execution_pass.hpp"
#include "deletion/housekeeping_pass.hpp"
#include "deletion/intake_desk.hpp"
#include "deletion/journal.hpp"
#include "deletion/mail_pass.hpp"
#include "deletion/nats_clock.hpp"
#include "deletion/postgres_deletion_store.hpp"
#include "deletion/postgres_erasure.hpp"
#include "deletion/recovery_guard.hpp"
#include "deletion/recovery_mailer.hpp"
#include "deletion/recovery_page.hpp"
#include "deletion/redis_daily_limits.hpp"
#include "deletion/scheduler.hpp"
#include "notification/compose.hpp"
#include "notification/smtp_mail_transport.hpp"
#include "runtime/ledger_judge.hpp"
#include "runtime/postgres_ledger.hpp"
#include "runtime/redis_service.hpp"

#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

namespace chatear::deletion {
namespace {

using notification::SmtpMailTransport;

constexpr bool notes_content = true;  // Of recovery mails, whatever MAIL_ON_AMBIGUITY says.

RecoveryMailer::Settings mailer_settings(
    const ServiceSettings& settings, const runtime::RetryPolicy& retry
) {
    RecoveryMailer::Settings made;
    made.from = settings.email.from;
    made.on_ambiguity = settings.email.on_ambiguity;
    made.recovery_url = settings.deletion.recovery_url;
    made.recovery_period = settings.deletion.recovery_period;
    made.daily_limit = settings.deletion.recovery_daily_limit;
    made.retry = retry;
    return made;
}

void count_possible_duplicate(runtime::Worker& worker, const std::string& event_id) {
    worker.metrics().possible_duplicate("recovery_mail");
    log::warn("a recovery mail is in doubt: a second copy may arrive", {{"event_id", event_id}});
}

/// Owns everything, and is the worker's task: the scheduler's life is its own.
class DeletionService final : public runtime::Task {
public:
    DeletionService(runtime::Worker& worker, const ServiceSettings& settings);

    std::string name() const override { return "deletions"; }
    asio::awaitable<void> prepare() override;
    void start() override { scheduler_.start(); }
    void drain() override { scheduler_.drain(); }
    asio::awaitable<bool> emptied(std::chrono::milliseconds limit) override {
        return scheduler_.emptied(limit);
    }
    asio::awaitable<void> stop() override {
        co_await scheduler_.stop();
        co_await desk_.stop();
        co_await judge_.stop();
    }
    bool content_in_hand() const override { return mailer_.content_in_hand(); }
    std::vector<runtime::Ledger*> ledgers() override { return {&ledger_}; }
    std::string trouble() const override { return scheduler_.trouble(); }

    IntakeDesk& desk() { return desk_; }
    RecoveryPage& page() { return page_; }
    const std::shared_ptr<runtime::RedisService>& redis() const { return redis_; }
    const std::shared_ptr<SmtpMailTransport>& transport() const { return transport_; }

private:
    std::vector<Scheduler::NamedPass> passes(runtime::Worker& worker, const Settings& settings);

    mail::Templates templates_;
    std::shared_ptr<runtime::RedisService> redis_;
    std::shared_ptr<SmtpMailTransport> transport_;
    PostgresDeletionStore store_;
    PostgresLocalTimes local_times_;
    RedisDailyLimits limits_;
    Journal journal_;
    ClockStop clock_stop_;
    NatsClock nats_clock_;
    IntakeDesk desk_;
    RecoveryPage page_;
    runtime::PostgresLedger ledger_;
    runtime::LedgerJudge judge_;
    RecoveryMailer mailer_;
    RecoveryGuard guard_;
    std::optional<PostgresErasure> erasure_;  // HARD_DELETE_AFTER is set.
    Scheduler scheduler_;
};

DeletionService::DeletionService(runtime::Worker& worker, const ServiceSettings& settings)
    : templates_(notification::load_templates(settings.email.templates_dir)),
      redis_(std::make_shared<runtime::RedisService>(worker.executor(), settings.redis)),
      transport_(std::make_shared<SmtpMailTransport>(worker.executor(), settings.smtp)),
      store_(worker.pool()),
      local_times_(worker.pool()),
      limits_(redis_->client()),
      journal_(worker.metrics()),
      clock_stop_(store_, journal_, worker.clock()),
      nats_clock_(worker.nats(), store_, worker.clock()),
      desk_(worker.executor(), store_, nats_clock_, journal_),
      page_(
          store_,
          [this](Request request) { return desk_.enter(std::move(request)); },
          worker.clock(),
          worker.metrics()
      ),
      ledger_(
          worker.pool(),
          worker.identity(),
          recovery_mail_ledger(notes_content),
          worker.config().settings.ledger_retention
      ),
      judge_(
          worker.executor(),
          ledger_,
          worker.outbox(),
          worker.suspects(),
          worker.gate(),
          notes_content,
          worker.flights()
      ),
      mailer_(
          {store_,
           limits_,
           local_times_,
           judge_,
           worker.gate(),
           *transport_,
           templates_,
           worker.clock()},
          mailer_settings(settings, worker.config().settings.retry),
          {[this](const Change& change) { journal_.changed(change); },
           [&worker](const std::string& event_id) { count_possible_duplicate(worker, event_id); }}
      ),
      guard_(
          worker.nats(),
          store_,
          runtime::declare_consumer(worker.name(), recover_subject, users_stream(), 1).durable
      ),
      scheduler_(
          worker.executor(),
          *worker.config().postgres,
          deletions_channel,
          passes(worker, settings.deletion)
      ) {}

std::vector<Scheduler::NamedPass> DeletionService::passes(
    runtime::Worker& worker, const Settings& settings
) {
    const ExecutionPass::Parts parts{store_, limits_, guard_, journal_, clock_stop_};
    std::vector<Scheduler::NamedPass> all{
        {"recovery mails", std::make_shared<MailPass>(worker.executor(), store_, mailer_)},
        {"executions",
         std::make_shared<ExecutionPass>(parts, settings.daily_limit, settings.recovery_period),
         true,
         Pass::shortest_wait},
        {"housekeeping", std::make_shared<HousekeepingPass>(store_), false}};
    if (settings.erasure.after) {
        erasure_.emplace(worker.pool(), settings.erasure);
        const ErasurePass::Parts erasing{*erasure_, store_, journal_, clock_stop_};
        all.push_back(Scheduler::NamedPass{"erasure", std::make_shared<ErasurePass>(erasing), false}
        );
    }
    return all;
}

/// Columns that cannot be blanked are found now, not when the first account is due.
asio::awaitable<void> DeletionService::prepare() {
    if (!erasure_) {
        co_return;
    }
    const Result<void> prepared = co_await erasure_->prepare();
    if (!prepared) {
        throw std::runtime_error(prepared.error().message);
    }
    for (const std::string& column : erasure_->absent_columns()) {
        log::info("the table users lacks a column that is erased by default", {{"column", column}});
    }
}

}  // namespace

ServiceSettings read_service_settings(SettingsReader& reader) {
    ServiceSettings settings;
    settings.deletion = read_settings(reader);
    settings.email = notification::read_email_settings(reader);
    settings.smtp = smtp::read_settings(reader);
    settings.redis = redis::read_settings(reader);
    return settings;
}

runtime::StreamOptions users_stream() {
    runtime::StreamOptions stream;
    stream.stream = "USERS";
    stream.subjects = {delete_subject, recover_subject};
    return stream;
}

std::vector<std::string> told_subjects() {
    return {"user.deletion.>", "user.deleted", "audit.head"};
}

std::vector<std::string> deletion_tables() {
    return {
        "users",
        "user_deletions",
        "deletion_requests",
        "recovery_tokens",
        "daily_slots",
        "deletion_state",
        "action_logs",
        "email_sends"};
}

void handle_deletions(runtime::Worker& worker, ServiceSettings settings) {
    const auto service = std::make_shared<DeletionService>(worker, settings);
    worker.attach_task(service, deletion_tables());
    if (settings.deletion.recovery_listen) {
        const std::string path = recovery_path(settings.deletion.recovery_url);
        worker.attach(std::make_shared<RecoveryPageService>(
            worker.executor(), *settings.deletion.recovery_listen, service->page().router(path)
        ));
    }
    worker.attach(service->transport());
    worker.attach(service->redis());
    notification::show_metrics(service->transport(), worker.metrics());
    worker.tells(told_subjects());
    worker.on<UserDelete>(
        delete_subject,
        [service](UserDelete event, runtime::Delivery delivery) {
            return service->desk().on_delete(std::move(event), std::move(delivery));
        },
        {},
        users_stream()
    );
    worker.on<UserRecover>(
        recover_subject,
        [service](UserRecover event, runtime::Delivery delivery) {
            return service->desk().on_recover(std::move(event), std::move(delivery));
        },
        {},
        users_stream()
    );
}

}  // namespace chatear::deletion
