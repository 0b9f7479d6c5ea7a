#include "base/assert.hpp"
#include "deletion/deletion_sql.hpp"
#include "deletion/notices.hpp"
#include "deletion/postgres_deletion_store.hpp"
#include "runtime/store_statement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

/// What PostgresDeletionStore is asked, and its smaller notes.
namespace chatear::deletion {
namespace {

using runtime::run_store_statement;

const std::string day_facts = fmt::format(
    R"(
SELECT c.now, c.day::text AS day,
       (SELECT count(*) FROM daily_slots WHERE kind = 'execution' AND daily_slots.day = c.day AND subject = '') AS executed,
       (SELECT value FROM deletion_state WHERE name = 'executions_stopped') AS stopped,
       {} AS recovery_in_outbox
FROM (SELECT now, (now AT TIME ZONE 'utc')::date AS day FROM clock_timestamp() AS now) c)",
    recovery_waits_in_outbox
);

const std::string next_due = R"(
SELECT ceil(extract(epoch FROM greatest(due, now()) - now()) * 1000)::bigint AS ms
FROM (SELECT least((SELECT next_mail_at FROM user_deletions WHERE status = 'queued' ORDER BY next_mail_at, id LIMIT 1),
                   (SELECT scheduled_at FROM user_deletions WHERE status = 'scheduled' ORDER BY scheduled_at, id LIMIT 1)) AS due) d
WHERE due IS NOT NULL)";

const std::string find_mail_records = R"(
SELECT event_id, status, generation, attempts, takeovers, sent_at, recipient, coalesce(smtp_reply, error, reason) AS reply,
       coalesce(error, reason) AS error, updated_at
FROM email_sends WHERE event_id = ANY ($1::text[]))";

// Both columns are set by the same verdict; the first one has an index.
const std::string accepted_before = R"(
SELECT EXISTS (SELECT FROM email_sends WHERE status = 'sent' AND updated_at > $1::timestamptz - interval '1 hour'
               AND sent_at > $1::timestamptz - interval '1 hour' AND sent_at <= $1::timestamptz))";

const std::string insert_token = R"(
INSERT INTO recovery_tokens (token_sha256, deletion_id) VALUES ($1::bytea, $2) ON CONFLICT (token_sha256) DO NOTHING)";

const std::string select_seen = "SELECT value FROM deletion_state WHERE name = 'dead_letters_seen'";

const std::string note_seen = R"(
INSERT INTO deletion_state (name, value) VALUES ('dead_letters_seen', $1)
ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = now())";

runtime::LedgerStatus ledger_status(std::string_view word) {
    using runtime::LedgerStatus;
    if (word == "sent") {
        return LedgerStatus::done;
    }
    if (word == "retrying" || word == "deferred") {
        return word == "retrying" ? LedgerStatus::retrying : LedgerStatus::deferred;
    }
    if (word == "ambiguous") {
        return LedgerStatus::ambiguous;
    }
    return word == "sending" ? LedgerStatus::working : LedgerStatus::failed;
}

MailRecord read_record(const postgres::Rows& rows, std::size_t row) {
    MailRecord record;
    record.status = ledger_status(rows.text(row, "status"));
    record.generation = static_cast<std::uint32_t>(rows.integer(row, "generation"));
    record.attempts = static_cast<std::uint32_t>(rows.integer(row, "attempts"));
    record.takeovers = static_cast<std::uint32_t>(rows.integer(row, "takeovers"));
    record.sent_at = rows.optional_time(row, "sent_at");
    record.recipient = rows.optional_text(row, "recipient").value_or("");
    record.reply = rows.optional_text(row, "reply").value_or("");
    record.error = rows.optional_text(row, "error").value_or("");
    record.updated_at = rows.time(row, "updated_at");
    return record;
}

template <typename T>
std::optional<T> found(const std::map<std::string, T>& map, const std::string& key) {
    const auto entry = map.find(key);
    return entry != map.end() ? std::optional(entry->second) : std::nullopt;
}

}  // namespace

asio::awaitable<DayState> PostgresDeletionStore::day_state() {
    postgres::Params none;
    const postgres::Rows rows = co_await run_store_statement(pool_, day_facts, std::move(none));
    DayState state;
    state.now = rows.time(0, "now");
    state.day = rows.text(0, "day");
    state.executed = static_cast<int>(rows.integer(0, "executed"));
    state.executions_stopped = rows.optional_text(0, "stopped");
    state.recovery_in_outbox = rows.boolean(0, "recovery_in_outbox");
    co_return state;
}

asio::awaitable<std::optional<std::chrono::milliseconds>> PostgresDeletionStore::until_next_due() {
    postgres::Params none;
    const postgres::Rows rows = co_await run_store_statement(pool_, next_due, std::move(none));
    if (rows.empty()) {
        co_return std::nullopt;
    }
    co_return std::chrono::milliseconds(rows.integer(0, "ms"));
}

asio::awaitable<std::map<std::string, MailRecord>> PostgresDeletionStore::find_mails(
    std::vector<std::string> ids
) {
    postgres::Params params;
    params.texts(ids);
    const postgres::Rows rows =
        co_await run_store_statement(pool_, find_mail_records, std::move(params));
    std::map<std::string, MailRecord> records;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        records.emplace(rows.text(row, "event_id"), read_record(rows, row));
    }
    co_return records;
}

asio::awaitable<std::vector<MailJob>> PostgresDeletionStore::due_mails(std::size_t most) {
    const std::shared_ptr<const Known> tables = co_await known();
    postgres::Params params;
    params.integer(static_cast<std::int64_t>(most));
    const postgres::Rows rows =
        co_await run_store_statement(pool_, tables->sql.due_mails, std::move(params));
    std::vector<MailJob> jobs(rows.size());
    std::vector<std::string> user_ids, mail_ids;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        jobs[row].deletion = *read_deletion(rows, row);
        const Deletion& deletion = jobs[row].deletion;
        user_ids.push_back(deletion.user_id);
        mail_ids.push_back(mail_id(deletion, deletion.mail_number));
        if (deletion.notice_number > 0) {
            mail_ids.push_back(mail_id(deletion, deletion.notice_number));
            mail_ids.push_back(mail_id(deletion, deletion.notice_number - 1));
        }
    }
    if (jobs.empty()) {
        co_return jobs;
    }
    const std::map<std::string, User> users = co_await find_users(std::move(user_ids));
    const std::map<std::string, MailRecord> records = co_await find_mails(std::move(mail_ids));
    for (MailJob& job : jobs) {
        const int notice = job.deletion.notice_number;
        job.user = found(users, job.deletion.user_id);
        job.record = found(records, mail_id(job.deletion, job.deletion.mail_number));
        if (notice > 0) {
            job.notice_record = found(records, mail_id(job.deletion, notice));
            job.former_record = found(records, mail_id(job.deletion, notice - 1));
        }
    }
    co_return jobs;
}

asio::awaitable<std::vector<std::string>> PostgresDeletionStore::due_executions(
    std::string after, std::size_t most
) {
    const std::shared_ptr<const Known> tables = co_await known();
    postgres::Params params;
    params.integer(static_cast<std::int64_t>(most));
    // What stands behind it is where it stood when it was given out: its row may have changed.
    const bool goes_on = !after.empty() && after == last_due_.first;
    if (goes_on) {
        params.time(last_due_.second).text(after);
    }
    const std::string& statement =
        goes_on ? tables->sql.due_executions_after : tables->sql.due_executions;
    const postgres::Rows rows = co_await run_store_statement(pool_, statement, std::move(params));
    std::vector<std::string> ids;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        ids.emplace_back(rows.text(row, "id_text"));
        last_due_ = {ids.back(), rows.time(row, "scheduled_at")};
    }
    co_return ids;
}

asio::awaitable<std::optional<Deletion>> PostgresDeletionStore::find(std::string deletion_id) {
    const std::shared_ptr<const Known> tables = co_await known();
    const std::optional<std::string> id = tables->shapes.deletion_id.canonical(deletion_id);
    if (!id) {
        co_return std::nullopt;
    }
    postgres::Params params;
    params.text(*id);
    const postgres::Rows rows =
        co_await run_store_statement(pool_, tables->sql.find_deletion, std::move(params));
    co_return rows.empty() ? std::nullopt : read_deletion(rows, 0);
}

asio::awaitable<TokenState> PostgresDeletionStore::look_up_token(std::string token_sha256) {
    const std::shared_ptr<const Known> tables = co_await known();
    postgres::Params params;
    params.bytes(token_sha256);
    const postgres::Rows rows =
        co_await run_store_statement(pool_, tables->sql.find_token, std::move(params));
    if (rows.empty()) {
        co_return TokenState::unknown;
    }
    const std::optional<Status> status = parse_status(rows.text(0, "status"));
    CHATEAR_ASSERT(status);
    switch (*status) {
        case Status::queued:
        case Status::scheduled:
        case Status::held:
            co_return TokenState::usable;
        case Status::executed:
            co_return TokenState::too_late;
        case Status::cancelled:
            co_return rows.boolean(0, "used") ? TokenState::used : TokenState::cancelled;
        case Status::failed:
            co_return TokenState::cancelled;
    }
    co_return TokenState::unknown;
}

asio::awaitable<bool> PostgresDeletionStore::relay_accepted_before(Time moment) {
    postgres::Params params;
    params.time(moment);
    const postgres::Rows rows =
        co_await run_store_statement(pool_, accepted_before, std::move(params));
    co_return rows.boolean(0, 0);
}

asio::awaitable<void> PostgresDeletionStore::add_token(
    std::string deletion_id, std::string token_sha256
) {
    postgres::Params params;
    params.bytes(token_sha256).text(std::move(deletion_id));
    (void)co_await run_store_statement(pool_, insert_token, std::move(params));
}

// "SEQUENCE CREATED"
asio::awaitable<DeadLettersSeen> PostgresDeletionStore::dead_letters_seen() {
    postgres::Params none;
    const postgres::Rows rows = co_await run_store_statement(pool_, select_seen, std::move(none));
    DeadLettersSeen seen;
    if (!rows.empty()) {
        const std::string_view text = rows.text(0, 0);
        const auto number = std::from_chars(text.data(), text.data() + text.size(), seen.sequence);
        const auto digits = static_cast<std::size_t>(number.ptr - text.data());
        seen.stream_created = text.substr(std::min(digits + 1, text.size()));
    }
    co_return seen;
}

asio::awaitable<void> PostgresDeletionStore::set_dead_letters_seen(DeadLettersSeen seen) {
    postgres::Params params;
    params.text(fmt::format("{} {}", seen.sequence, seen.stream_created));
    (void)co_await run_store_statement(pool_, note_seen, std::move(params));
}

}  // namespace chatear::deletion
