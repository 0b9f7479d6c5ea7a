#pragma once

#include "history.hpp"
#include "runtime/ledger.hpp"
#include "runtime/outbox.hpp"
#include "runtime/registry.hpp"
#include "runtime/suspects.hpp"
#include "support/memory_ledger.hpp"
#include "timeline.hpp"
#include "wire.hpp"

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace chatear::simulation {

/// PostgreSQL: the tables of the delivery path. Its clock is the one that is right. Each statement
/// is one step; a statement of a process that died meanwhile takes effect all the same.
class SimulatedDatabase {
public:
    SimulatedDatabase(Timeline& timeline, History& history, runtime::LedgerTable table)
        : tables(std::move(table), std::chrono::hours(90 * 24)),
          timeline_(timeline),
          history_(history) {}

    Time now() const { return timeline_.civil(); }
    void renew(const std::string& instance);

    std::vector<runtime::ClaimReply> claim(
        const std::vector<runtime::ClaimRequest>& requests, const std::string& instance
    );
    std::vector<bool> record(
        const std::vector<runtime::VerdictRequest>& requests, const std::string& instance
    );
    void speak_for(const runtime::FlightLog& dead);
    std::vector<runtime::TakenRow> take(
        std::size_t most, milliseconds lease, const std::vector<std::string>& skip
    );
    /// What runtime::Registry::remove_old() says of suspects.
    void forget_suspects();
    bool refuse(
        const std::string& id,
        const std::string& reason,
        const std::optional<runtime::OutboxRow>& dead_letter
    );

    Server server{"postgres"};
    test::DeliveryTables tables;
    std::function<void()> on_outbox;  ///< NOTIFY: rows were inserted.

private:
    Timeline& timeline_;
    History& history_;
};

/// A process's pool of connections to it, and the stores over them.
class DatabaseLink {
public:
    DatabaseLink(SimulatedDatabase& database, Wire& wire, std::string instance)
        : database_(database), wire_(wire), instance_(std::move(instance)) {}

    /// A statement; before the first one on a new connection the process's row is renewed.
    template <typename Reply>
    asio::awaitable<Reply> run(std::function<Reply(SimulatedDatabase&)> statement) {
        std::function<Reply()> effect = [&database = database_,
                                         instance = instance_,
                                         is_new = wire_.take_new_connection(),
                                         statement = std::move(statement)] {
            if (is_new) {
                database.renew(instance);
            }
            return statement(database);
        };
        return wire_.call<Reply>(std::move(effect));
    }

    const std::string& instance() const { return instance_; }

private:
    SimulatedDatabase& database_;
    Wire& wire_;
    std::string instance_;
};

class SimulatedLedger final : public runtime::Ledger {
public:
    explicit SimulatedLedger(DatabaseLink& link) : link_(link) {}

    asio::awaitable<std::vector<runtime::ClaimReply>> claim(
        std::vector<runtime::ClaimRequest> requests
    ) override;
    asio::awaitable<std::vector<bool>> record(std::vector<runtime::VerdictRequest> requests
    ) override;
    asio::awaitable<std::vector<bool>> begin_content(std::vector<ContentRequest> requests) override;
    asio::awaitable<void> speak_for(runtime::FlightLog dead) override;
    asio::awaitable<std::size_t> remove_final_rows(std::chrono::milliseconds age, std::size_t most)
        override;

private:
    DatabaseLink& link_;
};

class SimulatedOutbox final : public runtime::Outbox {
public:
    explicit SimulatedOutbox(DatabaseLink& link) : link_(link) {}

    asio::awaitable<void> add(std::vector<runtime::OutboxRow> rows) override;
    asio::awaitable<std::vector<runtime::TakenRow>> take(
        std::size_t most, std::chrono::milliseconds lease, std::vector<std::string> subjects_to_skip
    ) override;
    asio::awaitable<void> remove(std::vector<std::string> ids) override;
    asio::awaitable<void> put_back(std::vector<std::string> ids, std::chrono::milliseconds after)
        override;
    asio::awaitable<void> refuse(
        std::string id, std::string reason, std::optional<runtime::OutboxRow> dead_letter
    ) override;
    asio::awaitable<std::optional<std::chrono::milliseconds>> until_next_due() override;

private:
    DatabaseLink& link_;
};

class SimulatedRegistry final : public runtime::Registry {
public:
    explicit SimulatedRegistry(DatabaseLink& link) : link_(link) {}

    asio::awaitable<void> renew() override;
    asio::awaitable<void> release() override;
    asio::awaitable<void> declare_dead(std::vector<std::string> instances) override;
    asio::awaitable<void> remove_old() override;

private:
    DatabaseLink& link_;
};

class SimulatedSuspects final : public runtime::Suspects {
public:
    explicit SimulatedSuspects(DatabaseLink& link) : link_(link) {}

    asio::awaitable<std::uint32_t> begin(std::string subject, std::string event_id) override;
    asio::awaitable<void> clear(std::string subject, std::string event_id) override;

private:
    DatabaseLink& link_;
};

}  // namespace chatear::simulation
