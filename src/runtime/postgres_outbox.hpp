#pragma once

#include "postgres/pool.hpp"
#include "runtime/outbox.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace chatear::runtime {

/// The outbox over PostgreSQL (rules 14, 15). The pool must outlive it.
class PostgresOutbox final : public Outbox {
public:
    /// About what one statement inserts or take() gives: payloads are held several times over.
    static constexpr std::size_t most_bytes = std::size_t{8} * 1024 * 1024;

    explicit PostgresOutbox(postgres::Pool& pool) : pool_(pool) {}

    asio::awaitable<void> add(std::vector<OutboxRow> rows) override;
    asio::awaitable<std::vector<TakenRow>> take(
        std::size_t most, std::chrono::milliseconds lease, std::vector<std::string> subjects_to_skip
    ) override;
    asio::awaitable<void> remove(std::vector<std::string> ids) override;
    asio::awaitable<void> put_back(std::vector<std::string> ids, std::chrono::milliseconds after)
        override;
    asio::awaitable<void> refuse(
        std::string id, std::string reason, std::optional<OutboxRow> dead_letter
    ) override;
    asio::awaitable<std::optional<std::chrono::milliseconds>> until_next_due() override;

private:
    postgres::Pool& pool_;
};

/// The channel on which the table tells of rows that are due soon (postgres::ChannelListener).
inline constexpr const char* outbox_channel = "chatear_outbox";

}  // namespace chatear::runtime
