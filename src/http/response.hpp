#pragma once

#include "http/request.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace chatear::http {

/// What a handler answers.
struct Response {
    unsigned status = 200;
    std::string content_type = "text/plain; charset=utf-8";
    std::string body;
    std::vector<Header> headers;  ///< Others; one named like a default of ours takes its place.
};

/// A plain page that only says the status, its usual phrase, and why.
Response status_response(unsigned status, std::string_view why = {});

/// The phrase that belongs to a status (RFC 9110, 15).
std::string_view reason_phrase(unsigned status);

/// The bytes of it. Adds the headers that keep a page from being framed, cached, sniffed or fed
/// with foreign content. `head`: without the body, with its length (RFC 9110, 9.3.2).
std::string encode(const Response& response, bool head, bool keep_alive);

}  // namespace chatear::http
