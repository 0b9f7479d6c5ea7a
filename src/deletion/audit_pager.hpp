#pragma once

#include "deletion/audit_chain.hpp"
#include "postgres/pool.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace chatear::deletion {

namespace asio = boost::asio;

/// Reads `action_logs` page by page. Each is found by its key, so that none costs more than the one
/// before it, however long the log is. Others may write meanwhile. All throws
/// Unavailable("postgres").
class AuditPager {
public:
    static constexpr std::int64_t page_rows = 10'000;

    /// The pool must outlive it, and have two connections or more.
    explicit AuditPager(postgres::Pool& pool) : pool_(pool) {}

    /// The next rows from before the chain, in the order of their ids by bytes: the same on every
    /// machine. Empty = that was all.
    asio::awaitable<std::vector<AuditRow>> next_adopted();

    /// The next links, in the order of their numbers. Empty = there are no more yet.
    asio::awaitable<std::vector<AuditRow>> next_links();

    /// next_links() goes on behind this one.
    void begin_behind(AuditHead link) { last_link_ = std::move(link); }

private:
    postgres::Pool& pool_;
    std::optional<std::string> last_adopted_;  // Its id.
    std::optional<AuditHead> last_link_;
};

}  // namespace chatear::deletion
