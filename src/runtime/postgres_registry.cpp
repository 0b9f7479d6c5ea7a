#include "runtime/postgres_registry.hpp"

#include "postgres/storable_text.hpp"
#include "runtime/store_statement.hpp"

#include <utility>

namespace chatear::runtime {
namespace {

// $1 instance, $2 worker, $3 host. Renewing does not undo a release.
const std::string renew_row = R"(
INSERT INTO workers AS w (instance, worker, host) VALUES ($1, $2, $3)
ON CONFLICT (instance) DO UPDATE SET
    renewed_at = now(),
    renewed_since = CASE WHEN w.renewed_at < now() - interval '15 seconds' THEN now() ELSE w.renewed_since END)";

// What ran alone did not crash us.
const std::string release_row = R"(
WITH cleared AS (DELETE FROM suspects WHERE instance = $1)
UPDATE workers SET released_at = now() WHERE instance = $1 AND released_at IS NULL)";

const std::string declare_rows_dead = R"(
WITH dead AS MATERIALIZED (
    SELECT instance FROM workers WHERE instance = ANY ($1::text[]) AND released_at IS NULL ORDER BY instance FOR UPDATE)
UPDATE workers w SET renewed_at = '-infinity' FROM dead WHERE w.instance = ANY (ARRAY[dead.instance]))";

// An event runs alone under a claim; a process that died between verdict and clearing, or a Hold in
// the place of another try, left its row in `suspects` behind. (Each look is a query of its own by
// OFFSET 0: the planner would rather go through a ledger that it thinks small. Likewise IS NOT
// DISTINCT FROM keeps it from all claims there are.)
const std::string remove_old_rows = R"(
WITH left_behind AS (
    DELETE FROM suspects s
    WHERE NOT EXISTS (SELECT FROM event_ledger l
                      WHERE l.subject = s.subject AND l.event_id = s.event_id
                        AND l.status IS NOT DISTINCT FROM 'working' OFFSET 0)
      AND NOT EXISTS (SELECT FROM email_sends l
                      WHERE s.subject = 'email.send' AND l.event_id = s.event_id
                        AND l.status IS NOT DISTINCT FROM 'sending' OFFSET 0)),
old AS MATERIALIZED (
    SELECT instance FROM workers w
    WHERE least(renewed_at, released_at) < now() - interval '1 day'
      AND NOT EXISTS (SELECT FROM event_ledger WHERE claimed_by = w.instance AND status = 'working' OFFSET 0)
      AND NOT EXISTS (SELECT FROM email_sends WHERE claimed_by = w.instance AND status = 'sending' OFFSET 0)
    ORDER BY instance FOR UPDATE SKIP LOCKED)
DELETE FROM workers w USING old WHERE w.instance = ANY (ARRAY[old.instance]))";

postgres::Params who(const Identity& identity) {
    postgres::Params params;
    params.text(identity.instance).text(identity.worker).text(identity.host);
    return params;
}

}  // namespace

PostgresRegistry::PostgresRegistry(postgres::Pool& pool, Identity identity)
    : pool_(pool), identity_(std::move(identity)) {}

void PostgresRegistry::renew_on_each_connection() {
    pool_.run_first({renew_row, [identity = identity_] { return who(identity); }, {}});
}

asio::awaitable<void> PostgresRegistry::renew() {
    (void)co_await run_store_statement(pool_, renew_row, who(identity_));
}

asio::awaitable<void> PostgresRegistry::release() {
    postgres::Params params;
    params.text(identity_.instance);
    (void)co_await run_store_statement(pool_, release_row, std::move(params));
}

asio::awaitable<void> PostgresRegistry::declare_dead(std::vector<std::string> instances) {
    for (std::string& instance : instances) {
        instance = postgres::storable_text(instance);  // It stood in a file.
    }
    postgres::Params params;
    params.texts(instances);
    (void)co_await run_store_statement(pool_, declare_rows_dead, std::move(params));
}

asio::awaitable<void> PostgresRegistry::remove_old() {
    postgres::Params none;
    (void)co_await run_store_statement(pool_, remove_old_rows, std::move(none));
}

}  // namespace chatear::runtime
