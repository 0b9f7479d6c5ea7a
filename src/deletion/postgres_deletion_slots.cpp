#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "deletion/postgres_deletion_store.hpp"
#include "runtime/outbox_rows.hpp"
#include "runtime/store_statement.hpp"

#include <fmt/format.h>

#include <utility>

/// The slots of recovery mails (rule 6), and what is done now and then: the audit log's head is
/// told (rule 14), mails are let go of.
namespace chatear::deletion {
namespace {

using runtime::run_store_statement;

// $1 user, $2 holder, $3 limit. The slot that the holder has, or the lowest free one, which two who
// ask at once may both choose: one of them gets none then, though there are some. `taken` counts
// those before.
const std::string take_slot = R"(
WITH today AS MATERIALIZED (SELECT now() AS now, (now() AT TIME ZONE 'utc')::date AS day),
held AS MATERIALIZED (
    SELECT s.slot FROM daily_slots s, today t WHERE s.kind = 'recovery_mail' AND s.day = t.day AND s.holder = $2),
used AS MATERIALIZED (
    SELECT s.slot FROM daily_slots s, today t WHERE s.kind = 'recovery_mail' AND s.day = t.day AND s.subject = $1),
made AS (
    INSERT INTO daily_slots (kind, day, subject, slot, holder)
    SELECT 'recovery_mail', t.day, $1, n, $2 FROM today t, generate_series(1, $3::int) n
    WHERE NOT EXISTS (SELECT FROM held) AND n NOT IN (SELECT slot FROM used) AND (SELECT count(*) FROM used) < $3::int
    ORDER BY n LIMIT 1
    ON CONFLICT DO NOTHING RETURNING slot)
SELECT t.now, t.day::text AS day, (SELECT slot FROM held UNION ALL SELECT slot FROM made) AS slot,
       (SELECT count(*) FROM used) AS used, (SELECT count(*) FROM made) AS made
FROM today t)";

// A try that began before midnight may end after it.
const std::string recent_days =
    "day >= (now() AT TIME ZONE 'utc')::date - 1 AND day <= (now() AT TIME ZONE 'utc')::date";

const std::string pass_slot = fmt::format(
    R"(UPDATE daily_slots s SET holder = $2 WHERE kind = 'recovery_mail' AND holder = $1 AND {}
           AND NOT EXISTS (SELECT FROM daily_slots o WHERE o.kind = s.kind AND o.day = s.day AND o.holder = $2))",
    recent_days
);

const std::string free_slot = fmt::format(
    "DELETE FROM daily_slots WHERE kind = 'recovery_mail' AND holder = $1 AND {}", recent_days
);

// A mail's id is its deletion's and a number. One that waits for a try will get none; one that was
// begun so long ago is not under way any more, and if it left after all, its verdict still stands.
const std::string let_go = R"(
WITH ended AS MATERIALIZED (
    SELECT e.event_id, e.status IN ('sending', 'retrying', 'deferred') AS waits FROM email_sends e
    WHERE e.kept AND (e.status <> 'sending' OR e.updated_at < now() - interval '1 hour')
      AND NOT EXISTS (SELECT FROM user_deletions d WHERE d.status IN ('queued', 'scheduled', 'held')
                      AND d.id::text = regexp_replace(e.event_id, '\.[0-9]+$', ''))
    LIMIT $1::bigint FOR UPDATE OF e SKIP LOCKED)
UPDATE email_sends e
SET kept = false, updated_at = CASE WHEN waits THEN now() ELSE e.updated_at END,
    status = CASE WHEN waits THEN 'failed' ELSE e.status END,
    reason = CASE WHEN waits THEN 'its deletion ended first' ELSE e.reason END
FROM ended i WHERE e.event_id = ANY (ARRAY[i.event_id]))";

const std::string note_told = R"(
INSERT INTO deletion_state AS s (name, value) VALUES ('audit_head_told', (now() AT TIME ZONE 'utc')::date::text)
ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = now() WHERE s.value <> excluded.value
RETURNING value AS day)";

const std::string select_head = R"(
SELECT id::text AS id_text, chain_seq, hash FROM action_logs WHERE chain_seq IS NOT NULL ORDER BY chain_seq DESC LIMIT 1)";

const std::string publish = fmt::format(
    "INSERT INTO outbox ({0}) SELECT {0} FROM ({1}) p ON CONFLICT DO NOTHING",
    runtime::outbox_columns,
    runtime::outbox_rows_select(1)
);

postgres::Params head_notice(const AuditHead& head, const std::string& day) {
    runtime::OutboxRow row;
    row.kind = runtime::OutboxKind::domain_event;
    row.subject = "audit.head";
    row.origin_subject = "action_logs";
    row.event_id = "audit.head/" + day;
    const boost::json::object payload = {
        {"event_id", row.event_id},
        {"day", day},
        {"id", head.id},
        {"chain_seq", head.chain_seq},
        {"hash", to_hex(head.hash)}};
    row.payload = to_json_text(payload);
    postgres::Params params;
    runtime::add_outbox_params(params, runtime::OwnedRows(1, {0, &row}));
    return params;
}

}  // namespace

asio::awaitable<std::optional<Slot>> PostgresDeletionStore::take_mail_slot(
    std::string user_id, std::string holder, int limit
) {
    for (int attempt = 0; attempt <= limit + most_repeats; ++attempt) {
        postgres::Params params;
        params.text(user_id).text(holder).integer(limit);
        const postgres::Rows rows =
            co_await run_store_statement(pool_, take_slot, std::move(params));
        const int used = static_cast<int>(rows.integer(0, "used"));
        if (!rows.is_null(0, "slot")) {
            Slot slot;
            slot.number = static_cast<int>(rows.integer(0, "slot"));
            slot.day = rows.text(0, "day");
            slot.taken = used + static_cast<int>(rows.integer(0, "made"));
            slot.now = rows.time(0, "now");
            co_return slot;
        }
        if (used >= limit) {
            co_return std::nullopt;
        }
    }
    throw Unavailable("postgres", pool_.where(), "others keep taking the slots of a recovery mail");
}

asio::awaitable<void> PostgresDeletionStore::pass_mail_slot(
    std::string holder, std::string next_holder
) {
    postgres::Params params;
    params.text(std::move(holder)).text(std::move(next_holder));
    (void)co_await run_store_statement(pool_, pass_slot, std::move(params));
}

asio::awaitable<void> PostgresDeletionStore::free_mail_slot(std::string holder) {
    postgres::Params params;
    params.text(std::move(holder));
    (void)co_await run_store_statement(pool_, free_slot, std::move(params));
}

asio::awaitable<std::size_t> PostgresDeletionStore::let_go_of_mails() {
    constexpr std::size_t at_once = 1000;
    std::size_t gone = 0;
    std::size_t last = at_once;
    while (last == at_once) {
        postgres::Params params;
        params.integer(static_cast<std::int64_t>(at_once));
        const postgres::Rows rows = co_await run_store_statement(pool_, let_go, std::move(params));
        last = rows.affected();
        gone += last;
    }
    co_return gone;
}

asio::awaitable<std::optional<AuditHead>> PostgresDeletionStore::tell_audit_head() {
    const std::function<asio::awaitable<std::optional<AuditHead>>(StoreTransaction&)> work =
        [](StoreTransaction& transaction) -> asio::awaitable<std::optional<AuditHead>> {
        postgres::Params none;
        const postgres::Rows told = co_await transaction.run(note_told, none);
        if (told.empty()) {
            co_return std::nullopt;
        }
        const postgres::Rows rows = co_await transaction.run(select_head, none);
        if (rows.empty()) {
            co_return std::nullopt;
        }
        AuditHead head;
        head.id = rows.text(0, "id_text");
        head.chain_seq = rows.integer(0, "chain_seq");
        head.hash = rows.bytes(0, "hash");
        postgres::Params notice = head_notice(head, std::string(told.text(0, "day")));
        (void)co_await transaction.run(publish, std::move(notice));
        co_await transaction.commit();
        co_return head;
    };
    co_return co_await in_transaction(pool_, work);
}

}  // namespace chatear::deletion
