#pragma once

#include "net/resolver.hpp"
#include "postgres/connection_string.hpp"
#include "postgres/options.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <memory>
#include <string>

struct pg_conn;

namespace chatear::postgres {

namespace asio = boost::asio;

/// Calls PQfinish.
struct Finish {
    void operator()(pg_conn* connection) const;
};
using Handle = std::unique_ptr<pg_conn, Finish>;

/// libpq's socket while Asio waits on it. It is libpq's to close, so it is let go in time.
class BorrowedSocket {
public:
    explicit BorrowedSocket(const asio::any_io_executor& executor) : descriptor_(executor) {}
    ~BorrowedSocket() { release(); }
    BorrowedSocket(const BorrowedSocket&) = delete;
    BorrowedSocket& operator=(const BorrowedSocket&) = delete;

    /// Throws Unavailable where the kernel cannot watch it (epoll_ctl(2): ENOMEM, ENOSPC); `where`
    /// is the server's.
    void assign(int socket, const std::string& where);
    void release() noexcept;  ///< Waits under way end with operation_aborted.
    void cancel() { descriptor_.cancel(); }

    /// Whether it became ready: false when it was released or cancelled, or the task is stopped.
    asio::awaitable<bool> ready_to_read();
    asio::awaitable<bool> ready_to_write();

private:
    asio::posix::stream_descriptor descriptor_;
};

/// A connection that has been opened, and where to.
struct Opened {
    Handle handle;
    std::string where;

    Opened(Handle opened, std::string peer) : handle(std::move(opened)), where(std::move(peer)) {}
};

/// Tries each address of each host in turn, without blocking: names are resolved by `resolver`,
/// and libpq is driven by PQconnectPoll, each address with a time limit of its own. Throws
/// Unavailable naming each and its reason.
asio::awaitable<Opened> open_any(net::Resolver& resolver, ConnectionOptions options);

}  // namespace chatear::postgres
