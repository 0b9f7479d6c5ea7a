#include "postgres/connection.hpp"

#include "base/error.hpp"
#include "net/moment.hpp"
#include "postgres/session.hpp"

#include <utility>

namespace chatear::postgres {
namespace {

// A statement's plan is made once, without a look at its parameters (making one for each batch of a
// few rows costs more than the batch does), and stays for days. Made while a table was nearly
// empty, it read the whole of it for each batch, and went on so when it had 60,000 rows. A merge
// join does that by an index, and a bitmap scan takes all that is due and sorts it where the first
// rows of the index would do. Where no index leads to the rows, a table is read all the same; but
// its price then looks like one that a compiler is worth. What else it takes is up to the
// statements' words: postgres/statement.hpp.
constexpr Statement make_ours = R"(
    SELECT set_config('statement_timeout', $1, false), set_config('lock_timeout', $2, false),
           set_config('idle_in_transaction_session_timeout', $3, false),
           set_config('timezone', 'UTC', false), set_config('datestyle', 'ISO', false),
           set_config('bytea_output', 'hex', false), set_config('jit', 'off', false),
           CASE WHEN $4::boolean THEN set_config('enable_seqscan', 'off', false) END,
           CASE WHEN $4::boolean THEN set_config('enable_mergejoin', 'off', false) END,
           CASE WHEN $4::boolean THEN set_config('enable_bitmapscan', 'off', false) END,
           CASE WHEN $4::boolean THEN set_config('plan_cache_mode', 'force_generic_plan', false) END)";

SqlError nul_error(std::size_t parameter) {
    return {"22021", "parameter " + std::to_string(parameter) + " has a NUL byte", "", ""};
}

std::string in_ms(std::chrono::milliseconds limit) {
    return std::to_string(limit.count());
}

}  // namespace

Connection::Connection(net::TaskGroup& tasks, ConnectionOptions options)
    : tasks_(tasks),
      options_(std::move(options)),
      session_(std::make_shared<Session>(tasks.executor(), options_)) {}

Connection::~Connection() {
    session_->close("dropped");
}

asio::awaitable<void> Connection::connect(net::Resolver& resolver) {
    Opened opened = co_await open_any(resolver, options_);
    session_->adopt(std::move(opened));
    tasks_.start("postgres read", Session::read(session_));
    tasks_.start("postgres write", Session::write(session_));
    tasks_.start("postgres watch", Session::watch(session_));
    Params limits;
    limits.text(in_ms(options_.statement_timeout));
    limits.text(in_ms(options_.lock_timeout));
    limits.text(in_ms(options_.statement_timeout * 2));
    limits.boolean(options_.plans_stay);
    const QueryResult made = co_await query(make_ours, limits);
    if (!made) {
        session_->close(describe(made.error()));
        session_->throw_unavailable();
    }
}

asio::awaitable<QueryResult> Connection::query(Statement statement, const Params& params) {
    const std::optional<std::size_t> with_nul = params.with_nul();
    if (with_nul) {
        co_return nul_error(*with_nul);
    }
    const std::shared_ptr<Session> session = session_;
    const std::shared_ptr<Session::Answer> answer =
        session->submit(statement.text(), params, false);
    QueryResult result = co_await answer->wait();
    session->judge(result);
    co_return result;
}

asio::awaitable<QueryResult> Connection::query_and_commit(
    Statement statement, const Params& params
) {
    const std::optional<std::size_t> with_nul = params.with_nul();
    if (with_nul) {
        co_return nul_error(*with_nul);
    }
    const Params none;
    const std::shared_ptr<Session> session = session_;
    const std::shared_ptr<Session::Answer> answer =
        session->submit(statement.text(), params, false);
    const std::shared_ptr<Session::Answer> end = session->submit("COMMIT", none, false);
    QueryResult result = co_await answer->wait();
    const QueryResult committed = co_await end->wait();
    session->judge(result);
    session->judge(committed);
    if (result && !committed) {
        co_return committed.error();
    }
    co_return result;
}

asio::awaitable<QueryResult> Connection::run_script(std::string text) {
    const std::shared_ptr<Session> session = session_;
    const std::shared_ptr<Session::Answer> answer = session->submit_script(text);
    QueryResult result = co_await answer->wait();
    session->judge(result);
    co_return result;
}

void Connection::send_and_forget(Statement statement) noexcept {
    try {
        session_->submit(statement.text(), Params(), true);
    } catch (const Unavailable&) {
        return;  // Gone, and with it what it was to end.
    }
}

void Connection::on_notification(std::function<void(std::string_view channel)> callback) {
    session_->on_notification = std::move(callback);
}

asio::awaitable<bool> Connection::closed_within(std::chrono::milliseconds limit) {
    const std::shared_ptr<Session> session = session_;
    const auto end = net::now() + limit;
    while (!session->closed) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - net::now());
        if (left.count() <= 0) {
            co_return false;
        }
        co_await session->changed.wait_for(left);
    }
    co_return true;
}

void Connection::close(const std::string& why) noexcept {
    session_->close(why);
}

bool Connection::open() const {
    return session_->open;
}

std::size_t Connection::under_way() const {
    return session_->under_way();
}

const std::string& Connection::where() const {
    return session_->where;
}

const std::string& Connection::why_closed() const {
    return session_->why_closed;
}

}  // namespace chatear::postgres
