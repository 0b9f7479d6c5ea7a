#pragma once

#include "runtime/outbox.hpp"

#include <boost/asio/awaitable.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// What every `Outbox` does, the one over PostgreSQL and the one in memory.
namespace chatear::conformance {

namespace asio = boost::asio;

using namespace std::chrono_literals;

class OutboxWorld {
public:
    virtual ~OutboxWorld() = default;

    virtual void run(const std::function<asio::awaitable<void>()>& body) = 0;
    virtual runtime::Outbox& outbox() = 0;
};

using MakeOutboxWorld = std::unique_ptr<OutboxWorld> (*)();

/// Calls without coroutines.
class OutboxContract : public testing::TestWithParam<MakeOutboxWorld> {
protected:
    OutboxContract() : world_(GetParam()()) {}

    void add(std::vector<runtime::OutboxRow> rows);
    /// Takes at most `most` rows for `lease`.
    std::vector<runtime::TakenRow> take(
        std::size_t most = 10,
        std::chrono::milliseconds lease = 1min,
        const std::vector<std::string>& subjects_to_skip = {}
    );
    /// The events of what is taken so.
    std::vector<std::string> take_events(
        std::size_t most = 10, const std::vector<std::string>& subjects_to_skip = {}
    );
    void remove(const runtime::TakenRow& row);
    void put_back(const runtime::TakenRow& row, std::chrono::milliseconds after);
    void refuse(
        const runtime::TakenRow& row, std::optional<runtime::OutboxRow> dead_letter = std::nullopt
    );
    std::optional<std::chrono::milliseconds> until_next_due();

    /// A retry of an event, due at once.
    static runtime::OutboxRow retry_of(const std::string& event_id, std::uint32_t generation = 1);
    static runtime::OutboxRow dead_letter_of(const std::string& event_id);

private:
    std::unique_ptr<OutboxWorld> world_;
};

}  // namespace chatear::conformance
