#pragma once

#include "base/clock.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace chatear::test {

/// The table `workers`, which processes share; `now` is the database's clock (rule 7).
class WorkersTable {
public:
    struct Row {
        Time renewed_at{};
        Time renewed_since{};
        std::optional<Time> released_at{};
    };

    static constexpr Time known_dead = Time::min();  ///< `renewed_at` of who was declared dead.

    void renew(const std::string& instance, Time now) {
        const auto [entry, is_new] = rows.try_emplace(instance);
        Row& row = entry->second;
        if (is_new || row.renewed_at < now - std::chrono::seconds(15)) {
            row.renewed_since = now;
        }
        row.renewed_at = now;
    }
    void release(const std::string& instance, Time now) {
        const auto found = rows.find(instance);
        if (found != rows.end() && !found->second.released_at) {
            found->second.released_at = now;
        }
    }
    void declare_dead(const std::vector<std::string>& instances) {
        for (const std::string& instance : instances) {
            const auto found = rows.find(instance);
            if (found != rows.end() && !found->second.released_at) {
                found->second.renewed_at = known_dead;
            }
        }
    }

    /// Whether it may believe that others are dead.
    bool steady(const std::string& instance, Time now) const {
        const auto found = rows.find(instance);
        return found != rows.end() && !found->second.released_at &&
               found->second.renewed_at > now - silence &&
               found->second.renewed_since <= now - silence;
    }
    bool released(const std::optional<std::string>& instance) const {
        const auto found = instance ? rows.find(*instance) : rows.end();
        return found != rows.end() && found->second.released_at.has_value();
    }
    /// Whether `taker` may think so of the holder of a claim; nobody's claims are dead as well.
    bool dead(const std::optional<std::string>& holder, const std::string& taker, Time now) const {
        const auto found = holder ? rows.find(*holder) : rows.end();
        if (found != rows.end() && found->second.renewed_at == known_dead) {
            return true;
        }
        return steady(taker, now) &&
               (found == rows.end() || found->second.renewed_at < now - silence);
    }

    std::map<std::string, Row> rows;  ///< By instance.

private:
    static constexpr std::chrono::seconds silence{30};
};

}  // namespace chatear::test
