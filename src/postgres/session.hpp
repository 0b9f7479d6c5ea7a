#pragma once

#include "net/completion.hpp"
#include "net/moment.hpp"
#include "net/notification.hpp"
#include "postgres/connection.hpp"
#include "postgres/handshake.hpp"

#include <chrono>
#include <deque>
#include <map>
#include <set>

namespace chatear::postgres {

/// What a Connection shares with the three tasks that run it: libpq's handle in pipeline mode, and
/// the queries that still wait for their answers, in order.
class Connection::Session {
public:
    using Answer = net::Completion<QueryResult>;

    Session(const asio::any_io_executor& executor, const ConnectionOptions& options);
    ~Session() { close("dropped"); }

    /// Takes over an open connection and switches it to pipeline mode.
    void adopt(Opened opened);

    /// Puts one statement and its sync on the wire. Throws Unavailable when closed.
    std::shared_ptr<Answer> submit(std::string_view text, const Params& params, bool forget);

    /// Leaves pipeline mode for a script. Requires that nothing is under way.
    std::shared_ptr<Answer> submit_script(const std::string& text);

    /// Fails everything under way with Unavailable naming `why`; later calls do nothing.
    void close(const std::string& why) noexcept;

    /// Throws Unavailable where the SQLSTATE says that not the statement is to blame.
    void judge(const QueryResult& result);

    [[noreturn]] void throw_unavailable() const;

    // The tasks. Each ends when the connection is closed.
    static asio::awaitable<void> read(std::shared_ptr<Session> session);
    static asio::awaitable<void> write(std::shared_ptr<Session> session);
    static asio::awaitable<void> watch(std::shared_ptr<Session> session);

    asio::any_io_executor executor;
    std::function<void(std::string_view channel)> on_notification;
    net::Notification changed;  ///< Closed, or something submitted.
    std::string where;
    std::string why_closed;
    bool open = false;
    bool closed = false;

    std::size_t under_way() const { return pending_.size(); }

private:
    struct Pending {
        std::shared_ptr<Answer> answer;
        QueryResult result = Rows();
        std::string prepares;   // The text that this query prepares, or nothing.
        std::string name;       // Under this name.
        bool prepared = false;  // The server has confirmed that.
        bool forget = false;
        bool script = false;
    };

    void send(Pending& pending, std::string_view text, const Params& params);
    void enqueue(Pending pending);
    void take_results();
    void take_result(pg_result* result);
    void finish_front();
    void take_notifications();
    std::string libpq_error() const;

    static constexpr std::size_t most_prepared = 256;

    const ConnectionOptions options_;
    Handle handle_;
    BorrowedSocket socket_;
    std::deque<Pending> pending_;
    std::map<std::string, std::string, std::less<>> prepared_;  // Text to name.
    std::set<std::string, std::less<>> preparing_;              // Texts, not yet confirmed.
    std::uint64_t last_name_ = 0;
    net::Notification unsent_;
    net::Moment last_progress_;
};

}  // namespace chatear::postgres
