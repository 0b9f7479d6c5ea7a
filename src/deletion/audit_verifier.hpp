#pragma once

#include "deletion/audit_pager.hpp"
#include "deletion/table_shapes.hpp"
#include "postgres/pool.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace chatear::deletion {

namespace asio = boost::asio;

/// A row that somebody noted outside of the database: the head that is told daily.
struct TrustedRow {
    std::string id;
    std::string hash;  ///< 32 raw bytes.
};

/// The first place at which the audit log is not what it was.
struct AuditBreak {
    enum class Kind {
        changed,  ///< The row says something else than it did.
        removed,  ///< One or more before the row are missing, or it itself, if it is a trusted one.
        inserted,   ///< The row was not written by the trigger.
        reordered,  ///< The row stood elsewhere.
    };
    Kind kind = Kind::changed;
    std::string id{};  ///< The row; "" where only all of them together can be judged.
    std::optional<std::int64_t> chain_seq{};
    std::string what{};  ///< For people.
};
std::string_view to_text(AuditBreak::Kind kind);

struct AuditReport {
    std::uint64_t rows = 0;     ///< Links that are right, from the start or behind the trusted row.
    std::uint64_t adopted = 0;  ///< Rows from before the chain that were compared.
    /// Whether these were compared at all: what they were stands in the first link, which a
    /// verification from a later row does not see.
    bool adopted_compared = false;
    std::optional<AuditBreak> broken{};
    std::optional<AuditHead> head{};  ///< The last link that is right: note it outside.
};

/// How far a verification is.
struct AuditProgress {
    std::uint64_t rows = 0;
    std::int64_t chain_seq = 0;
    std::int64_t last_chain_seq = 0;  ///< When it began.
};

/// Walks the whole of `action_logs`, or what stands behind a trusted row. Others may write
/// meanwhile. Telling what became of a broken row may read the whole table once: give it a pool
/// whose statements may take their time. All throws Unavailable("postgres").
class AuditVerifier {
public:
    /// `progress` is called after each page of links; it may be empty. The pool must outlive this.
    AuditVerifier(postgres::Pool& pool, std::function<void(const AuditProgress&)> progress)
        : pool_(pool), progress_(std::move(progress)) {}

    asio::awaitable<AuditReport> verify(std::optional<TrustedRow> trusted);

private:
    asio::awaitable<std::optional<AuditRow>> find(std::string condition, std::string value);
    asio::awaitable<std::optional<AuditRow>> find_next(std::int64_t chain_seq);
    asio::awaitable<void> begin_at(TrustedRow trusted);
    asio::awaitable<void> walk();
    bool follows(const AuditRow& row) const;
    void accept(AuditRow row);
    asio::awaitable<AuditBreak> explain(AuditRow row);
    asio::awaitable<AuditBreak> explain_hash(AuditRow row);
    asio::awaitable<AuditBreak> explain_link(AuditRow row);
    asio::awaitable<void> compare_adopted(AuditRow first);

    postgres::Pool& pool_;
    const std::function<void(const AuditProgress&)> progress_;
    TableShapes shapes_;
    AuditReport report_;
    std::string expected_ = chain_origin();  // The hash before the next row.
    std::optional<AuditRow> first_;
    std::int64_t last_chain_seq_ = 0;
};

}  // namespace chatear::deletion
