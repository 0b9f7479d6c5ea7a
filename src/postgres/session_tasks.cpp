#include "net/moment.hpp"
#include "postgres/session.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>

namespace chatear::postgres {
namespace {

constexpr std::chrono::milliseconds grace(2000);  // Of our time limit over the server's own.

}  // namespace

asio::awaitable<void> Connection::Session::read(std::shared_ptr<Session> session) {
    while (session->open) {
        const bool ready = co_await session->socket_.ready_to_read();
        if (!session->open) {
            co_return;
        }
        if (!ready) {
            session->close("stopped");
            co_return;
        }
        const bool alive = PQconsumeInput(session->handle_.get()) == 1;
        session->last_progress_ = net::now();
        session->take_results();
        session->take_notifications();
        if (session->open && (!alive || PQstatus(session->handle_.get()) == CONNECTION_BAD)) {
            session->close(session->libpq_error());
        }
    }
}

asio::awaitable<void> Connection::Session::write(std::shared_ptr<Session> session) {
    while (session->open) {
        const int left = PQflush(session->handle_.get());
        if (left < 0) {
            session->close(session->libpq_error());
        } else if (left == 0) {
            co_await session->unsent_.wait();
        } else {
            // The reading task goes on meanwhile, so both sides cannot block on full buffers.
            const bool ready = co_await session->socket_.ready_to_write();
            if (!ready) {
                co_return;  // Closed, or stopped: the reading task closes then.
            }
        }
    }
}

asio::awaitable<void> Connection::Session::watch(std::shared_ptr<Session> session) {
    const std::chrono::milliseconds limit = session->options_.statement_timeout + grace;
    while (session->open) {
        if (session->pending_.empty()) {
            co_await session->changed.wait();
            continue;
        }
        const auto silent = net::now() - session->last_progress_;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(limit - silent);
        if (left.count() <= 0) {
            session->close(fmt::format("no answer for {} ms", limit.count()));
            co_return;
        }
        co_await session->changed.wait_for(left);
    }
}

}  // namespace chatear::postgres
