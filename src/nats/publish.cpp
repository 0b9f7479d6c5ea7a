#include "nats/publish.hpp"

#include "nats/api_error.hpp"
#include "nats/json_fields.hpp"
#include "nats/protocol.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace chatear::nats {
namespace {

/// JetStream refuses the message itself: too large for the stream, headers too large.
constexpr std::array<int, 2> refusals{10054, 10097};

}  // namespace

std::optional<std::string> refusal(const Message& message, std::size_t max_payload) {
    if (!valid_subject(message.subject)) {
        return "'" + message.subject + "' is no subject that can be published to";
    }
    if (message.subject.size() > max_subject_bytes) {
        return "its subject has " + std::to_string(message.subject.size()) +
               " bytes; a server takes " + std::to_string(max_subject_bytes);
    }
    const Result<void> headers = check_headers(message.headers);
    if (!headers) {
        return headers.error().message;
    }
    const std::size_t header_bytes =
        message.headers.empty() ? 0 : encode_header_block(message.headers).size();
    const std::size_t bytes = header_bytes + message.payload.size();
    if (bytes > max_payload || header_bytes > max_header_bytes) {
        return "it has " + std::to_string(bytes) + " bytes, " + std::to_string(header_bytes) +
               " of them headers; the server takes " + std::to_string(max_payload);
    }
    return std::nullopt;
}

PublishResult read_publish_answer(const Message& answer, std::string_view subject) {
    using Kind = PublishError::Kind;
    if (answer.status == 503) {
        return PublishError{Kind::stream_unavailable, "no stream takes " + std::string(subject)};
    }
    if (answer.status != 0) {
        return PublishError{Kind::stream_unavailable, answer.status_text};
    }
    const Result<boost::json::object> json = read_answer(answer);
    if (!json) {
        return PublishError{Kind::stream_unavailable, json.error().message};
    }
    if (const auto error = read_api_error(*json)) {
        const bool refused =
            std::find(refusals.begin(), refusals.end(), error->err_code) != refusals.end();
        return PublishError{refused ? Kind::refused : Kind::stream_unavailable, error->text()};
    }
    PublishReply reply;
    reply.stream = text_field(*json, "stream");
    reply.seq = count_field(*json, "seq");
    reply.duplicate = bool_field(*json, "duplicate");
    if (reply.stream.empty() || reply.seq == 0) {
        // Some other service answered to the subject: nothing says that it is stored.
        return PublishError{
            Kind::stream_unavailable,
            "the answer to " + std::string(subject) + " is not JetStream's"};
    }
    return reply;
}

}  // namespace chatear::nats
