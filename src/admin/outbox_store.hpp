#pragma once

#include "admin/replay_store.hpp"
#include "postgres/pool.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/json.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace chatear::admin {

namespace asio = boost::asio;

struct OutboxFilter {
    std::optional<std::string> subject;  ///< Published on, or of the event that it comes from.
    std::optional<std::string> event_id;
    std::optional<std::string> origin;  ///< Only of the event that it comes from.
    bool refused = false;               ///< Only refused rows.
    bool overdue = false;               ///< Only rows that should have left a minute ago.
    std::int64_t limit = 100;
};

/// A row with its bytes.
struct OutboxEntry {
    boost::json::object row;  ///< Without the payload.
    nats::Headers headers;
    std::string payload;
};

/// The table `outbox` as operators see it. Throws Unavailable; an SQL error ends the command.
class OutboxStore {
public:
    explicit OutboxStore(postgres::Pool* pool) : pool_(pool) {}

    /// Oldest due first.
    asio::awaitable<boost::json::array> list(OutboxFilter filter);

    asio::awaitable<std::optional<OutboxEntry>> find(std::string id);

    /// Makes a row due now, and no longer refused. False when there is none.
    asio::awaitable<bool> make_due(std::string id);

    /// Removes a refused row; false when there is none, or it is not refused.
    asio::awaitable<bool> drop(std::string id);

private:
    postgres::Pool* pool_;
};

/// A refused event, which has become a dead letter, as a replay: making its row due would be the
/// same generation again, which the ledger has as failed (rule 8).
ReplayRequest replay_request(const OutboxEntry& entry);

}  // namespace chatear::admin
