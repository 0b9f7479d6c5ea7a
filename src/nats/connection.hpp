#pragma once

#include "nats/credentials.hpp"
#include "nats/message.hpp"
#include "nats/protocol.hpp"
#include "nats/server_pool.hpp"
#include "nats/subscriptions.hpp"
#include "net/notification.hpp"
#include "net/resolver.hpp"
#include "net/stream.hpp"
#include "net/task_group.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace chatear::nats {

namespace asio = boost::asio;

/// One connection to a NATS server or cluster, made again for ever when it is lost. All calls on
/// the thread of its executor. It must live until stop() has returned; it logs one line at each
/// change.
class Connection {
public:
    using milliseconds = std::chrono::milliseconds;

    Connection(const asio::any_io_executor& executor, ConnectionOptions options);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void start();

    /// Flushes for stop_timeout at most, closes; fails what still waits. May be called twice or
    /// without start().
    asio::awaitable<void> stop();

    bool connected() const { return connected_; }
    asio::awaitable<void> wait_connected();

    /// False when `timeout` passed first.
    asio::awaitable<bool> wait_connected_for(milliseconds timeout);

    /// + 1 at each (re)connect; 0 before the first.
    std::uint64_t epoch() const { return epoch_; }

    /// Buffers it; what one turn of the loop publishes leaves in one write. Throws Unavailable when
    /// not connected or when the peer takes nothing and the buffer is full. An answer never comes:
    /// success means that the bytes will leave if the connection lives. Requires a valid subject
    /// and valid headers (message.hpp), and at most max_payload() bytes of both headers and
    /// payload.
    void publish(const Message& message);
    void publish(std::string_view subject, std::string_view payload);

    /// Publishes with a reply subject of our own and returns the one answer. Nobody listening is
    /// an answer with status 503, a lack of permission one with status 403. Throws Unavailable when
    /// the connection is down or lost meanwhile, or `timeout` passed.
    asio::awaitable<Message> request(Message message, milliseconds timeout);

    /// Returns when the server has processed all that was published before (PING, PONG). Throws
    /// Unavailable.
    asio::awaitable<void> flush(milliseconds timeout);

    /// `callback` runs in the reading loop: it must be quick, not throw, and not destroy the
    /// connection. The subscription is made again after each reconnect, ends with the returned
    /// object, and may be made before start().
    [[nodiscard]] Subscription subscribe(
        std::string subject, std::function<void(Message)> callback
    );

    /// A subject prefix without its last dot that no one else uses: `_INBOX.<random>`.
    std::string new_inbox() const;

    std::size_t max_payload() const { return info_.max_payload; }  ///< Of the last server seen.
    const ServerInfo& server() const { return info_; }
    std::string peer() const;  ///< host:port of the present or last server.

    /// Why it is not connected, for /readyz; empty while it is.
    const std::string& last_error() const { return last_error_; }

    /// Called in the turn in which the connection is gained or lost. Ends with the returned
    /// object's last copy.
    [[nodiscard]] std::shared_ptr<void> on_change(std::function<void()> callback);

    asio::any_io_executor executor() const { return executor_; }

private:
    struct PendingReply;
    struct PendingPong;
    using Replies = std::map<std::string, std::shared_ptr<PendingReply>, std::less<>>;

    asio::awaitable<void> run();
    asio::awaitable<bool> live_once();
    asio::awaitable<void> connect(ServerUrl server);
    asio::awaitable<void> secure(std::shared_ptr<net::Stream> stream, ServerUrl server);
    asio::awaitable<void> log_in(std::shared_ptr<net::Stream> stream, ServerUrl server);
    asio::awaitable<ServerOperation> read_operation(std::shared_ptr<net::Stream> stream);
    asio::awaitable<void> read_until_lost();
    asio::awaitable<void> write_output();
    asio::awaitable<void> watch_liveness();
    asio::awaitable<void> leave_lame_duck(std::uint64_t epoch);

    bool take_all();
    void take(ServerOperation operation);
    void take_info(ServerInfo info);
    void take_error(const std::string& text);
    void take_ping();
    void take_pong();
    void take_reply(Message message);
    void gained();
    void lost();
    void log_loss(bool was_connected);
    /// What is refused again and again, or cannot be reached, is said once a connection.
    bool is_new_in_log(std::string text);
    void end_stream(std::string why);
    void append_ping(std::shared_ptr<PendingPong> waiter);
    void check_room(std::size_t bytes) const;
    void fail_waiting(const std::string& why);
    void tell_change();

    asio::any_io_executor executor_;
    ConnectionOptions options_;
    ServerPool pool_;
    net::Resolver resolver_;
    net::Notification changed_;
    net::Notification output_changed_;
    std::string inbox_;
    std::uint64_t next_reply_ = 1;

    std::shared_ptr<net::Stream> stream_;  // Shared with a writer that may end a turn later.
    Parser parser_;
    ServerInfo info_;
    ServerUrl server_;
    bool connected_ = false;
    bool refused_ = false;  // The server said that who we are is not good enough.
    bool moving_ = false;   // Left a lame duck.
    bool stopped_ = false;
    std::uint64_t epoch_ = 0;
    std::string last_error_;
    std::string why_lost_;                 // The first reason wins; the rest are its consequences.
    std::set<std::string> logged_errors_;  // Said in the log since the last connection.

    std::string output_;             // To be written by the next write.
    std::size_t writing_bytes_ = 0;  // Being written.
    int silent_pings_ = 0;           // PINGs since anything was received.
    int unanswered_pings_ = 0;       // PINGs since a PONG.

    std::shared_ptr<SubscriptionTable> subscriptions_;
    std::shared_ptr<Replies> replies_;                // Shared with the requests that wait in it.
    std::deque<std::shared_ptr<PendingPong>> pongs_;  // One a PING written; null for our own.
    std::vector<std::weak_ptr<std::function<void()>>> listeners_;
    Subscription inbox_subscription_;
    net::TaskGroup tasks_;
};

}  // namespace chatear::nats
