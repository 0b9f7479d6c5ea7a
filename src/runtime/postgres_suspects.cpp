#include "runtime/postgres_suspects.hpp"

#include "runtime/store_statement.hpp"

#include <utility>

namespace chatear::runtime {
namespace {

// Who asks holds the claim, so another instance's row is that of a process that died with it. Our
// own row, asked again after a broken connection, is no crash.
const std::string begin_row = R"(
INSERT INTO suspects AS s (subject, event_id, instance) VALUES ($1, $2, $3)
ON CONFLICT (subject, event_id) DO UPDATE SET
    crashes = s.crashes + CASE WHEN s.instance = excluded.instance THEN 0 ELSE 1 END,
    started_at = CASE WHEN s.instance = excluded.instance THEN s.started_at ELSE now() END,
    instance = excluded.instance
RETURNING crashes)";

// Not the row of another process, which took the event over and runs it alone now.
const std::string clear_row =
    "DELETE FROM suspects WHERE subject = $1 AND event_id = $2 AND instance = $3";

}  // namespace

PostgresSuspects::PostgresSuspects(postgres::Pool& pool, Identity identity)
    : pool_(pool), identity_(std::move(identity)) {}

asio::awaitable<std::uint32_t> PostgresSuspects::begin(std::string subject, std::string event_id) {
    postgres::Params params;
    params.text(subject).text(event_id).text(identity_.instance);
    const postgres::Rows rows = co_await run_store_statement(pool_, begin_row, std::move(params));
    co_return static_cast<std::uint32_t>(rows.integer(0, "crashes"));
}

asio::awaitable<void> PostgresSuspects::clear(std::string subject, std::string event_id) {
    postgres::Params params;
    params.text(subject).text(event_id).text(identity_.instance);
    (void)co_await run_store_statement(pool_, clear_row, std::move(params));
}

}  // namespace chatear::runtime
