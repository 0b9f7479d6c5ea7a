#include "deletion/audit_pager.hpp"

#include "deletion/audit_rows.hpp"
#include "deletion/store_transaction.hpp"
#include "runtime/store_statement.hpp"

#include <fmt/format.h>

#include <functional>
#include <limits>
#include <utility>

namespace chatear::deletion {
namespace {

using Page = std::vector<AuditRow>;

// For one page the planner may prefer to sort all rows, and does so for each.
const std::string by_index = "SELECT set_config('enable_sort', 'off', true)";

std::string adopted_page(std::string_view condition) {
    return fmt::format(
        "SELECT {} FROM action_logs WHERE chain_seq IS NULL {} ORDER BY id::text COLLATE \"C\" "
        "LIMIT {}",
        audit_row_columns,
        condition,
        AuditPager::page_rows
    );
}

const std::string first_adopted = adopted_page("");
const std::string adopted_behind = adopted_page("AND id::text COLLATE \"C\" > $1");

// The index over chain_seq is unique, but who can insert past the trigger can drop it.
const std::string links_behind = fmt::format(
    "SELECT {} FROM action_logs WHERE chain_seq IS NOT NULL AND ($2::text IS NULL OR (chain_seq, "
    "id::text) > ($1::bigint, $2::text)) AND chain_seq >= $1::bigint ORDER BY chain_seq, id::text "
    "LIMIT {}",
    audit_row_columns,
    AuditPager::page_rows
);

Page read_page(const postgres::Rows& rows) {
    Page page;
    page.reserve(rows.size());
    for (std::size_t n = 0; n < rows.size(); ++n) {
        page.push_back(read_audit_row(rows, n));
    }
    return page;
}

}  // namespace

asio::awaitable<Page> AuditPager::next_adopted() {
    const std::function<asio::awaitable<Page>(StoreTransaction&)> work =
        [this](StoreTransaction& transaction) -> asio::awaitable<Page> {
        postgres::Params none;
        (void)co_await transaction.run(by_index, std::move(none));
        postgres::Params params;
        if (last_adopted_) {
            params.text(*last_adopted_);
        }
        const std::string& statement = last_adopted_ ? adopted_behind : first_adopted;
        const postgres::Rows rows = co_await transaction.run(statement, std::move(params));
        co_return read_page(rows);
    };
    Page page = co_await in_transaction(pool_, work);
    if (!page.empty()) {
        last_adopted_ = page.back().id;
    }
    co_return page;
}

asio::awaitable<Page> AuditPager::next_links() {
    postgres::Params params;
    params.integer(last_link_ ? last_link_->chain_seq : std::numeric_limits<std::int64_t>::min());
    params.optional_text(last_link_ ? std::optional(last_link_->id) : std::nullopt);
    const postgres::Rows rows =
        co_await runtime::run_store_statement(pool_, links_behind, std::move(params));
    Page page = read_page(rows);
    if (!page.empty()) {
        last_link_ = head_of(page.back());
    }
    co_return page;
}

}  // namespace chatear::deletion
