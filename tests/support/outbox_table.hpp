#pragma once

#include "base/clock.hpp"
#include "runtime/outbox.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace chatear::test {

/// The table `outbox`, which processes share; `now` is the database's clock.
class OutboxTable {
public:
    struct Row {
        runtime::TakenRow row;
        Time due_at{};
        std::string refused_reason{};
    };

    /// Nothing happens where its key stands.
    void insert(runtime::OutboxRow row, Time now) {
        for (const auto& [id, stands] : rows) {
            const runtime::TakenRow& other = stands.row;
            if (other.kind && !row.origin_subject.empty() &&
                std::tie(other.origin_subject, other.event_id, *other.kind, other.generation) ==
                    std::tie(row.origin_subject, row.event_id, row.kind, row.generation)) {
                return;
            }
        }
        added.push_back(row);
        const std::string id = "row-" + std::to_string(added.size());
        Row& made = rows[id];
        made.due_at = row.due_at.value_or(now + row.due_after);
        made.row.id = id;
        made.row.kind = row.kind;
        made.row.subject = std::move(row.subject);
        made.row.payload = std::move(row.payload);
        made.row.headers = std::move(row.headers);
        made.row.origin_subject = std::move(row.origin_subject);
        made.row.event_id = std::move(row.event_id);
        made.row.generation = row.generation;
    }

    std::vector<runtime::TakenRow> take(
        std::size_t most,
        std::chrono::milliseconds lease,
        const std::vector<std::string>& skip,
        Time now
    ) {
        std::vector<Row*> due;
        for (auto& [id, row] : rows) {
            const bool skips = std::find(skip.begin(), skip.end(), row.row.subject) != skip.end();
            if (row.refused_reason.empty() && row.due_at <= now && !skips) {
                due.push_back(&row);
            }
        }
        std::stable_sort(due.begin(), due.end(), [](const Row* one, const Row* other) {
            return one->due_at < other->due_at;
        });
        due.resize(std::min(due.size(), most));
        std::vector<runtime::TakenRow> taken;
        for (Row* row : due) {
            row->due_at = now + lease;
            taken.push_back(row->row);
        }
        return taken;
    }

    void put_back(const std::string& id, std::chrono::milliseconds after, Time now) {
        const auto found = rows.find(id);
        if (found != rows.end()) {
            found->second.due_at = now + after;
        }
    }

    /// The row, where it brings an event back that now never comes.
    std::optional<runtime::TakenRow> refuse(
        const std::string& id,
        const std::string& reason,
        std::optional<runtime::OutboxRow> dead_letter,
        Time now
    ) {
        const auto found = rows.find(id);
        if (found == rows.end() || !found->second.refused_reason.empty()) {
            return std::nullopt;
        }
        found->second.refused_reason = reason;
        if (found->second.row.kind != runtime::OutboxKind::event) {
            return std::nullopt;
        }
        const runtime::TakenRow refused = found->second.row;
        if (dead_letter) {
            insert(*std::move(dead_letter), now);
        }
        return refused;
    }

    std::optional<std::chrono::milliseconds> until_next_due(Time now) const {
        std::optional<Time> next;
        for (const auto& [id, row] : rows) {
            if (row.refused_reason.empty() && (!next || row.due_at < *next)) {
                next = row.due_at;
            }
        }
        if (!next) {
            return std::nullopt;
        }
        return std::chrono::ceil<std::chrono::milliseconds>(std::max(*next, now) - now);
    }

    /// What waits to be published of an event that is done.
    void take_back(const std::string& subject, const std::string& event_id) {
        std::erase_if(rows, [&](const auto& entry) {
            return entry.second.row.origin_subject == subject &&
                   entry.second.row.event_id == event_id;
        });
    }

    std::map<std::string, Row> rows;
    std::vector<runtime::OutboxRow> added;  ///< All that ever were.
};

}  // namespace chatear::test
