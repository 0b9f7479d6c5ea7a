#include "nats/server_pool.hpp"

#include "base/assert.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <utility>

namespace chatear::nats {
namespace {

bool is_address(const std::string& host) {
    boost::system::error_code error;
    boost::asio::ip::make_address(host, error);
    return !error;
}

ServerUrl inherit(ServerUrl member, const ServerUrl& told_by, Told how) {
    member.tls = member.tls || told_by.tls;
    member.user = told_by.user;
    member.password = told_by.password;
    member.token = told_by.token;
    if (how == Told::before_tls || is_address(member.host)) {
        member.tls_name = told_by.tls_name.empty() ? told_by.host : told_by.tls_name;
    }
    return member;
}

}  // namespace

ServerPool::ServerPool(std::vector<ServerUrl> configured)
    : configured_(std::move(configured)), servers_(configured_) {
    CHATEAR_ASSERT(!servers_.empty());
}

ServerUrl ServerPool::next() {
    const ServerUrl server = servers_[position_];
    position_ = (position_ + 1) % servers_.size();
    ++tried_;
    return server;
}

void ServerPool::learn(
    const std::vector<std::string>& connect_urls, const ServerUrl& told_by, Told how
) {
    const std::string next_address = servers_[position_].address();
    servers_ = configured_;
    for (const std::string& url : connect_urls) {
        const Result<ServerUrl> member = parse_server_url(url);
        if (!member || servers_.size() >= configured_.size() + max_discovered) {
            continue;
        }
        const bool known =
            std::any_of(servers_.begin(), servers_.end(), [&](const ServerUrl& server) {
                return server.address() == member->address();
            });
        if (!known) {
            servers_.push_back(inherit(*member, told_by, how));
        }
    }
    // Go on with the one whose turn it was.
    const auto found = std::find_if(servers_.begin(), servers_.end(), [&](const ServerUrl& server) {
        return server.address() == next_address;
    });
    position_ = found == servers_.end() ? 0 : static_cast<std::size_t>(found - servers_.begin());
}

}  // namespace chatear::nats
