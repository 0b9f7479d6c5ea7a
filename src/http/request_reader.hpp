#pragma once

#include "http/request.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace chatear::http {

struct RequestLimits {
    std::size_t header_bytes = 8 * 1024;
    std::size_t body_bytes = 64 * 1024;
};

/// Why a connection's bytes are no request: the status to answer with before closing it.
struct BadRequest {
    unsigned status = 400;
    std::string why;
};

/// Turns received bytes, cut anywhere, into requests (HTTP/1.1, RFC 9112). Does no I/O.
class RequestReader {
public:
    explicit RequestReader(RequestLimits limits);
    ~RequestReader();
    RequestReader(RequestReader&&) noexcept;
    RequestReader& operator=(RequestReader&&) noexcept;

    void feed(std::string_view bytes);

    /// The next whole request, or nothing: feed more, unless error() is set. Its `peer` is empty.
    std::optional<Request> next();

    const std::optional<BadRequest>& error() const;

    /// True once after a header that asks for "100 Continue" before its body (RFC 9110, 10.1.1).
    bool take_expectation();

    /// Nothing of another request has arrived: the connection may be closed without harm.
    bool idle() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace chatear::http
