#include "nats/credentials.hpp"

#include <boost/url/parse.hpp>

#include <algorithm>
#include <charconv>
#include <system_error>

namespace chatear::nats {
namespace {

bool has_log_in(const ServerUrl& server) {
    return !server.user.empty() || !server.token.empty();
}

/// `shown` is what an error quotes, its passwords taken out: the whole list, since of a password
/// with a bare comma in it the URL alone would be a piece.
Result<ServerUrl> parse(std::string_view url, std::string_view shown) {
    const bool has_scheme = url.find("://") != std::string_view::npos;
    const std::string whole = has_scheme ? std::string(url) : "nats://" + std::string(url);
    const auto parsed = boost::urls::parse_uri(whole);
    if (!parsed || parsed->host().empty()) {
        return Error{
            "'" + without_password(shown) + "' is no URL of a NATS server, as in nats://host:4222"};
    }
    if (parsed->scheme() != "nats" && parsed->scheme() != "tls") {
        return Error{
            "'" + without_password(shown) + "' begins neither with nats:// nor with tls://"};
    }
    if ((!parsed->path().empty() && parsed->path() != "/") || parsed->has_query() ||
        parsed->has_fragment()) {
        return Error{"'" + without_password(shown) + "' has something behind its port"};
    }
    ServerUrl server;
    server.tls = parsed->scheme() == "tls";
    server.host = parsed->host_address();
    if (parsed->has_port() && !parsed->port().empty()) {
        const std::string_view digits = parsed->port();
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), server.port);
        if (error != std::errc() || server.port == 0) {
            return Error{"'" + without_password(shown) + "' has a port that is none"};
        }
    }
    if (parsed->has_password()) {
        server.user = parsed->user();
        server.password = Secret(parsed->password());
    } else if (parsed->has_userinfo()) {
        server.token = Secret(parsed->user());
    }
    return server;
}

}  // namespace

std::string ServerUrl::address() const {
    const bool is_ipv6 = host.find(':') != std::string::npos;
    return (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<ServerUrl> parse_server_url(std::string_view url) {
    return parse(url, url);
}

Result<std::vector<ServerUrl>> parse_server_urls(std::string_view urls) {
    std::vector<ServerUrl> servers;
    const std::string_view all = urls;
    while (true) {
        std::string_view url = urls.substr(0, urls.find(','));
        while (!url.empty() && url.front() == ' ') {
            url.remove_prefix(1);
        }
        while (!url.empty() && url.back() == ' ') {
            url.remove_suffix(1);
        }
        Result<ServerUrl> server = parse(url, all);
        if (!server) {
            return server.error();
        }
        servers.push_back(std::move(*server));
        if (urls.find(',') == std::string_view::npos) {
            break;
        }
        urls.remove_prefix(urls.find(',') + 1);
    }
    const auto with_log_in = std::find_if(servers.begin(), servers.end(), has_log_in);
    for (ServerUrl& server : servers) {
        if (with_log_in != servers.end() && !has_log_in(server)) {
            server.user = with_log_in->user;
            server.password = with_log_in->password;
            server.token = with_log_in->token;
        }
    }
    return servers;
}

}  // namespace chatear::nats
