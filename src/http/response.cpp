#include "http/response.hpp"

#include <boost/beast/http/status.hpp>

#include <array>

namespace chatear::http {
namespace {

struct Default {
    std::string_view name;
    std::string_view value;
};

// No foreign content, no frames, no guessing of types, nothing kept, no address told to others.
constexpr std::array<Default, 5> defaults = {{
    {"Content-Security-Policy",
     "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; form-action "
     "'self'; "
     "base-uri 'none'; frame-ancestors 'none'"},
    {"X-Frame-Options", "DENY"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cache-Control", "no-store"},
}};

void append(std::string& bytes, std::string_view name, std::string_view value) {
    bytes += name;
    bytes += ": ";
    for (const char byte : value) {
        // A handler that passes input on must not be able to begin another header.
        bytes += byte == '\r' || byte == '\n' || byte == '\0' ? ' ' : byte;
    }
    bytes += "\r\n";
}

}  // namespace

std::string_view reason_phrase(unsigned status) {
    const auto phrase =
        boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(status));
    return {phrase.data(), phrase.size()};
}

Response status_response(unsigned status, std::string_view why) {
    Response response;
    response.status = status;
    response.body = std::to_string(status) + " " + std::string(reason_phrase(status)) + "\n";
    if (!why.empty()) {
        response.body += std::string(why) + "\n";
    }
    return response;
}

std::string encode(const Response& response, bool head, bool keep_alive) {
    std::string bytes = "HTTP/1.1 " + std::to_string(response.status) + " ";
    bytes += reason_phrase(response.status);
    bytes += "\r\n";
    append(bytes, "Content-Type", response.content_type);
    append(bytes, "Content-Length", std::to_string(response.body.size()));
    append(bytes, "Connection", keep_alive ? "keep-alive" : "close");
    for (const Default& header : defaults) {
        if (!find_header(response.headers, header.name)) {
            append(bytes, header.name, header.value);
        }
    }
    for (const Header& header : response.headers) {
        append(bytes, header.name, header.value);
    }
    bytes += "\r\n";
    if (!head) {
        bytes += response.body;
    }
    return bytes;
}

}  // namespace chatear::http
