#include "deletion/audit_verifier.hpp"

#include "base/digest.hpp"
#include "deletion/audit_rows.hpp"
#include "runtime/store_statement.hpp"

#include <fmt/format.h>

#include <limits>
#include <utility>

namespace chatear::deletion {
namespace {

using runtime::run_store_statement;

const std::string select_next = fmt::format(
    "SELECT {} FROM action_logs WHERE chain_seq > $1::bigint ORDER BY chain_seq LIMIT 1",
    audit_row_columns
);

const std::string select_last = "SELECT coalesce(max(chain_seq), 0) FROM action_logs";

AuditBreak break_at(AuditBreak::Kind kind, const AuditRow& row, std::string what) {
    return {kind, row.id, row.chain_seq, std::move(what)};
}

}  // namespace

std::string_view to_text(AuditBreak::Kind kind) {
    switch (kind) {
        case AuditBreak::Kind::changed:
            return "changed";
        case AuditBreak::Kind::removed:
            return "removed";
        case AuditBreak::Kind::inserted:
            return "inserted";
        case AuditBreak::Kind::reordered:
            return "reordered";
    }
    return "";
}

asio::awaitable<AuditReport> AuditVerifier::verify(std::optional<TrustedRow> trusted) {
    shapes_ = co_await read_table_shapes(pool_);
    report_ = AuditReport();
    expected_ = chain_origin();
    first_.reset();
    postgres::Params none;
    const postgres::Rows last = co_await run_store_statement(pool_, select_last, std::move(none));
    last_chain_seq_ = last.integer(0, 0);
    if (trusted) {
        co_await begin_at(std::move(*trusted));
    }
    if (!report_.broken) {
        co_await walk();
    }
    if (first_ && !report_.broken) {
        co_await compare_adopted(*first_);
    }
    co_return report_;
}

/// Behind a row that must still be as it was noted.
asio::awaitable<void> AuditVerifier::begin_at(TrustedRow trusted) {
    const std::optional<std::string> id = shapes_.log_id.canonical(trusted.id);
    std::optional<AuditRow> row;
    if (id) {
        std::string condition = fmt::format("id = $1::{}", shapes_.log_id.name);
        row = co_await find(std::move(condition), *id);
    }
    if (!row || !row->chain_seq) {
        report_.broken = AuditBreak{
            AuditBreak::Kind::removed, trusted.id, {}, "the trusted row is not in the chain"};
        co_return;
    }
    if (row->hash != trusted.hash || audit_hash(*row) != trusted.hash) {
        report_.broken =
            break_at(AuditBreak::Kind::changed, *row, "the trusted row has another hash now");
        co_return;
    }
    accept(std::move(*row));
}

asio::awaitable<void> AuditVerifier::walk() {
    AuditPager pager(pool_);
    if (report_.head) {
        pager.begin_behind(*report_.head);
    }
    std::vector<AuditRow> page = co_await pager.next_links();
    while (!page.empty()) {
        for (AuditRow& row : page) {
            if (!follows(row)) {
                report_.broken = co_await explain(std::move(row));
                co_return;
            }
            accept(std::move(row));
            ++report_.rows;
        }
        if (progress_) {
            progress_({report_.rows, report_.head->chain_seq, last_chain_seq_});
        }
        page = co_await pager.next_links();
    }
    if (!report_.head) {
        report_.broken =
            AuditBreak{AuditBreak::Kind::removed, "", {}, "the chain is empty: all is removed"};
    }
}

bool AuditVerifier::follows(const AuditRow& row) const {
    return row.prev_hash == expected_ && audit_hash(row) == row.hash;
}

void AuditVerifier::accept(AuditRow row) {
    expected_ = row.hash;
    report_.head = head_of(row);
    if (row.prev_hash == chain_origin()) {
        first_ = std::move(row);
    }
}

asio::awaitable<AuditBreak> AuditVerifier::explain(AuditRow row) {
    if (audit_hash(row) != row.hash) {
        co_return co_await explain_hash(std::move(row));
    }
    co_return co_await explain_link(std::move(row));
}

/// The row is not what was hashed. Where its neighbours point tells how it came there.
asio::awaitable<AuditBreak> AuditVerifier::explain_hash(AuditRow row) {
    std::optional<AuditRow> before;
    if (row.prev_hash != expected_) {
        std::string digits = to_hex(row.prev_hash);
        before = co_await find("hash = decode($1, 'hex')", std::move(digits));
    }
    if (before) {
        co_return break_at(
            AuditBreak::Kind::reordered,
            row,
            fmt::format("the row was written behind row {}, and stands elsewhere", before->id)
        );
    }
    const std::optional<AuditRow> next = co_await find_next(*row.chain_seq);
    if (next && next->prev_hash == expected_) {
        co_return break_at(
            AuditBreak::Kind::inserted,
            row,
            "the row has no hash that fits it, and the one behind it was written without it"
        );
    }
    co_return break_at(AuditBreak::Kind::changed, row, "the row says something else than its hash");
}

/// The row is what was hashed, but not behind what stands before it now.
asio::awaitable<AuditBreak> AuditVerifier::explain_link(AuditRow row) {
    std::string digits = to_hex(row.prev_hash);
    const std::optional<AuditRow> before =
        co_await find("hash = decode($1, 'hex')", std::move(digits));
    const bool begins = row.prev_hash == chain_origin();
    if (!before && !begins) {
        co_return break_at(
            AuditBreak::Kind::removed,
            row,
            "what stood before the row is missing, or was changed together with its hash"
        );
    }
    if (before && *before->chain_seq >= *row.chain_seq) {
        co_return break_at(
            AuditBreak::Kind::reordered,
            row,
            fmt::format("the row was written behind row {}, which stands behind it", before->id)
        );
    }
    const std::int64_t from =
        before ? *before->chain_seq : std::numeric_limits<std::int64_t>::min();
    const std::optional<AuditRow> inserted = co_await find_next(from);
    co_return break_at(
        AuditBreak::Kind::inserted,
        *inserted,
        fmt::format("row {} was written without it and stands behind it", row.id)
    );
}

asio::awaitable<std::optional<AuditRow>> AuditVerifier::find(
    std::string condition, std::string value
) {
    const std::string statement = fmt::format(
        "SELECT {} FROM action_logs WHERE chain_seq IS NOT NULL AND {} LIMIT 1",
        audit_row_columns,
        condition
    );
    postgres::Params params;
    params.text(std::move(value));
    const postgres::Rows rows = co_await run_store_statement(pool_, statement, std::move(params));
    co_return rows.empty() ? std::nullopt : std::optional(read_audit_row(rows, 0));
}

asio::awaitable<std::optional<AuditRow>> AuditVerifier::find_next(std::int64_t chain_seq) {
    postgres::Params params;
    params.integer(chain_seq);
    const postgres::Rows rows = co_await run_store_statement(pool_, select_next, std::move(params));
    co_return rows.empty() ? std::nullopt : std::optional(read_audit_row(rows, 0));
}

/// The rows from before the chain: only all of them together are known, by their number and digest.
asio::awaitable<void> AuditVerifier::compare_adopted(AuditRow first) {
    const std::optional<AdoptedRows> noted = read_adopted(first);
    if (!noted) {
        report_.broken = break_at(
            AuditBreak::Kind::changed, first, "the first link does not say what was adopted"
        );
        co_return;
    }
    std::string digest = chain_origin();
    AuditPager pager(pool_);
    std::vector<AuditRow> page = co_await pager.next_adopted();
    while (!page.empty()) {
        for (const AuditRow& row : page) {
            digest = fold_adopted(digest, row);
        }
        report_.adopted += page.size();
        page = co_await pager.next_adopted();
    }
    report_.adopted_compared = true;
    const auto found = static_cast<std::int64_t>(report_.adopted);
    if (found == noted->rows && to_hex(digest) == noted->digest) {
        co_return;
    }
    const auto kind = found < noted->rows   ? AuditBreak::Kind::removed
                      : found > noted->rows ? AuditBreak::Kind::inserted
                                            : AuditBreak::Kind::changed;
    report_.broken = AuditBreak{
        kind,
        "",
        {},
        fmt::format(
            "of the rows from before the chain there were {} and are {}", noted->rows, found
        )};
}

}  // namespace chatear::deletion
