#include "http/request_reader.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <limits>
#include <utility>

namespace chatear::http {
namespace {

namespace beast_http = boost::beast::http;

using Parser = beast_http::request_parser<beast_http::string_body>;

BadRequest explain(const boost::system::error_code& error) {
    if (error == beast_http::error::header_limit) {
        return {431, "The header is too large."};
    }
    if (error == beast_http::error::body_limit) {
        return {413, "The body is too large."};
    }
    if (error == beast_http::error::bad_version) {
        return {505, "This server speaks HTTP/1.1."};
    }
    return {400, "This is not HTTP: " + error.message() + "."};
}

}  // namespace

struct RequestReader::State {
    explicit State(RequestLimits given) : limits(given) { begin(); }

    void begin() {
        parser.emplace();
        parser->header_limit(std::numeric_limits<std::uint32_t>::max());  // See put().
        parser->body_limit(limits.body_bytes);
        header_bytes = 0;
        expectation = Expectation::unknown;
    }

    bool put();
    void parse();
    Request take();

    RequestLimits limits;
    std::optional<Parser> parser;
    std::string buffer;            // Received, not parsed yet.
    std::size_t header_bytes = 0;  // Of the request under way, parsed.
    std::optional<BadRequest> error;
    enum class Expectation { unknown, waiting, settled } expectation = Expectation::unknown;
};

// Parses what it can; whether there may be more to parse in the buffer. The size of the header is
// counted here: Beast's own limit depends on where the bytes were cut.
bool RequestReader::State::put() {
    const bool in_header = !parser->is_header_done();
    parser->eager(!in_header);
    boost::system::error_code failed;
    const std::size_t used = parser->put(boost::asio::buffer(buffer), failed);
    buffer.erase(0, used);
    const bool well = !failed || failed == beast_http::error::need_more;
    if (in_header && well) {
        header_bytes += used;
        const std::size_t waiting = parser->is_header_done() ? 0 : buffer.size();
        if (header_bytes + waiting > limits.header_bytes) {
            failed = beast_http::error::header_limit;
        }
    }
    if (failed && failed != beast_http::error::need_more) {
        error = explain(failed);
    }
    return !failed;
}

void RequestReader::State::parse() {
    bool more = true;
    while (more && !parser->is_done() && !buffer.empty()) {
        more = put();
    }
    if (error) {
        return;
    }
    if (parser->is_header_done() && expectation == Expectation::unknown) {
        const auto expected = parser->get()[beast_http::field::expect];
        const bool waiting = !parser->is_done() && boost::beast::iequals(expected, "100-continue");
        expectation = waiting ? Expectation::waiting : Expectation::settled;
    }
}

Request RequestReader::State::take() {
    Parser::value_type message = parser->release();
    Request request;
    request.method = std::string(message.method_string());
    request.keep_alive = message.keep_alive();
    for (const auto& field : message) {
        request.headers.push_back({std::string(field.name_string()), std::string(field.value())});
    }
    Result<Target> target = parse_target(std::string(message.target()));
    if (!target) {
        error =
            BadRequest{400, "The target of the request is wrong: " + target.error().message + "."};
        return request;
    }
    if (message.version() >= 11 && message.count(beast_http::field::host) != 1) {
        error = BadRequest{400, "A request has one Host header."};
        return request;
    }
    const std::size_t codings = message.count(beast_http::field::transfer_encoding);
    const auto coding = message[beast_http::field::transfer_encoding];
    const bool chunked = message.version() >= 11 && boost::beast::iequals(coding, "chunked");
    if (codings > 1 || (codings == 1 && !chunked)) {
        // A proxy before us may see its end elsewhere (RFC 9112, 6.3).
        error = BadRequest{400, "Its body is encoded in a way that is not known here."};
        return request;
    }
    request.path = std::move(target->path);
    request.query = std::move(target->query);
    request.body = std::move(message.body());
    return request;
}

RequestReader::RequestReader(RequestLimits limits) : state_(std::make_unique<State>(limits)) {}
RequestReader::~RequestReader() = default;
RequestReader::RequestReader(RequestReader&&) noexcept = default;
RequestReader& RequestReader::operator=(RequestReader&&) noexcept = default;

void RequestReader::feed(std::string_view bytes) {
    state_->buffer += bytes;
}

std::optional<Request> RequestReader::next() {
    State& state = *state_;
    if (state.error) {
        return std::nullopt;
    }
    state.parse();
    if (state.error || !state.parser->is_done()) {
        return std::nullopt;
    }
    Request request = state.take();
    if (state.error) {
        return std::nullopt;
    }
    state.begin();
    return request;
}

const std::optional<BadRequest>& RequestReader::error() const {
    return state_->error;
}

bool RequestReader::take_expectation() {
    const bool waiting = state_->expectation == State::Expectation::waiting;
    if (waiting) {
        state_->expectation = State::Expectation::settled;
    }
    return waiting;
}

bool RequestReader::idle() const {
    return state_->buffer.empty() && !state_->parser->got_some();
}

}  // namespace chatear::http
