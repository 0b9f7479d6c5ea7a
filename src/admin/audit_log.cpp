#include "admin/audit_log.hpp"

#include "admin/json_rows.hpp"
#include "admin/tool.hpp"
#include "base/digest.hpp"
#include "base/utc.hpp"
#include "deletion/table_shapes.hpp"

#include <fmt/format.h>

#include <string_view>
#include <utility>
#include <vector>

namespace chatear::admin {
namespace {

// Two statements: an index over chain_seq has the latest links in front, but no rows without one.
constexpr std::string_view latest_links = R"(
    SELECT to_json(r)::text FROM (
        SELECT chain_seq, id::text AS id, created_at, user_id::text AS user_id, action, meta
        FROM action_logs WHERE chain_seq IS NOT NULL{} ORDER BY chain_seq DESC LIMIT $1::bigint) r)";
constexpr std::string_view latest_adopted = R"(
    SELECT to_json(r)::text FROM (
        SELECT chain_seq, id::text AS id, created_at, user_id::text AS user_id, action, meta
        FROM action_logs WHERE chain_seq IS NULL{} ORDER BY created_at DESC, id DESC LIMIT $1::bigint) r)";

/// The conditions of a filter, in the form that the indexes have, and their values.
class Conditions {
public:
    Conditions(const AuditFilter& filter, const deletion::IdType& user_id) {
        params_.integer(filter.limit);
        if (filter.user_id) {
            add_user(*filter.user_id, user_id);
        }
        if (filter.deletion_id) {
            add("meta ->> 'deletion_id' = ${}", *filter.deletion_id);
        }
        if (filter.action) {
            add("(action = ${0} OR starts_with(action, ${0} || '.'))", *filter.action);
        }
        if (filter.since) {
            text_ += fmt::format(" AND created_at >= ${}::timestamptz", ++number_);
            params_.time(*filter.since);
        }
    }

    const std::string& text() const { return text_; }
    const postgres::Params& params() const { return params_; }

private:
    void add_user(const std::string& id, const deletion::IdType& type) {
        const std::optional<std::string> canonical = type.canonical(id);
        if (canonical) {
            add("user_id = ${}::" + type.name, *canonical);
        } else {
            add("user_id IS NULL AND meta ->> 'user_id' = ${}", id);
        }
    }

    void add(const std::string& condition, const std::string& value) {
        text_ += " AND " + fmt::format(fmt::runtime(condition), ++number_);
        params_.text(value);
    }

    int number_ = 1;
    std::string text_;
    postgres::Params params_;
};

boost::json::value text_or_null(const std::optional<std::string>& text) {
    return text ? boost::json::value(*text) : boost::json::value();
}

boost::json::value hex_or_null(const std::string& hash) {
    return hash.empty() ? boost::json::value() : boost::json::value(to_hex(hash));
}

boost::json::object line_of(const deletion::AuditRow& row) {
    boost::json::object line;
    line["chain_seq"] = row.chain_seq ? boost::json::value(*row.chain_seq) : boost::json::value();
    line["id"] = row.id;
    line["user_id"] = text_or_null(row.user_id);
    line["action"] = text_or_null(row.action);
    line["created_at"] =
        row.created_at ? boost::json::value(format_time(*row.created_at)) : boost::json::value();
    line["meta"] = text_or_null(row.meta);
    line["prev_hash"] = hex_or_null(row.prev_hash);
    line["hash"] = hex_or_null(row.hash);
    return line;
}

}  // namespace

asio::awaitable<boost::json::array> AuditLog::list(AuditFilter filter) {
    const deletion::TableShapes shapes = co_await deletion::read_table_shapes(pool_);
    const Conditions of_links(filter, shapes.log_user_id);
    std::string statement = fmt::format(latest_links, of_links.text());
    boost::json::array rows = co_await select(std::move(statement), of_links.params());
    filter.limit -= static_cast<std::int64_t>(rows.size());
    if (filter.limit > 0) {
        const Conditions of_adopted(filter, shapes.log_user_id);
        statement = fmt::format(latest_adopted, of_adopted.text());
        boost::json::array more = co_await select(std::move(statement), of_adopted.params());
        rows.insert(rows.end(), more.begin(), more.end());
    }
    co_return std::move(rows);
}

asio::awaitable<boost::json::array> AuditLog::select(
    std::string statement, postgres::Params params
) {
    auto found = co_await pool_.query(statement, std::move(params));
    const postgres::Rows rows = rows_or_end(std::move(found));
    co_return json_rows(rows);
}

asio::awaitable<boost::json::array> AuditLog::next() {
    std::vector<deletion::AuditRow> page;
    if (!adopted_done_) {
        page = co_await pager_.next_adopted();
        adopted_done_ = page.empty();
    }
    if (adopted_done_) {
        page = co_await pager_.next_links();
    }
    boost::json::array lines;
    for (const deletion::AuditRow& row : page) {
        lines.push_back(line_of(row));
    }
    co_return std::move(lines);
}

}  // namespace chatear::admin
