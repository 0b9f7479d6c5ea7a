#pragma once

#include "base/error.hpp"
#include "runtime/suspects.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace chatear::test {

namespace asio = boost::asio;

/// The table `suspects`, which processes share.
struct SuspectsTable {
    struct Row {
        std::string instance;
        std::uint32_t crashes = 0;
    };

    std::uint32_t begin(std::string subject, std::string event_id, const std::string& instance) {
        const auto [entry, is_new] = rows.try_emplace({std::move(subject), std::move(event_id)});
        Row& row = entry->second;
        if (!is_new && row.instance != instance) {
            ++row.crashes;
        }
        row.instance = instance;
        return row.crashes;
    }
    void clear(
        const std::string& subject, const std::string& event_id, const std::string& instance
    ) {
        const auto found = rows.find({subject, event_id});
        if (found != rows.end() && found->second.instance == instance) {
            rows.erase(found);
        }
    }
    /// Its process ends in good order.
    void clear_all_of(const std::string& instance) {
        std::erase_if(rows, [&](const auto& entry) { return entry.second.instance == instance; });
    }

    std::map<std::pair<std::string, std::string>, Row> rows;  ///< By subject and event.
    bool down = false;                                        ///< Throws Unavailable.
};

/// A process's way to it. Passes the conformance suite, as the one over PostgreSQL does.
class MemorySuspects final : public runtime::Suspects {
public:
    MemorySuspects(SuspectsTable& table, std::string instance)
        : table_(table), instance_(std::move(instance)) {}

    asio::awaitable<std::uint32_t> begin(std::string subject, std::string event_id) override {
        check();
        co_return table_.begin(std::move(subject), std::move(event_id), instance_);
    }
    asio::awaitable<void> clear(std::string subject, std::string event_id) override {
        check();
        table_.clear(subject, event_id, instance_);
        co_return;
    }

private:
    void check() const {
        if (table_.down) {
            throw Unavailable("postgres", "test:1", "the test says so");
        }
    }

    SuspectsTable& table_;
    const std::string instance_;
};

}  // namespace chatear::test
