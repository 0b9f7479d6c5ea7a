#include "net/listener.hpp"

#include "net/timer.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <fmt/format.h>

#include <stdexcept>

namespace chatear::net {

Listener::Listener(const asio::any_io_executor& executor, const ListenAddress& address)
    : acceptor_(executor) {
    try {
        const auto ip =
            address.host.empty()
                ? asio::ip::address(asio::ip::address_v6::any())
                : asio::ip::make_address(address.host == "localhost" ? "127.0.0.1" : address.host);
        const asio::ip::tcp::endpoint endpoint(ip, address.port);
        acceptor_.open(endpoint.protocol());
        acceptor_.set_option(asio::socket_base::reuse_address(true));
        acceptor_.bind(endpoint);
        acceptor_.listen();
    } catch (const boost::system::system_error& error) {
        throw std::runtime_error(fmt::format(
            "cannot listen on {}:{}: {}", address.host, address.port, error.code().message()
        ));
    }
}

asio::awaitable<asio::ip::tcp::socket> Listener::accept() {
    while (true) {
        boost::system::error_code error;
        asio::ip::tcp::socket socket =
            co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
        if (!error) {
            co_return socket;
        }
        if (error == asio::error::operation_aborted || !acceptor_.is_open()) {
            throw boost::system::system_error(asio::error::operation_aborted);
        }
        co_await sleep_for(milliseconds(100));
    }
}

std::uint16_t Listener::port() const {
    return acceptor_.local_endpoint().port();
}

void Listener::close() noexcept {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
}

}  // namespace chatear::net
