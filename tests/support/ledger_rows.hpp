#pragma once

#include "base/clock.hpp"
#include "runtime/ledger.hpp"
#include "support/outbox_table.hpp"
#include "support/workers_table.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace chatear::test {

/// One ledger in memory, which processes share: what the statements of runtime/ledger_sql.cpp do,
/// each as a whole. `now` is the database's clock.
class LedgerRows {
public:
    using Status = runtime::LedgerStatus;

    struct Row {
        Status status = Status::working;
        std::uint32_t attempts = 0;
        std::uint32_t generation = 0;
        std::optional<std::string> claimed_by{};
        std::uint64_t claim_no = 0;
        std::string content_sha256{};
        Time published_at{};
        std::uint32_t takeovers = 0;
        std::optional<Time> content_at{};
        bool content_in_doubt = false;
        bool content_accepted = false;
        Time updated_at{};
        std::string reason{};
        std::vector<std::optional<std::string>> claim_details{};
        std::vector<std::optional<std::string>> verdict_details{};
    };
    using Key = std::pair<std::string, std::string>;  ///< Subject (where the table has one), id.

    LedgerRows(runtime::LedgerTable table, std::chrono::milliseconds retention)
        : table_(std::move(table)), retention_(retention) {}

    runtime::ClaimReply claim(
        const runtime::ClaimRequest& request,
        const std::string& instance,
        const WorkersTable& workers,
        Time now
    );

    /// Whether the verdict stands; what it publishes goes into `outbox` with it.
    bool record(
        const runtime::VerdictRequest& request,
        const std::string& instance,
        OutboxTable& outbox,
        Time now
    );

    bool begin_content(
        const runtime::Ledger::ContentRequest& request, const std::string& instance, Time now
    );

    /// What the flight recorder of `dead.instance` says of its claims.
    void speak_for(const runtime::FlightLog& dead, OutboxTable& outbox, Time now);

    std::size_t remove_final_rows(std::chrono::milliseconds age, std::size_t most, Time now);

    /// JetStream refused what was to bring the event back (rule 15).
    void fail_refused(const runtime::TakenRow& refused, const std::string& reason, Time now);

    Key key(const std::string& subject, const std::string& event_id) const {
        return {table_.has_subject ? subject : std::string(), event_id};
    }
    const Row* find(const std::string& subject, const std::string& event_id) const {
        const auto found = rows.find(key(subject, event_id));
        return found == rows.end() ? nullptr : &found->second;
    }

    std::map<Key, Row> rows;

private:
    std::optional<Time> may_leave_at(Time now) const {
        return table_.keeps_content_at ? std::nullopt : std::optional(now);
    }
    void insert(const runtime::ClaimRequest& request, const std::string& instance, Time now);
    void update(
        Row& row,
        const runtime::ClaimRequest& request,
        const std::string& instance,
        const WorkersTable& workers,
        Time now
    ) const;
    runtime::ClaimReply reply_from(
        const Row& row, const runtime::ClaimRequest& request, const std::string& instance
    ) const;

    runtime::LedgerTable table_;
    std::chrono::milliseconds retention_;
};

}  // namespace chatear::test
