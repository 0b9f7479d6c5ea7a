#include "net/resolver.hpp"

#include "base/error.hpp"
#include "net/notification.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace chatear::net {

using asio::ip::tcp;

/// Shared with the lookups under way: getaddrinfo(3) cannot be broken off, so nobody awaits it
/// itself, and its answer may come when its caller, and the resolver, are gone.
struct Resolver::State {
    explicit State(const asio::any_io_executor& executor)
        : resolver(executor), answered(executor) {}

    struct Name {
        bool under_way = false;
        boost::system::error_code error;       // Of the last lookup that ended.
        std::vector<tcp::endpoint> last_good;  // Empty = never resolved.
    };

    tcp::resolver resolver;
    std::map<std::pair<std::string, std::uint16_t>, Name> names;
    Notification answered;
};

Resolver::Resolver(const asio::any_io_executor& executor)
    : state_(std::make_shared<State>(executor)) {}

asio::awaitable<std::vector<tcp::endpoint>> Resolver::resolve(
    std::string dependency, std::string host, std::uint16_t port, std::chrono::milliseconds timeout
) {
    boost::system::error_code error;
    const asio::ip::address literal = asio::ip::make_address(host, error);
    if (!error) {
        co_return std::vector<tcp::endpoint>(1, tcp::endpoint(literal, port));
    }
    const std::shared_ptr<State> state = state_;
    State::Name& name = state->names[std::pair(host, port)];  // Entries are never removed.
    if (!name.under_way) {
        name.under_way = true;
        state->resolver.async_resolve(
            host,
            std::to_string(port),
            tcp::resolver::numeric_service,
            [state, &name](const boost::system::error_code& failed, const auto& found) {
                name.under_way = false;
                name.error = failed;
                if (!failed) {
                    name.last_good.assign(found.begin(), found.end());
                }
                state->answered.notify_all();
            }
        );
    }
    const Moment end = moment_after(name.last_good.empty() ? timeout : std::min(timeout, patience));
    bool in_time = true;
    while (name.under_way && in_time) {
        in_time = co_await state->answered.wait_until(end);
    }
    if (name.last_good.empty()) {
        const std::string why =
            name.under_way ? "the name server does not answer" : name.error.message();
        throw Unavailable(
            dependency, fmt::format("{}:{}", host, port), "name not resolved: " + why
        );
    }
    co_return name.last_good;
}

}  // namespace chatear::net
