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
        const auto [entry, is_new] =
            table_.rows.try_emplace({std::move(subject), std::move(event_id)});
        SuspectsTable::Row& row = entry->second;
        if (!is_new && row.instance != instance_) {
            ++row.crashes;
        }
        row.instance = instance_;
        co_return row.crashes;
    }
    asio::awaitable<void> clear(std::string subject, std::string event_id) override {
        check();
        const auto found = table_.rows.find({subject, event_id});
        if (found != table_.rows.end() && found->second.instance == instance_) {
            table_.rows.erase(found);
        }
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
