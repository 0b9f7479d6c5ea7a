#pragma once

#include "base/clock.hpp"
#include "base/error.hpp"
#include "net/notification.hpp"
#include "runtime/outbox.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace chatear::test {

namespace asio = boost::asio;

/// An outbox in memory, by the machine's clock. Passes the conformance suite, as the one over
/// PostgreSQL does.
class MemoryOutbox final : public runtime::Outbox {
public:
    struct Row {
        runtime::TakenRow row;
        Time due_at{};
        std::string refused_reason{};
    };

    explicit MemoryOutbox(const asio::any_io_executor& executor) : changed(executor) {}

    /// A row that is due, with an id of the test's.
    void give(
        std::string id, std::string subject, std::optional<runtime::OutboxKind> kind = std::nullopt
    ) {
        Row& made = rows[id];
        made.due_at = now();
        made.row.id = id;
        made.row.kind = kind;
        made.row.subject = std::move(subject);
        made.row.payload = "payload of " + id;
        made.row.origin_subject = "origin";
        made.row.event_id = "event of " + id;
        made.row.generation = 2;
    }
    /// Another process has taken it.
    void lease_to_another(const std::string& id) {
        rows.at(id).due_at = now() + std::chrono::minutes(1);
    }

    asio::awaitable<void> add(std::vector<runtime::OutboxRow> more) override {
        check();
        for (runtime::OutboxRow& row : more) {
            insert(std::move(row));
        }
        co_return;
    }
    asio::awaitable<std::vector<runtime::TakenRow>> take(
        std::size_t most, std::chrono::milliseconds lease, std::vector<std::string> skip
    ) override {
        check();
        last_lease = lease;
        skipped = skip;
        const Time at = now();
        std::vector<Row*> due;
        for (auto& [id, row] : rows) {
            const bool skips = std::find(skip.begin(), skip.end(), row.row.subject) != skip.end();
            if (row.refused_reason.empty() && row.due_at <= at && !skips) {
                due.push_back(&row);
            }
        }
        std::stable_sort(due.begin(), due.end(), [](const Row* one, const Row* other) {
            return one->due_at < other->due_at;
        });
        due.resize(std::min(due.size(), most));
        std::vector<runtime::TakenRow> taken;
        for (Row* row : due) {
            row->due_at = at + lease;
            taken.push_back(row->row);
        }
        co_return taken;
    }
    asio::awaitable<void> remove(std::vector<std::string> ids) override {
        check();
        for (const std::string& id : ids) {
            rows.erase(id);
            note("remove " + id);
        }
        co_return;
    }
    asio::awaitable<void> put_back(std::vector<std::string> ids, std::chrono::milliseconds after)
        override {
        check();
        for (const std::string& id : ids) {
            const auto found = rows.find(id);
            if (found != rows.end()) {
                found->second.due_at = now() + after;
            }
            note("put back " + id);
        }
        co_return;
    }
    asio::awaitable<void> refuse(
        std::string id, std::string reason, std::optional<runtime::OutboxRow> dead_letter
    ) override {
        check();
        const auto found = rows.find(id);
        if (found != rows.end() && found->second.refused_reason.empty()) {
            found->second.refused_reason = reason;
            const bool comes_back = found->second.row.kind == runtime::OutboxKind::event;
            if (comes_back && dead_letter) {
                insert(*std::move(dead_letter));
            }
        }
        note("refuse " + id + ": " + reason);
        co_return;
    }
    asio::awaitable<std::optional<std::chrono::milliseconds>> until_next_due() override {
        check();
        std::optional<Time> next;
        for (const auto& [id, row] : rows) {
            if (row.refused_reason.empty() && (!next || row.due_at < *next)) {
                next = row.due_at;
            }
        }
        if (!next) {
            co_return std::nullopt;
        }
        const Time at = now();
        co_return std::chrono::ceil<std::chrono::milliseconds>(std::max(*next, at) - at);
    }

    bool down = false;  ///< Throws Unavailable.
    net::Notification changed;
    std::map<std::string, Row> rows;
    std::vector<runtime::OutboxRow> added;  ///< All that ever were.
    std::vector<std::string> log;           ///< "remove ID", "put back ID", "refuse ID: REASON".
    std::vector<std::string> skipped;       ///< By the latest take().
    std::chrono::milliseconds last_lease{};

private:
    static Time now() { return SystemClock().now(); }

    void check() const {
        if (down) {
            throw Unavailable("postgres", "test:1", "the test says so");
        }
    }
    void note(std::string what) {
        log.push_back(std::move(what));
        changed.notify_all();
    }

    void insert(runtime::OutboxRow row) {
        for (const auto& [id, stands] : rows) {
            const runtime::TakenRow& other = stands.row;
            if (other.kind &&
                std::tie(other.origin_subject, other.event_id, *other.kind, other.generation) ==
                    std::tie(row.origin_subject, row.event_id, row.kind, row.generation)) {
                return;
            }
        }
        added.push_back(row);
        const std::string id = "row-" + std::to_string(added.size());
        Row& made = rows[id];
        made.due_at = row.due_at.value_or(now() + row.due_after);
        made.row.id = id;
        made.row.kind = row.kind;
        made.row.subject = std::move(row.subject);
        made.row.payload = std::move(row.payload);
        made.row.headers = std::move(row.headers);
        made.row.origin_subject = std::move(row.origin_subject);
        made.row.event_id = std::move(row.event_id);
        made.row.generation = row.generation;
    }
};

}  // namespace chatear::test
