#include "base/error.hpp"
#include "deletion/audit_actions.hpp"
#include "deletion/notices.hpp"
#include "deletion/postgres_deletion_store.hpp"
#include "postgres/storable_text.hpp"
#include "runtime/store_statement.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

/// What PostgresDeletionStore does to deletions, apart from intake and execution.
namespace chatear::deletion {
namespace {

// A second reason is added to the first: a person who resumes has to know both.
const std::string note_stop = R"(
INSERT INTO deletion_state AS s (name, value) VALUES ('executions_stopped', $1)
ON CONFLICT (name) DO UPDATE SET value = s.value || '; ' || excluded.value, updated_at = now()
    WHERE strpos(s.value, excluded.value) = 0
RETURNING 1)";

const std::string note_resumption =
    "DELETE FROM deletion_state WHERE name = 'executions_stopped' RETURNING value";

/// An entry about no user.
AuditEntry entry_about_all(std::string_view action, const std::string& reason) {
    AuditEntry entry{"", std::string(action)};
    entry.meta["reason"] = reason;
    return entry;
}

std::map<std::string, User> by_id(const postgres::Rows& rows) {
    std::map<std::string, User> users;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        const std::optional<User> user = read_user(rows, row);
        users.emplace(user->id, *user);
    }
    return users;
}

/// The ids that can be of a user at all.
postgres::Params id_params(const IdType& type, const std::vector<std::string>& texts) {
    std::vector<std::string> ids;
    for (const std::string& text : texts) {
        std::optional<std::string> id = type.canonical(text);
        if (id) {
            ids.push_back(std::move(*id));
        }
    }
    postgres::Params params;
    params.texts(ids);
    return params;
}

}  // namespace

asio::awaitable<std::shared_ptr<const PostgresDeletionStore::Known>> PostgresDeletionStore::known(
) {
    if (!known_) {
        TableShapes shapes = co_await read_table_shapes(pool_);
        known_ = std::make_shared<const Known>(std::move(shapes));
    }
    co_return known_;
}

asio::awaitable<std::map<std::string, User>> PostgresDeletionStore::users(
    StoreTransaction& transaction, const Known& known, std::vector<std::string> ids
) {
    postgres::Params params = id_params(known.shapes.user_id, ids);
    const postgres::Rows rows = co_await transaction.run(known.sql.users, std::move(params));
    co_return by_id(rows);
}

asio::awaitable<std::map<std::string, User>> PostgresDeletionStore::find_users(
    std::vector<std::string> ids
) {
    const std::shared_ptr<const Known> tables = co_await known();
    postgres::Params params = id_params(tables->shapes.user_id, ids);
    const postgres::Rows rows =
        co_await runtime::run_store_statement(pool_, tables->sql.users, std::move(params));
    co_return by_id(rows);
}

/// The places in `changes` of those that happened. Each deletion may stand there once.
asio::awaitable<std::vector<std::size_t>> PostgresDeletionStore::change(
    StoreTransaction& transaction, const Known& known, const std::vector<const Change*>& changes
) {
    std::vector<std::string> user_ids;
    for (const Change* one : changes) {
        if (one->tells_address) {
            user_ids.push_back(one->before.user_id);
        }
    }
    std::map<std::string, User> told;
    if (!user_ids.empty()) {
        told = co_await users(transaction, known, std::move(user_ids));
    }
    NoticeRows notices;
    for (std::size_t place = 0; place < changes.size(); ++place) {
        const Change& one = *changes[place];
        const auto user = told.find(one.before.user_id);
        const std::optional<User> of =
            user != told.end() ? std::optional(user->second) : std::nullopt;
        notices.add(place + 1, one.before.id, finish_notices(one.notices, one.before.id, of));
    }
    postgres::Params params;
    add_changes(params, changes);
    notices.add_to(params);
    const postgres::Rows rows = co_await transaction.run(known.sql.change, std::move(params));
    std::vector<std::size_t> happened;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        happened.push_back(static_cast<std::size_t>(rows.integer(row, "place")) - 1);
    }
    std::sort(happened.begin(), happened.end());
    co_return happened;
}

/// The audit rows and the commit, in one go.
asio::awaitable<void> PostgresDeletionStore::finish(
    StoreTransaction& transaction, const Known& known, const std::vector<AuditEntry>& audit
) {
    if (audit.empty()) {
        co_await transaction.commit();
        co_return;
    }
    postgres::Params params;
    add_audit(params, known.shapes, audit);
    co_await transaction.commit_with(known.sql.audit, std::move(params));
}

asio::awaitable<std::vector<bool>> PostgresDeletionStore::apply(std::vector<Change> changes) {
    const std::shared_ptr<const Known> tables = co_await known();
    const std::function<asio::awaitable<std::vector<bool>>(StoreTransaction&)> work =
        [&](StoreTransaction& transaction) -> asio::awaitable<std::vector<bool>> {
        std::vector<bool> happened(changes.size(), false);
        std::vector<AuditEntry> audit;
        const auto key_of = [](const Change& one) { return std::tie(one.before.id); };
        const std::vector<std::vector<std::size_t>> rounds =
            runtime::rounds_by_key(changes, key_of);
        for (const std::vector<std::size_t>& places : rounds) {
            std::vector<const Change*> round;
            for (const std::size_t place : places) {
                round.push_back(&changes[place]);
            }
            const std::vector<std::size_t> done = co_await change(transaction, *tables, round);
            for (const std::size_t n : done) {
                happened[places[n]] = true;
            }
            // A round is in the order of its locks; the audit log tells it in that of the batch.
            std::vector<std::size_t> in_order = places;
            std::ranges::sort(in_order);
            for (const std::size_t place : in_order) {
                if (happened[place]) {
                    const std::vector<AuditEntry>& entries = changes[place].audit;
                    audit.insert(audit.end(), entries.begin(), entries.end());
                }
            }
        }
        co_await finish(transaction, *tables, audit);
        co_return happened;
    };
    co_return co_await in_transaction(pool_, work);
}

asio::awaitable<void> PostgresDeletionStore::stop_executions(std::string reason) {
    const std::shared_ptr<const Known> tables = co_await known();
    const std::function<asio::awaitable<bool>(StoreTransaction&)> work =
        [&](StoreTransaction& transaction) -> asio::awaitable<bool> {
        postgres::Params params;
        params.text(postgres::storable_text(reason));
        const postgres::Rows rows = co_await transaction.run(note_stop, std::move(params));
        std::vector<AuditEntry> audit;
        if (!rows.empty()) {
            audit.push_back(entry_about_all(audit::executions_stopped, reason));
        }
        co_await finish(transaction, *tables, audit);
        co_return !rows.empty();
    };
    (void)co_await in_transaction(pool_, work);
}

asio::awaitable<bool> PostgresDeletionStore::resume_executions(std::string reason) {
    const std::shared_ptr<const Known> tables = co_await known();
    const std::function<asio::awaitable<bool>(StoreTransaction&)> work =
        [&](StoreTransaction& transaction) -> asio::awaitable<bool> {
        postgres::Params none;
        const postgres::Rows rows = co_await transaction.run(note_resumption, std::move(none));
        std::vector<AuditEntry> audit;
        if (!rows.empty()) {
            audit.push_back(entry_about_all(audit::executions_resumed, reason));
            audit.back().meta["stopped_for"] = std::string(rows.text(0, "value"));
        }
        co_await finish(transaction, *tables, audit);
        co_return !rows.empty();
    };
    co_return co_await in_transaction(pool_, work);
}

/// Of a user, or of a token; `exists` says whether there is such a user or token at all.
asio::awaitable<std::optional<Deletion>> PostgresDeletionStore::find_open(
    std::string user_id, std::string token_sha256, bool& exists
) {
    const std::shared_ptr<const Known> tables = co_await known();
    postgres::Params params;
    if (!token_sha256.empty()) {
        params.bytes(token_sha256);
        const postgres::Rows token =
            co_await runtime::run_store_statement(pool_, tables->sql.find_token, std::move(params));
        exists = !token.empty();
        if (!exists) {
            co_return std::nullopt;
        }
        std::string deletion_id(token.text(0, "deletion_id"));
        const std::optional<Deletion> deletion = co_await find(std::move(deletion_id));
        co_return deletion&& is_open(deletion->status) ? deletion : std::nullopt;
    }
    std::vector<std::string> ids(1, user_id);
    const std::map<std::string, User> found = co_await find_users(std::move(ids));
    const std::optional<std::string> id =
        tables->shapes.deletion_user_id.canonical(found.empty() ? user_id : found.begin()->first);
    exists = !found.empty();
    if (!id) {
        co_return std::nullopt;
    }
    params.text(*id);
    const postgres::Rows rows = co_await runtime::run_store_statement(
        pool_, tables->sql.find_open_deletion, std::move(params)
    );
    exists = exists || !rows.empty();
    co_return rows.empty() ? std::nullopt : read_deletion(rows, 0);
}

asio::awaitable<bool> PostgresDeletionStore::hold_for_lost_recovery(
    std::string user_id, std::string token_sha256, std::string reason
) {
    for (int attempt = 1; attempt <= most_repeats; ++attempt) {
        bool exists = false;
        const std::optional<Deletion> open = co_await find_open(user_id, token_sha256, exists);
        // One that is held already gets this reason too: who releases it has to know of it.
        const bool noted = open && open->held_reason.find(reason) != std::string::npos;
        if (!open || noted) {
            co_return exists;
        }
        const std::string before = open->held_reason.empty() ? "" : open->held_reason + "; ";
        std::vector<Change> changes(1, hold(*open, before + reason));
        const std::vector<bool> happened = co_await apply(std::move(changes));
        if (happened.front()) {
            co_return true;
        }
    }
    throw Unavailable(
        "postgres", pool_.where(), "others keep changing a deletion that is to be held"
    );
}

}  // namespace chatear::deletion
