// The store over PostgreSQL does what every DeletionStore does.
#include "support/conformance/deletion_store_contract.hpp"

#include "base/json.hpp"
#include "deletion_fixture.hpp"
#include "runtime/store_statement.hpp"

#include <utility>

namespace chatear::conformance {
namespace {

using postgres::Params;
using postgres::Rows;

const std::string insert_user = R"(
INSERT INTO users (id, email, is_deleted, name, locale, time_zone)
VALUES (coalesce($1::uuid, gen_random_uuid()), $2, $3::boolean, nullif($4, ''), nullif($5, ''), nullif($6, ''))
ON CONFLICT (id) DO UPDATE SET email = excluded.email, is_deleted = excluded.is_deleted, name = excluded.name,
    locale = excluded.locale, time_zone = excluded.time_zone
RETURNING id)";

const std::string insert_deletion = R"(
INSERT INTO user_deletions (user_id, status, requested_at, recovery_sent_at, scheduled_at, next_mail_at, mail_number,
                            mail_attempts, address_hash, address_changes)
VALUES ($1::uuid, $2, $3::timestamptz, $4::timestamptz, $5::timestamptz, $6::timestamptz, $7::int, $8::int,
        nullif($9, ''), $10::int)
RETURNING id)";

const std::string insert_mail = R"(
INSERT INTO email_sends AS m (event_id, status, generation, attempts, sent_at, recipient, smtp_reply, takeovers, error, kept)
VALUES ($1, $2, $3::int, $4::int, $5::timestamptz, nullif($6, ''), nullif($7, ''), $8::int, nullif($9, ''), true)
ON CONFLICT (event_id) DO UPDATE SET status = excluded.status, generation = excluded.generation, attempts = excluded.attempts,
    sent_at = excluded.sent_at, recipient = excluded.recipient, smtp_reply = excluded.smtp_reply, takeovers = excluded.takeovers,
    error = excluded.error)";

std::string word_of(runtime::LedgerStatus status) {
    switch (status) {
        case runtime::LedgerStatus::working:
            return "sending";
        case runtime::LedgerStatus::done:
            return "sent";
        case runtime::LedgerStatus::retrying:
            return "retrying";
        case runtime::LedgerStatus::deferred:
            return "deferred";
        case runtime::LedgerStatus::failed:
            return "failed";
        case runtime::LedgerStatus::ambiguous:
            return "ambiguous";
    }
    return "";
}

class PostgresStoreWorld final : public StoreWorld, DeletionDatabase {
public:
    void run(const std::function<asio::awaitable<void>()>& body) override {
        DeletionDatabase::run(body);
    }
    DeletionStore& store() override { return process_.store; }
    Time now() override { return query("SELECT clock_timestamp() AS now").time(0, "now"); }

    std::string add_user(User user) override { return write_user(std::nullopt, user); }
    void set_user(User user) override { write_user(user.id, user); }
    void remove_user(const std::string& id) override {
        query("DELETE FROM users WHERE id = $1::uuid", Params().text(id));
    }
    std::optional<User> user(const std::string& id) override {
        const Rows rows = query(
            "SELECT id AS user_id_text, email AS user_email, is_deleted AS user_is_deleted, name "
            "AS user_name, locale AS user_locale, time_zone AS user_time_zone FROM users WHERE id "
            "= $1::uuid",
            Params().text(id)
        );
        return rows.empty() ? std::nullopt : read_user(rows, 0);
    }
    std::string nobody() override { return "6f3b2c1e-0000-4000-8000-000000000001"; }

    std::string add_deletion(Deletion row) override {
        Params params;
        params.text(row.user_id).text(std::string(to_text(row.status))).time(row.requested_at);
        params.optional_time(row.recovery_sent_at).optional_time(row.scheduled_at);
        params.optional_time(row.next_mail_at).integer(row.mail_number).integer(row.mail_attempts);
        params.text(row.address_hash).integer(row.address_changes);
        return std::string(query(insert_deletion, params).text(0, "id"));
    }
    std::optional<Deletion> deletion(const std::string& id) override {
        std::optional<Deletion> found;
        run([&]() -> asio::awaitable<void> { found = co_await process_.store.find(id); });
        return found;
    }
    void set_mail(const std::string& id, MailRecord record) override {
        Params params;
        params.text(id).text(word_of(record.status)).integer(record.generation);
        params.integer(record.attempts).optional_time(record.sent_at);
        params.text(record.recipient).text(record.reply).integer(record.takeovers);
        params.text(record.error);
        query(insert_mail, params);
    }
    void set_recovery_in_hand(bool stands) override {
        query(
            stands ? "INSERT INTO event_ledger (subject, event_id) VALUES ('user.recover', 'r')"
                   : "DELETE FROM event_ledger"
        );
    }
    void set_recovery_in_outbox(bool stands) override {
        query(
            stands ? "INSERT INTO outbox (subject, payload) VALUES ('user.recover', '')"
                   : "DELETE FROM outbox WHERE subject = 'user.recover'"
        );
    }
    void let_days_pass(int days) override {
        query("UPDATE daily_slots SET day = day - $1::int", Params().integer(days));
    }
    std::vector<std::string> mail_slots() override {
        return texts(query(
            "SELECT holder FROM daily_slots WHERE kind = 'recovery_mail' ORDER BY day, subject, "
            "slot"
        ));
    }

    std::vector<AuditEntry> log() override {
        const Rows rows = query(
            "SELECT user_id, action, meta FROM action_logs WHERE action <> 'audit.adopted' ORDER "
            "BY chain_seq"
        );
        std::vector<AuditEntry> entries;
        for (std::size_t row = 0; row < rows.size(); ++row) {
            AuditEntry entry;
            entry.user_id = rows.optional_text(row, "user_id").value_or("");
            entry.action = rows.text(row, "action");
            entry.meta = parse_json(rows.text(row, "meta")).value().as_object();
            entries.push_back(std::move(entry));
        }
        return entries;
    }
    std::vector<std::string> outbox() override {
        return texts(query("SELECT subject FROM outbox ORDER BY subject COLLATE \"C\""));
    }
    bool resume(const std::string& why) override {
        bool resumed = false;
        run([&]() -> asio::awaitable<void> {
            resumed = co_await process_.store.resume_executions(why);
        });
        return resumed;
    }

private:
    Rows query(const std::string& text, Params params = {}) {
        Rows rows;
        run([&]() -> asio::awaitable<void> {
            rows = co_await runtime::run_store_statement(process_.pool, text, std::move(params));
        });
        return rows;
    }

    std::string write_user(std::optional<std::string> id, const User& user) {
        Params params;
        params.optional_text(std::move(id)).optional_text(user.email).boolean(user.is_deleted);
        params.text(user.name).text(user.locale).text(user.time_zone);
        return std::string(query(insert_user, std::move(params)).text(0, "id"));
    }

    static std::vector<std::string> texts(const Rows& rows) {
        std::vector<std::string> all;
        for (std::size_t row = 0; row < rows.size(); ++row) {
            all.emplace_back(rows.text(row, 0));
        }
        return all;
    }

    Process& process_ = process();
};

std::unique_ptr<StoreWorld> make_world() {
    return std::make_unique<PostgresStoreWorld>();
}

INSTANTIATE_TEST_SUITE_P(OverPostgres, DeletionStoreContract, testing::Values(&make_world));

}  // namespace
}  // namespace chatear::conformance
