#include "store_fixture.hpp"

#include "base/clock.hpp"
#include "base/log.hpp"
#include "postgres/migrator.hpp"

#include <utility>

namespace chatear::runtime {
namespace {

postgres::ConnectionOptions options_for(const std::string& url, std::size_t connections = 1) {
    postgres::ConnectionOptions options;
    options.url = Secret(url);
    options.connections = connections;
    return options;
}

}  // namespace

Stores::Stores(
    const asio::any_io_executor& executor,
    const postgres::ConnectionOptions& options,
    std::string name,
    LedgerTable table
)
    : identity{std::move(name), "test-worker", "host.test"},
      pool(executor, options),
      registry(pool, identity),
      ledger(pool, identity, std::move(table), retention),
      outbox(pool),
      suspects(pool, identity) {
    registry.renew_on_each_connection();
}

LedgerTable email_table() {
    LedgerTable table;
    table.name = "email_sends";
    table.has_subject = false;
    table.working_word = "sending";
    table.done_word = "sent";
    table.claim_columns = {{"recipient", "text"}, {"message_id", "text"}};
    table.verdict_columns = {{"smtp_reply", "text"}, {"error", "text"}};
    table.done_at_column = "sent_at";
    return table;
}

StoreDatabase::StoreDatabase() : url_(test::PostgresServer::shared().create_database()) {
    log::configure(log::Level::error, log::Format::text, "test");
    postgres::Migrator migrator(context_.get_executor(), options_for(url_));
    run([&]() -> asio::awaitable<void> {
        const auto files = postgres::load_migrations("migrations");
        const auto done = co_await migrator.migrate(*files);
        EXPECT_TRUE(done.has_value());
    });
}

StoreDatabase::~StoreDatabase() {
    run([&]() -> asio::awaitable<void> {
        for (const auto& stores : processes_) {
            co_await stores->pool.stop();
        }
    });
}

Stores& StoreDatabase::process(
    const std::string& name, const LedgerTable& table, std::size_t connections
) {
    const postgres::ConnectionOptions options = options_for(url_, connections);
    processes_.push_back(std::make_unique<Stores>(context_.get_executor(), options, name, table));
    Stores& stores = *processes_.back();
    run([&]() -> asio::awaitable<void> {
        stores.pool.start();
        const bool up = co_await stores.pool.wait_until_available(std::chrono::seconds(10));
        EXPECT_TRUE(up);
    });
    return stores;
}

std::string StoreDatabase::sql(const std::string& text) {
    return test::PostgresServer::shared().sql(text, url_);
}

void StoreDatabase::last_renewed(const std::string& name, const std::string& ago) {
    sql("UPDATE workers SET renewed_at = now() - interval '" + ago + "' WHERE instance = '" + name +
        "'");
}

void StoreDatabase::renewing_for(const std::string& name, const std::string& since) {
    sql("UPDATE workers SET renewed_at = now(), renewed_since = now() - interval '" + since +
        "' WHERE instance = '" + name + "'");
}

ClaimRequest claim_of(
    const std::string& event_id, std::uint32_t generation, std::uint64_t claim_no
) {
    ClaimRequest request;
    request.subject = "order.paid";
    request.event_id = event_id;
    request.generation = generation;
    request.claim_no = claim_no;
    request.content_sha256 = sha256("content");
    request.published_at = SystemClock().now();
    return request;
}

VerdictRequest verdict_on(
    const std::string& event_id,
    LedgerStatus status,
    std::uint32_t generation,
    std::uint64_t claim_no
) {
    VerdictRequest request;
    request.subject = "order.paid";
    request.event_id = event_id;
    request.generation = generation;
    request.claim_no = claim_no;
    request.status = status;
    return request;
}

OutboxRow returning(const std::string& event_id, std::uint32_t generation, OutboxKind kind) {
    OutboxRow row;
    row.kind = kind;
    row.subject = kind == OutboxKind::dead_letter ? "dlq.order.paid" : "order.paid";
    row.payload = "content";
    row.headers = {{"A", "1"}, {"B", "2"}, {"A", "3"}};
    row.due_after = std::chrono::seconds(60);
    row.origin_subject = "order.paid";
    row.event_id = event_id;
    row.generation = generation;
    return row;
}

asio::awaitable<ClaimReply> claim_one(Stores& stores, ClaimRequest request) {
    std::vector<ClaimRequest> requests(1, std::move(request));
    const std::vector<ClaimReply> replies = co_await stores.ledger.claim(std::move(requests));
    co_return replies.at(0);
}

asio::awaitable<bool> record_one(Stores& stores, VerdictRequest request) {
    std::vector<VerdictRequest> requests(1, std::move(request));
    const std::vector<bool> stand = co_await stores.ledger.record(std::move(requests));
    co_return stand.at(0);
}

}  // namespace chatear::runtime
