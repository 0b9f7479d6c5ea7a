#include "postgres/handshake.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "net/deadline.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>
#include <libpq-fe.h>

#include <charconv>

namespace chatear::postgres {
namespace {

// Called by libpq in the middle of its work: nothing may be thrown through it.
void log_notice(void* /*context*/, const PGresult* result) noexcept {
    try {
        const char* message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
        log::debug("notice from postgres", {{"message", message == nullptr ? "" : message}});
    } catch (const std::exception&) {
        return;
    }
}

asio::awaitable<Handle> open_one(Words words, std::chrono::milliseconds limit) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    std::vector<const char*> names;
    std::vector<const char*> values;
    for (const auto& [name, value] : words) {
        names.push_back(name.c_str());
        values.push_back(value.c_str());
    }
    names.push_back(nullptr);
    values.push_back(nullptr);
    const std::string where = words["host"] + ":" + words["port"];
    Handle handle(PQconnectStartParams(names.data(), values.data(), 0));
    if (!handle || PQstatus(handle.get()) == CONNECTION_BAD) {
        throw Unavailable("postgres", where, one_line(PQerrorMessage(handle.get())));
    }
    PQsetNoticeReceiver(handle.get(), log_notice, nullptr);
    BorrowedSocket socket(executor);
    const net::Deadline deadline(executor, limit, [&socket] { socket.cancel(); });
    PostgresPollingStatusType next = PGRES_POLLING_WRITING;
    while (next != PGRES_POLLING_OK) {
        // libpq may have closed its socket and opened another under the same number (next address,
        // TLS fallback), so it is handed to epoll anew each time.
        socket.assign(PQsocket(handle.get()), where);
        bool ready = false;
        if (next == PGRES_POLLING_READING) {
            ready = co_await socket.ready_to_read();
        } else {
            ready = co_await socket.ready_to_write();
        }
        socket.release();
        if (deadline.expired()) {
            throw Unavailable(
                "postgres", where, fmt::format("no connection within {} ms", limit.count())
            );
        }
        if (!ready) {
            throw boost::system::system_error(asio::error::operation_aborted);
        }
        next = PQconnectPoll(handle.get());
        if (next == PGRES_POLLING_FAILED) {
            throw Unavailable("postgres", where, one_line(PQerrorMessage(handle.get())));
        }
    }
    co_return handle;
}

// The addresses behind one host; a Unix socket and a given hostaddr need no look-up.
asio::awaitable<std::vector<HostPort>> addresses_of(
    net::Resolver& resolver, HostPort host, std::chrono::milliseconds limit
) {
    std::vector<HostPort> addresses;
    if (!host.hostaddr.empty() || host.host.starts_with('/') || host.host.starts_with('@')) {
        addresses.push_back(host);
        co_return addresses;
    }
    std::uint16_t port = 0;
    std::from_chars(host.port.data(), host.port.data() + host.port.size(), port);
    const std::string name = host.host;
    const auto endpoints = co_await resolver.resolve("postgres", name, port, limit);
    for (const auto& endpoint : endpoints) {
        addresses.push_back({host.host, endpoint.address().to_string(), host.port});
    }
    co_return addresses;
}

}  // namespace

void Finish::operator()(pg_conn* connection) const {
    PQfinish(connection);
}

void BorrowedSocket::assign(int socket, const std::string& where) {
    boost::system::error_code error;
    descriptor_.assign(socket, error);
    if (error) {
        throw Unavailable("postgres", where, "its socket cannot be watched: " + error.message());
    }
}

void BorrowedSocket::release() noexcept {
    if (descriptor_.is_open()) {
        descriptor_.release();
    }
}

asio::awaitable<bool> BorrowedSocket::ready_to_read() {
    boost::system::error_code error;
    co_await descriptor_.async_wait(
        asio::posix::stream_descriptor::wait_read, asio::redirect_error(asio::use_awaitable, error)
    );
    co_return !error;
}

asio::awaitable<bool> BorrowedSocket::ready_to_write() {
    boost::system::error_code error;
    co_await descriptor_.async_wait(
        asio::posix::stream_descriptor::wait_write, asio::redirect_error(asio::use_awaitable, error)
    );
    co_return !error;
}

asio::awaitable<Opened> open_any(net::Resolver& resolver, ConnectionOptions options) {
    const Result<Words> words = parse_url(options.url);
    if (!words) {
        throw Unavailable("postgres", "?", words.error().message);
    }
    std::string failures;
    for (const HostPort& host : hosts_of(*words)) {
        std::vector<HostPort> addresses;
        try {
            addresses = co_await addresses_of(resolver, host, options.connect_timeout);
        } catch (const Unavailable& error) {
            failures +=
                fmt::format("{}{}: {}", failures.empty() ? "" : "; ", error.where(), error.why());
        }
        for (const HostPort& address : addresses) {
            const Words one = words_for(*words, address, options);
            try {
                Handle handle = co_await open_one(one, options.connect_timeout);
                co_return Opened(std::move(handle), address.host + ":" + address.port);
            } catch (const Unavailable& error) {
                failures += fmt::format(
                    "{}{}: {}", failures.empty() ? "" : "; ", error.where(), error.why()
                );
            }
        }
    }
    throw Unavailable("postgres", describe_hosts(options.url), failures);
}

}  // namespace chatear::postgres
