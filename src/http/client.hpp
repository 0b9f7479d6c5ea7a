#pragma once

#include "base/result.hpp"
#include "http/request.hpp"
#include "http/url.hpp"
#include "net/resolver.hpp"
#include "net/stream.hpp"
#include "net/tls_context.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatear::http {

namespace asio = boost::asio;

struct ClientOptions {
    std::string dependency = "http";           ///< The name that Unavailable carries.
    net::TlsContext tls;                       ///< Required for https URLs.
    std::chrono::milliseconds timeout{10000};  ///< For all of one request.
    std::size_t max_header_bytes = 16 * 1024;
    std::size_t max_body_bytes = 64 * 1024;
};

struct ClientRequest {
    std::string method = "GET";
    std::string url;
    std::vector<Header> headers;
    std::string body;
};

struct ClientResponse {
    unsigned status = 0;
    std::vector<Header> headers;
    std::string body;

    /// The first header of that name (any case), or nothing.
    std::optional<std::string_view> header(std::string_view name) const;
};

/// Asks other servers, a connection a request, no redirects, no cookies.
class Client {
public:
    Client(const asio::any_io_executor& executor, ClientOptions options);

    /// The response whatever its status. An Error is a request that cannot be made (a bad URL, a
    /// header with a line break). Throws Unavailable when the server does not answer in time, in
    /// HTTP, and within bounds.
    asio::awaitable<Result<ClientResponse>> send(ClientRequest request);

private:
    asio::awaitable<ClientResponse> exchange(
        net::Stream& stream, const Url& url, std::string_view bytes, bool head
    );
    /// The next response; what stands behind it stays in `buffer`.
    asio::awaitable<ClientResponse> receive(net::Stream& stream, std::string& buffer, bool head);

    asio::any_io_executor executor_;
    ClientOptions options_;
    net::Resolver resolver_;
};

}  // namespace chatear::http
