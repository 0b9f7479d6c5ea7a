#pragma once

#include "net/completion.hpp"
#include "net/moment.hpp"
#include "net/notification.hpp"
#include "net/stream.hpp"
#include "redis/command.hpp"
#include "redis/reply.hpp"
#include "redis/reply_reader.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <string>

namespace chatear::redis {

namespace asio = boost::asio;

/// One TCP connection from its making to its end, after which it is not used again: what is still
/// to be written, and who waits for which reply. It ends by fail(), whoever notices first.
class Connection {
public:
    using Promise = std::shared_ptr<net::Completion<Reply>>;

    static constexpr std::size_t max_waiting =
        std::size_t{64} * 1024;  ///< Commands without a reply.
    static constexpr std::size_t max_output_bytes =
        std::size_t{16} * 1024 * 1024;  ///< Not yet written.

    Connection(
        const asio::any_io_executor& executor,
        std::string peer,
        std::chrono::milliseconds command_timeout
    );

    /// Queues a command; it leaves with all others of this turn of the loop. Throws Unavailable
    /// when the connection has ended or too much is waiting. The promise throws Unavailable for a
    /// reply that Refusal calls other than the command's own fault.
    Promise send(const Command& command);

    /// Ends everything at once: closes the stream, and who waits gets Unavailable.
    void fail(std::string why);

    bool failed() const { return !why_.empty(); }
    const std::string& why() const { return why_; }

    /// The server said that our account or its kind is wrong.
    bool misconfigured() const { return misconfigured_; }

    /// The server knows us and has taken a write.
    bool introduced() const { return introduced_; }
    void set_introduced() { introduced_ = true; }

    net::Stream& stream() { return stream_; }

    /// The loops of an open stream; each returns once the connection has failed.
    static asio::awaitable<void> write_all(std::shared_ptr<Connection> connection);
    static asio::awaitable<void> read_all(std::shared_ptr<Connection> connection);

    /// Fails the connection when the oldest command has waited too long; returns when it has
    /// failed.
    static asio::awaitable<void> watch(std::shared_ptr<Connection> connection);

    /// Returns when the connection has failed.
    static asio::awaitable<void> until_failed(std::shared_ptr<Connection> connection);

private:
    struct Waiting {
        Promise promise;
        net::Moment until;
        std::string command;  // Its name.
    };

    void take_replies(ReplyReader& reader);
    void deliver(Reply reply);

    asio::any_io_executor executor_;
    std::string peer_;
    std::chrono::milliseconds command_timeout_;
    net::Stream stream_;
    std::string output_;
    std::deque<Waiting> waiting_;  // In the order of their replies.
    std::string why_;
    bool misconfigured_ = false;
    bool introduced_ = false;
    net::Notification output_changed_;
    net::Notification waiting_changed_;  // From none to one, or failed.
};

}  // namespace chatear::redis
