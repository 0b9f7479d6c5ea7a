#include "deletion_fixture.hpp"

#include "base/clock.hpp"
#include "base/log.hpp"
#include "deletion/deletion.hpp"
#include "postgres/migrator.hpp"

#include <optional>
#include <utility>

namespace chatear::deletion {
DeletionDatabase::DeletionDatabase() : url_(test::PostgresServer::shared().create_database()) {
    log::configure(log::Level::error, log::Format::text, "test");
}

DeletionDatabase::~DeletionDatabase() {
    run([&]() -> asio::awaitable<void> {
        for (const auto& process : processes_) {
            co_await process->pool.stop();
        }
    });
}

void DeletionDatabase::migrate() {
    migrated_ = true;
    EXPECT_EQ(migration_refusal(), "");
}

std::string DeletionDatabase::migration_refusal() {
    postgres::Migrator migrator(context_.get_executor(), options(1));
    std::string message;
    run([&]() -> asio::awaitable<void> {
        const auto files = postgres::load_migrations("migrations");
        const auto done = co_await migrator.migrate(*files);
        message = done ? "" : done.error().message;
    });
    return message;
}

Process& DeletionDatabase::process(std::size_t connections) {
    if (!migrated_) {
        migrate();
    }
    processes_.push_back(std::make_unique<Process>(context_.get_executor(), options(connections)));
    Process& made = *processes_.back();
    run([&]() -> asio::awaitable<void> {
        made.pool.start();
        const bool up = co_await made.pool.wait_until_available(std::chrono::seconds(10));
        EXPECT_TRUE(up);
    });
    return made;
}

postgres::ConnectionOptions DeletionDatabase::options(std::size_t connections) const {
    postgres::ConnectionOptions options;
    options.url = Secret(url_);
    options.connections = connections;
    return options;
}

std::string DeletionDatabase::sql(const std::string& text) {
    std::string rows = test::PostgresServer::shared().sql(text, url_);
    while (!rows.empty() && rows.back() == '\n') {
        rows.pop_back();
    }
    return rows;
}

std::string DeletionDatabase::user(const std::string& email) {
    return sql("INSERT INTO users (email) VALUES ('" + email + "') RETURNING id");
}

std::string DeletionDatabase::due_deletion(const std::string& user_id, const std::string& ago) {
    const std::string hash =
        address_hash(sql("SELECT email FROM users WHERE id = '" + user_id + "'"));
    const std::string id =
        sql("INSERT INTO user_deletions (user_id, status, recovery_sent_at, scheduled_at, "
            "address_hash) VALUES ('" +
            user_id + "', 'scheduled', now() - interval '" + ago + "', now() - interval '" + ago +
            "' + interval '24 hours', '" + hash + "') RETURNING id");
    sql("INSERT INTO email_sends (event_id, status, sent_at, kept) VALUES ('" + id +
        ".1', 'sent', now(), true)");
    return id;
}

void DeletionDatabase::while_locked(
    const std::string& statement, const std::function<void()>& then
) {
    Process& product = process(1);
    std::optional<postgres::Transaction> theirs;
    run([&]() -> asio::awaitable<void> {
        const postgres::Params none;
        theirs = co_await product.pool.begin();
        const postgres::QueryResult locked = co_await theirs->query(statement, none);
        EXPECT_TRUE(locked);
    });
    then();
    run([&]() -> asio::awaitable<void> { co_await theirs->rollback(); });
}

void DeletionDatabase::raise(const std::string& sqlstate) {
    sql("CREATE OR REPLACE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'ann@example.test' USING ERRCODE = '" +
        sqlstate +
        "'; END $$; CREATE OR REPLACE TRIGGER fails BEFORE UPDATE ON users FOR EACH ROW WHEN "
        "(OLD.email = 'ann@example.test') EXECUTE FUNCTION fails()");
}

void DeletionDatabase::keep_as_it_is() {
    sql("CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$; "
        "CREATE TRIGGER keep BEFORE UPDATE ON users FOR EACH ROW WHEN (OLD.email = "
        "'ann@example.test') EXECUTE FUNCTION keep()");
}

std::string DeletionDatabase::audited() {
    return sql(
        "SELECT string_agg(action, ' ' ORDER BY chain_seq) FROM action_logs WHERE action <> "
        "'audit.adopted'"
    );
}

std::string DeletionDatabase::told() {
    return sql("SELECT string_agg(subject, ' ' ORDER BY subject) FROM outbox");
}

AuditReport DeletionDatabase::verified(std::optional<TrustedRow> trusted) {
    Process& verifying = process();
    AuditReport report;
    run([&]() -> asio::awaitable<void> {
        AuditVerifier verifier(verifying.pool, {});
        report = co_await verifier.verify(trusted);
    });
    return report;
}

Request deletion_of(const std::string& user_id, const std::string& event_id) {
    Request request;
    request.kind = RequestKind::deletion;
    request.event_id = event_id;
    request.published_at = SystemClock().now();
    request.user_id = user_id;
    return request;
}

Request recovery_of(const std::string& user_id, const std::string& event_id) {
    Request request = deletion_of(user_id, event_id);
    request.kind = RequestKind::recovery;
    return request;
}

Request recovery_by(const std::string& token_sha256, const std::string& event_id) {
    Request request;
    request.kind = RequestKind::recovery;
    request.event_id = event_id;
    request.token_sha256 = token_sha256;
    request.by_page = true;
    return request;
}

asio::awaitable<RequestReply> enter_one(PostgresDeletionStore& store, Request request) {
    std::vector<Request> requests(1, std::move(request));
    const std::vector<RequestReply> replies =
        co_await store.enter(std::move(requests), std::nullopt);
    co_return replies.at(0);
}

asio::awaitable<ExecutionAnswer> execute_one(
    PostgresDeletionStore& store, std::string deletion_id, std::string day, int limit
) {
    ExecutionRequest request;
    request.deletion_id = std::move(deletion_id);
    request.day = std::move(day);
    request.limit = limit;
    co_return co_await store.execute(std::move(request));
}

}  // namespace chatear::deletion
