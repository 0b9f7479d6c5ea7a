#include "net/listener.hpp"

#include "net/timer.hpp"

#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <fmt/format.h>

#include <stdexcept>

namespace chatear::net {
namespace {

using asio::ip::tcp;

void listen_on(tcp::acceptor& acceptor, const tcp::endpoint& endpoint) {
    acceptor.open(endpoint.protocol());
    acceptor.set_option(asio::socket_base::reuse_address(true));
    if (endpoint.address().is_v6()) {
        // All addresses are those of IPv4 too, whatever net.ipv6.bindv6only says.
        acceptor.set_option(asio::ip::v6_only(!endpoint.address().is_unspecified()));
    }
    acceptor.bind(endpoint);
    acceptor.listen();
}

/// A kernel or container may have no IPv6 at all.
void listen_on_all(tcp::acceptor& acceptor, std::uint16_t port) {
    boost::system::error_code error;
    acceptor.open(tcp::v6(), error);
    const bool has_v6 = !error;
    acceptor.close(error);
    listen_on(acceptor, {has_v6 ? tcp::v6() : tcp::v4(), port});
}

}  // namespace

Listener::Listener(const asio::any_io_executor& executor, const ListenAddress& address)
    : acceptor_(executor) {
    try {
        if (address.host.empty()) {
            listen_on_all(acceptor_, address.port);
        } else {
            const auto ip =
                asio::ip::make_address(address.host == "localhost" ? "127.0.0.1" : address.host);
            listen_on(acceptor_, {ip, address.port});
        }
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
