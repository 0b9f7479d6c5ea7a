#pragma once

#include "base/clock.hpp"
#include "base/error.hpp"
#include "net/notification.hpp"
#include "runtime/outbox.hpp"
#include "support/outbox_table.hpp"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace chatear::test {

namespace asio = boost::asio;

/// An outbox in memory, by the machine's clock. Passes the conformance suite, as the one over
/// PostgreSQL does.
class MemoryOutbox final : public runtime::Outbox {
public:
    explicit MemoryOutbox(const asio::any_io_executor& executor) : changed(executor) {}

    /// A row that is due, with an id of the test's.
    void give(
        std::string id, std::string subject, std::optional<runtime::OutboxKind> kind = std::nullopt
    ) {
        OutboxTable::Row& made = rows[id];
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
            table_.insert(std::move(row), now());
        }
        co_return;
    }
    asio::awaitable<std::vector<runtime::TakenRow>> take(
        std::size_t most, std::chrono::milliseconds lease, std::vector<std::string> skip
    ) override {
        check();
        last_lease = lease;
        skipped = skip;
        co_return table_.take(most, lease, skip, now());
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
            table_.put_back(id, after, now());
            note("put back " + id);
        }
        co_return;
    }
    asio::awaitable<void> refuse(
        std::string id, std::string reason, std::optional<runtime::OutboxRow> dead_letter
    ) override {
        check();
        (void)table_.refuse(id, reason, std::move(dead_letter), now());
        note("refuse " + id + ": " + reason);
        co_return;
    }
    asio::awaitable<std::optional<std::chrono::milliseconds>> until_next_due() override {
        check();
        co_return table_.until_next_due(now());
    }

private:
    OutboxTable table_;

public:
    bool down = false;  ///< Throws Unavailable.
    net::Notification changed;
    std::map<std::string, OutboxTable::Row>& rows = table_.rows;
    std::vector<runtime::OutboxRow>& added = table_.added;  ///< All that ever were.
    std::vector<std::string> log;      ///< "remove ID", "put back ID", "refuse ID: REASON".
    std::vector<std::string> skipped;  ///< By the latest take().
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
};

}  // namespace chatear::test
