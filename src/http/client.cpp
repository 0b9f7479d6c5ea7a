#include "http/client.hpp"

#include "base/assert.hpp"
#include "base/error.hpp"
#include "net/deadline.hpp"
#include "net/stream.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <utility>

namespace chatear::http {
namespace {

namespace beast_http = boost::beast::http;

using Parser = beast_http::response_parser<beast_http::string_body>;

bool safe(std::string_view text) {
    return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

bool is_token(std::string_view text) {
    return !text.empty() &&
           text.find_first_not_of(
               "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
           ) == std::string_view::npos;
}

std::string host_header(const Url& url) {
    const std::string host =
        url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]";
    const std::uint16_t usual = url.tls ? 443 : 80;
    return url.port == usual ? host : host + ":" + std::to_string(url.port);
}

// The bytes of a request, or what is wrong with it.
Result<std::string> encode(const ClientRequest& request, const Url& url) {
    if (!is_token(request.method)) {
        return Error{"the method '" + request.method + "' is none"};
    }
    std::string bytes = request.method + " " + url.target +
                        " HTTP/1.1\r\nHost: " + host_header(url) + "\r\nConnection: close\r\n";
    if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
        bytes += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
    }
    for (const Header& header : request.headers) {
        if (!is_token(header.name) || !safe(header.value)) {
            return Error{
                "the header '" + header.name + "' has a line break or another forbidden character"};
        }
        bytes += header.name + ": " + header.value + "\r\n";
    }
    return bytes + "\r\n" + request.body;
}

ClientResponse take(Parser& parser) {
    Parser::value_type message = parser.release();
    ClientResponse response;
    response.status = message.result_int();
    for (const auto& field : message) {
        response.headers.push_back({std::string(field.name_string()), std::string(field.value())});
    }
    response.body = std::move(message.body());
    return response;
}

// Feeds what it can of `buffer`; throws Unavailable for what is no response.
void parse(
    Parser& parser, std::string& buffer, const std::string& dependency, const std::string& peer
) {
    while (!parser.is_done() && !buffer.empty()) {
        boost::system::error_code failed;
        const std::size_t used = parser.put(asio::buffer(buffer), failed);
        buffer.erase(0, used);
        if (failed == beast_http::error::need_more) {
            return;
        }
        if (failed) {
            throw Unavailable(
                dependency, peer, "its response is not as it should be: " + failed.message()
            );
        }
    }
}

}  // namespace

std::optional<std::string_view> ClientResponse::header(std::string_view name) const {
    return find_header(headers, name);
}

Client::Client(const asio::any_io_executor& executor, ClientOptions options)
    : executor_(executor), options_(std::move(options)), resolver_(executor) {}

asio::awaitable<Result<ClientResponse>> Client::send(ClientRequest request) {
    const Result<Url> url = parse_url(request.url);
    if (!url) {
        co_return url.error();
    }
    const Result<std::string> bytes = encode(request, *url);
    if (!bytes) {
        co_return bytes.error();
    }
    net::Stream stream(executor_, options_.dependency);
    bool timed_out = false;
    const net::Deadline deadline(executor_, options_.timeout, [&] {
        timed_out = true;
        stream.close();
    });
    try {
        co_return co_await exchange(stream, *url, *bytes, request.method == "HEAD");
    } catch (const Unavailable& error) {
        if (timed_out) {
            throw Unavailable(options_.dependency, error.where(), "no answer in time");
        }
        throw;
    }
}

asio::awaitable<ClientResponse> Client::exchange(
    net::Stream& stream, const Url& url, std::string_view bytes, bool head
) {
    co_await stream.connect(resolver_, url.host, url.port, options_.timeout);
    if (url.tls) {
        CHATEAR_ASSERT(options_.tls);
        co_await stream.start_tls(options_.tls, url.host, options_.timeout);
    }
    co_await stream.write(bytes, options_.timeout);
    std::string buffer;
    while (true) {
        ClientResponse response = co_await receive(stream, buffer, head);
        // Others come before the response itself, asked for or not (RFC 9110, 15.2).
        if (response.status >= 200) {
            co_return response;
        }
    }
}

asio::awaitable<ClientResponse> Client::receive(
    net::Stream& stream, std::string& buffer, bool head
) {
    constexpr std::size_t most = 16 * 1024;
    Parser parser;
    parser.header_limit(static_cast<std::uint32_t>(options_.max_header_bytes));
    parser.body_limit(options_.max_body_bytes);
    parser.eager(true);
    parser.skip(head);
    parse(parser, buffer, options_.dependency, stream.peer());
    while (!parser.is_done()) {
        bool ended = false;
        try {
            co_await stream.read_into(buffer, most, options_.timeout);
        } catch (const Unavailable& error) {
            // A body without a length ends with the connection.
            ended = parser.is_header_done() && !parser.content_length() && !parser.chunked() &&
                    error.why().starts_with("closed by the peer");
            if (!ended) {
                throw;
            }
        }
        if (ended) {
            boost::system::error_code failed;
            parser.put_eof(failed);
            break;
        }
        parse(parser, buffer, options_.dependency, stream.peer());
    }
    co_return take(parser);
}

}  // namespace chatear::http
