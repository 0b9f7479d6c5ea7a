#include "net/resolver.hpp"

#include "base/error.hpp"
#include "net/deadline.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

namespace chatear::net {

asio::awaitable<std::vector<asio::ip::tcp::endpoint>> Resolver::resolve(
    std::string dependency, std::string host, std::uint16_t port, std::chrono::milliseconds timeout
) {
    boost::system::error_code error;
    const asio::ip::address literal = asio::ip::make_address(host, error);
    if (!error) {
        co_return std::vector<asio::ip::tcp::endpoint>{asio::ip::tcp::endpoint(literal, port)};
    }
    error = {};
    const std::string service = std::to_string(port);
    const Deadline deadline(resolver_.get_executor(), timeout, [this] { resolver_.cancel(); });
    const auto found = co_await resolver_.async_resolve(
        host, service, asio::redirect_error(asio::use_awaitable, error)
    );
    std::vector<asio::ip::tcp::endpoint>& last_good = last_good_[std::pair(host, port)];
    if (!error) {
        last_good.assign(found.begin(), found.end());
    } else if (error == asio::error::operation_aborted && !deadline.expired()) {
        throw boost::system::system_error(error);
    }
    if (last_good.empty()) {
        const std::string why =
            deadline.expired() ? "the name server does not answer" : error.message();
        throw Unavailable(
            dependency, fmt::format("{}:{}", host, port), "name not resolved: " + why
        );
    }
    co_return last_good;
}

}  // namespace chatear::net
