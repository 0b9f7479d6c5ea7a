#include "net/stream.hpp"

#include "base/error.hpp"
#include "net/stream_state.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/container/static_vector.hpp>
#include <fmt/format.h>

#include <utility>

namespace chatear::net {

asio::awaitable<boost::system::error_code> Stream::State::write_all(
    std::vector<asio::const_buffer> buffers
) {
    boost::system::error_code error;
    if (tls) {
        co_await asio::async_write(*tls, buffers, asio::redirect_error(asio::use_awaitable, error));
    } else {
        co_await asio::async_write(
            socket, buffers, asio::redirect_error(asio::use_awaitable, error)
        );
    }
    co_return error;
}

void Stream::State::check(const boost::system::error_code& error, std::string_view doing) {
    if (!error) {
        return;
    }
    const bool was_open = std::exchange(is_open, false);
    close();
    if (error == asio::error::operation_aborted && was_open) {
        throw boost::system::system_error(error);
    }
    std::string why = error.message();
    if (timed_out) {
        why = "no answer in time";
    } else if (error == asio::error::eof || error == asio::ssl::error::stream_truncated) {
        why = "closed by the peer";
    } else if (!was_open) {
        why = "closed by us";
    }
    throw Unavailable(dependency, peer, fmt::format("{} ({})", why, doing));
}

Stream::Stream(const asio::any_io_executor& executor, std::string dependency)
    : state_(std::make_shared<State>(executor, std::move(dependency))) {}

Stream::~Stream() {
    if (state_) {
        state_->close();
    }
}

Stream::Stream(Stream&&) noexcept = default;

Stream& Stream::operator=(Stream&& other) noexcept {
    if (state_ && state_ != other.state_) {
        state_->close();
    }
    state_ = std::move(other.state_);
    return *this;
}

asio::awaitable<std::size_t> Stream::read_some(asio::mutable_buffer buffer, milliseconds timeout) {
    const std::shared_ptr<State> state = state_;
    boost::system::error_code error = asio::error::not_connected;
    std::size_t count = 0;
    if (state->is_open) {
        std::optional<Deadline> deadline;
        state->arm(deadline, timeout);
        if (state->tls) {
            count = co_await state->tls->async_read_some(
                buffer, asio::redirect_error(asio::use_awaitable, error)
            );
        } else {
            count = co_await state->socket.async_read_some(
                buffer, asio::redirect_error(asio::use_awaitable, error)
            );
        }
    }
    state->check(error, "reading");
    co_return count;
}

asio::awaitable<void> Stream::read_into(
    std::string& buffer, std::size_t most, milliseconds timeout
) {
    const std::size_t before = buffer.size();
    buffer.resize(before + most);
    std::size_t count = 0;
    try {
        count = co_await read_some(asio::mutable_buffer(buffer.data() + before, most), timeout);
    } catch (...) {
        buffer.resize(before);
        throw;
    }
    buffer.resize(before + count);
}

asio::awaitable<void> Stream::write(std::string_view bytes, milliseconds timeout) {
    std::vector<asio::const_buffer> buffers(1, asio::const_buffer(bytes.data(), bytes.size()));
    co_await write(std::move(buffers), timeout);
}

asio::awaitable<void> Stream::write(std::vector<asio::const_buffer> buffers, milliseconds timeout) {
    const std::shared_ptr<State> state = state_;
    boost::system::error_code error = asio::error::not_connected;
    if (state->is_open) {
        std::optional<Deadline> deadline;
        state->arm(deadline, timeout);
        error = co_await state->write_all(std::move(buffers));
    }
    state->check(error, "writing");
}

std::optional<std::size_t> Stream::write_now(const std::vector<std::string_view>& pieces) {
    constexpr std::size_t most_at_once = 64;  // As Asio gathers.
    if (!state_->is_open) {
        return std::nullopt;
    }
    std::size_t written = 0;
    for (std::size_t next = 0; next < pieces.size() && !state_->tls;) {
        boost::container::static_vector<asio::const_buffer, most_at_once> buffers;
        std::size_t size = 0;
        for (; next < pieces.size() && buffers.size() < most_at_once; ++next) {
            buffers.emplace_back(pieces[next].data(), pieces[next].size());
            size += pieces[next].size();
        }
        boost::system::error_code error;
        const std::size_t taken = state_->socket.write_some(buffers, error);
        if (error && error != asio::error::would_block) {
            return std::nullopt;
        }
        written += taken;
        if (taken < size) {
            break;
        }
    }
    return written;
}

asio::awaitable<bool> Stream::write_on(std::string_view bytes, milliseconds timeout) {
    const std::shared_ptr<State> state = state_;
    boost::system::error_code error = asio::error::not_connected;
    if (state->is_open) {
        std::optional<Deadline> deadline;
        state->arm(deadline, timeout);
        std::vector<asio::const_buffer> buffers(1, asio::const_buffer(bytes.data(), bytes.size()));
        error = co_await state->write_all(std::move(buffers));
    }
    const bool by_peer = error && state->is_open && error != asio::error::operation_aborted;
    if (by_peer) {
        co_return false;
    }
    state->check(error, "writing");
    co_return true;
}

void Stream::close() noexcept {
    state_->close();
}

bool Stream::open() const {
    return state_->is_open;
}

bool Stream::encrypted() const {
    return state_->tls != nullptr;
}

const std::string& Stream::peer() const {
    return state_->peer;
}

}  // namespace chatear::net
