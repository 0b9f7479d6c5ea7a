// The ledger email_sends does what every judge of recovery mails does.
#include "support/conformance/mail_judge_contract.hpp"

#include "base/clock.hpp"
#include "base/utc.hpp"
#include "deletion/recovery_mail.hpp"
#include "deletion_fixture.hpp"
#include "runtime/content_gate.hpp"
#include "runtime/ledger_judge.hpp"
#include "runtime/postgres_ledger.hpp"
#include "runtime/postgres_outbox.hpp"
#include "runtime/postgres_registry.hpp"
#include "runtime/postgres_suspects.hpp"

#include <map>
#include <utility>

namespace chatear::conformance {
namespace {

using namespace deletion;
using namespace std::chrono_literals;

/// A worker's process as its judge sees it; its lease is fresh. Each connection renews its row when
/// it is made: with a second one the dead would live again.
struct JudgingProcess {
    JudgingProcess(
        const asio::any_io_executor& executor,
        const postgres::ConnectionOptions& options,
        std::string name,
        bool notes_content
    )
        : identity{std::move(name), "test-worker", "host.test"},
          pool(executor, options),
          registry(pool, identity),
          ledger(pool, identity, recovery_mail_ledger(notes_content), std::chrono::hours(24 * 90)),
          outbox(pool),
          suspects(pool, identity),
          judge(executor, ledger, outbox, suspects, gate, notes_content) {
        registry.renew_on_each_connection();
        pool.start();
    }

    runtime::Identity identity;
    postgres::Pool pool;
    runtime::PostgresRegistry registry;
    runtime::PostgresLedger ledger;
    runtime::PostgresOutbox outbox;
    runtime::PostgresSuspects suspects;
    SystemClock clock;
    runtime::ContentGate gate{clock};
    runtime::LedgerJudge judge;
};

class PostgresMailLedger final : public MailLedgerWorld, DeletionDatabase {
public:
    explicit PostgresMailLedger(bool notes_content) : notes_content_(notes_content) {}
    ~PostgresMailLedger() override {
        run([&]() -> asio::awaitable<void> {
            for (auto& [name, process] : judging_) {
                co_await process->judge.stop();
                co_await process->pool.stop();
            }
        });
    }

    void run(const std::function<asio::awaitable<void>()>& body) override {
        DeletionDatabase::run(body);
    }
    Time now() override { return parse_time(sql("SELECT clock_timestamp()")).value(); }
    std::string mail() override { return deletion_id_ + ".1"; }

    runtime::Judge& judge(const std::string& name) override { return judging(name).judge; }
    void dies(const std::string& name) override {
        JudgingProcess& knows = judging("who knows it");
        run([&]() -> asio::awaitable<void> {
            std::vector<std::string> dead(1, name);
            co_await knows.registry.declare_dead(std::move(dead));
        });
    }
    std::optional<MailRecord> record() override {
        std::vector<MailJob> jobs;
        run([&]() -> asio::awaitable<void> { jobs = co_await store_.due_mails(1); });
        return jobs.at(0).record;
    }

private:
    JudgingProcess& judging(const std::string& name) {
        std::unique_ptr<JudgingProcess>& process = judging_[name];
        if (!process) {
            process = std::make_unique<JudgingProcess>(
                context_.get_executor(), options(1), name, notes_content_
            );
            run([&]() -> asio::awaitable<void> {
                const bool up = co_await process->pool.wait_until_available(10s);
                EXPECT_TRUE(up);
            });
        }
        process->gate.renewed(process->clock.boot_time());
        return *process;
    }

    const bool notes_content_;
    PostgresDeletionStore& store_ = process().store;
    const std::string deletion_id_ =
        sql("INSERT INTO user_deletions (user_id, next_mail_at) VALUES (gen_random_uuid(), now()) "
            "RETURNING id");
    std::map<std::string, std::unique_ptr<JudgingProcess>> judging_;
};

std::unique_ptr<MailLedgerWorld> make_ledger(bool notes_content) {
    return std::make_unique<PostgresMailLedger>(notes_content);
}

INSTANTIATE_TEST_SUITE_P(
    OverPostgres,
    MailJudgeContract,
    testing::Combine(testing::Values(&make_ledger), testing::Bool())
);

}  // namespace
}  // namespace chatear::conformance
