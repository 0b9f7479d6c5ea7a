#pragma once

#include "postgres/pool.hpp"
#include "runtime/ledger.hpp"
#include "runtime/ledger_sql.hpp"
#include "runtime/registry.hpp"

#include <chrono>
#include <cstddef>
#include <vector>

namespace chatear::runtime {

/// The ledger over PostgreSQL: each batch is one statement, its keys in order (rules 5 to 11): a
/// short one for what nearly all events are, new or done, and a second one, which knows all the
/// rules, only for a batch of which that was not true.
class PostgresLedger final : public Ledger {
public:
    /// `retention` is what rule 3 measures by. The pool must outlive it.
    PostgresLedger(
        postgres::Pool& pool,
        Identity identity,
        LedgerTable table,
        std::chrono::milliseconds retention
    );

    asio::awaitable<std::vector<ClaimReply>> claim(std::vector<ClaimRequest> requests) override;
    asio::awaitable<std::vector<bool>> record(std::vector<VerdictRequest> requests) override;
    asio::awaitable<std::vector<bool>> begin_content(std::vector<ContentRequest> requests) override;
    asio::awaitable<void> speak_for(FlightLog dead) override;
    asio::awaitable<std::size_t> remove_final_rows(std::chrono::milliseconds age, std::size_t most)
        override;

private:
    using Places = std::vector<std::size_t>;

    asio::awaitable<void> claim_new(
        const std::vector<ClaimRequest>& requests,
        const Places& places,
        std::vector<ClaimReply>& replies
    );
    asio::awaitable<void> claim_any(
        const std::vector<ClaimRequest>& requests,
        const Places& places,
        std::vector<ClaimReply>& replies
    );
    asio::awaitable<bool> record_done(
        const std::vector<VerdictRequest>& requests, const Places& places
    );
    postgres::Params claim_params(const std::vector<ClaimRequest>& requests, const Places& places)
        const;
    asio::awaitable<std::vector<std::size_t>> record_part(
        const std::vector<VerdictRequest>& requests, const Places& places
    );
    postgres::Params record_params(
        const std::vector<VerdictRequest>& requests, const Places& places
    ) const;
    asio::awaitable<std::vector<std::size_t>> mark_accepted(
        const std::vector<Flight>& flights, const Places& places
    );
    ClaimReply reply_from(const postgres::Rows& rows, std::size_t row, const ClaimRequest& request)
        const;

    postgres::Pool& pool_;
    const Identity identity_;
    const LedgerTable table_;
    const std::chrono::milliseconds retention_;
    const LedgerSql sql_;
};

}  // namespace chatear::runtime
