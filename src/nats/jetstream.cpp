#include "nats/jetstream.hpp"

#include "base/digest.hpp"
#include "base/error.hpp"
#include "nats/json_fields.hpp"
#include "nats/protocol.hpp"

#include <utility>

namespace chatear::nats {
namespace {

constexpr std::string_view api = "$JS.API.";

/// Names come from configuration; one with a dot or a wildcard would ask for something else.
bool valid_name(std::string_view name) {
    return valid_subject(name) && name.find('.') == std::string_view::npos;
}

ApiError bad_name(const std::string& name) {
    return {400, 0, "'" + name + "' cannot be the name of a stream or consumer"};
}

}  // namespace

asio::awaitable<ApiResult<boost::json::object>> JetStream::call(
    std::string subject, std::string request
) {
    Message message{std::string(api) + subject, {}, std::move(request)};
    const Message answer = co_await connection_.request(std::move(message), timeout_);
    if (answer.status == 503) {
        throw Unavailable("nats", connection_.peer(), "JetStream is not switched on here");
    }
    if (answer.status != 0) {
        throw Unavailable("nats", connection_.peer(), answer.status_text + " (" + subject + ")");
    }
    Result<boost::json::object> json = read_answer(answer);
    if (!json) {
        throw Unavailable("nats", connection_.peer(), json.error().message + " (" + subject + ")");
    }
    if (const auto error = read_api_error(*json)) {
        if (error->unavailable()) {
            throw Unavailable("nats", connection_.peer(), "JetStream: " + error->text());
        }
        co_return *error;
    }
    co_return std::move(*json);
}

asio::awaitable<ApiResult<StreamInfo>> JetStream::stream_info(std::string stream) {
    if (!valid_name(stream)) {
        co_return bad_name(stream);
    }
    const auto answer = co_await call("STREAM.INFO." + stream, "");
    if (!answer) {
        co_return answer.error();
    }
    Result<StreamInfo> info = read_stream_info(*answer);
    if (!info) {
        throw Unavailable("nats", connection_.peer(), info.error().message);
    }
    co_return std::move(*info);
}

asio::awaitable<ApiResult<StreamInfo>> JetStream::create_stream(StreamConfig config) {
    if (!valid_name(config.name)) {
        co_return bad_name(config.name);
    }
    std::string request = boost::json::serialize(to_json(config));
    const auto answer = co_await call("STREAM.CREATE." + config.name, std::move(request));
    if (!answer) {
        co_return answer.error();
    }
    Result<StreamInfo> info = read_stream_info(*answer);
    if (!info) {
        throw Unavailable("nats", connection_.peer(), info.error().message);
    }
    co_return std::move(*info);
}

asio::awaitable<ApiResult<void>> JetStream::delete_stream(std::string stream) {
    if (!valid_name(stream)) {
        co_return bad_name(stream);
    }
    const auto answer = co_await call("STREAM.DELETE." + stream, "");
    if (!answer) {
        co_return answer.error();
    }
    co_return ApiResult<void>();
}

asio::awaitable<ApiResult<std::uint64_t>> JetStream::purge_stream(
    std::string stream, std::string subject
) {
    if (!valid_name(stream)) {
        co_return bad_name(stream);
    }
    boost::json::object filter;
    if (!subject.empty()) {
        filter["filter"] = subject;
    }
    const auto answer = co_await call("STREAM.PURGE." + stream, boost::json::serialize(filter));
    if (!answer) {
        co_return answer.error();
    }
    co_return ApiResult<std::uint64_t>(
        boost::system::in_place_value, count_field(*answer, "purged")
    );
}

asio::awaitable<ApiResult<std::vector<std::string>>> JetStream::stream_names(std::string subject) {
    boost::json::object request;
    if (!subject.empty()) {
        request["subject"] = subject;
    }
    co_return co_await names("STREAM.NAMES", std::move(request), "streams");
}

asio::awaitable<ApiResult<std::vector<std::string>>> JetStream::consumer_names(std::string stream) {
    if (!valid_name(stream)) {
        co_return bad_name(stream);
    }
    boost::json::object request;
    co_return co_await names("CONSUMER.NAMES." + stream, std::move(request), "consumers");
}

/// Page by page.
asio::awaitable<ApiResult<std::vector<std::string>>> JetStream::names(
    std::string subject, boost::json::object request, std::string member
) {
    std::vector<std::string> all;
    while (true) {
        request["offset"] = all.size();
        const auto answer = co_await call(subject, boost::json::serialize(request));
        if (!answer) {
            co_return answer.error();
        }
        const std::vector<std::string> page = list_field(*answer, member);
        all.insert(all.end(), page.begin(), page.end());
        if (page.empty() || all.size() >= count_field(*answer, "total")) {
            co_return all;
        }
    }
}

asio::awaitable<ApiResult<ConsumerInfo>> JetStream::consumer_info(
    std::string stream, std::string consumer
) {
    if (!valid_name(stream) || !valid_name(consumer)) {
        co_return bad_name(stream + "/" + consumer);
    }
    const auto answer = co_await call("CONSUMER.INFO." + stream + "." + consumer, "");
    if (!answer) {
        co_return answer.error();
    }
    Result<ConsumerInfo> info = read_consumer_info(*answer);
    if (!info) {
        throw Unavailable("nats", connection_.peer(), info.error().message);
    }
    co_return std::move(*info);
}

asio::awaitable<ApiResult<ConsumerInfo>> JetStream::create_consumer(
    std::string stream, ConsumerConfig config
) {
    if (!valid_name(stream) || !valid_name(config.durable_name)) {
        co_return bad_name(stream + "/" + config.durable_name);
    }
    boost::json::object request{{"stream_name", stream}, {"config", to_json(config)}};
    const std::string subject = "CONSUMER.DURABLE.CREATE." + stream + "." + config.durable_name;
    const auto answer = co_await call(subject, boost::json::serialize(request));
    if (!answer) {
        co_return answer.error();
    }
    Result<ConsumerInfo> info = read_consumer_info(*answer);
    if (!info) {
        throw Unavailable("nats", connection_.peer(), info.error().message);
    }
    co_return std::move(*info);
}

asio::awaitable<ApiResult<void>> JetStream::delete_consumer(
    std::string stream, std::string consumer
) {
    if (!valid_name(stream) || !valid_name(consumer)) {
        co_return bad_name(stream + "/" + consumer);
    }
    const auto answer = co_await call("CONSUMER.DELETE." + stream + "." + consumer, "");
    if (!answer) {
        co_return answer.error();
    }
    co_return ApiResult<void>();
}

asio::awaitable<ApiResult<StoredMessage>> JetStream::message_by_sequence(
    std::string stream, std::uint64_t seq
) {
    co_return co_await get_message(std::move(stream), "{\"seq\":" + std::to_string(seq) + "}");
}

asio::awaitable<ApiResult<StoredMessage>> JetStream::last_message(
    std::string stream, std::string subject
) {
    const boost::json::object request{{"last_by_subj", subject}};
    co_return co_await get_message(std::move(stream), boost::json::serialize(request));
}

asio::awaitable<ApiResult<StoredMessage>> JetStream::next_message(
    std::string stream, std::string subject, std::uint64_t seq
) {
    const boost::json::object request{{"seq", seq}, {"next_by_subj", subject}};
    co_return co_await get_message(std::move(stream), boost::json::serialize(request));
}

asio::awaitable<ApiResult<StoredMessage>> JetStream::get_message(
    std::string stream, std::string request
) {
    if (!valid_name(stream)) {
        co_return bad_name(stream);
    }
    const auto answer = co_await call("STREAM.MSG.GET." + stream, std::move(request));
    if (!answer) {
        co_return answer.error();
    }
    std::optional<StoredMessage> stored = read_stored_message(*answer);
    if (!stored) {
        throw Unavailable(
            "nats", connection_.peer(), "JetStream gave a stored message that cannot be read"
        );
    }
    co_return std::move(*stored);
}

asio::awaitable<ApiResult<void>> JetStream::delete_message(std::string stream, std::uint64_t seq) {
    if (!valid_name(stream)) {
        co_return bad_name(stream);
    }
    const auto answer =
        co_await call("STREAM.MSG.DELETE." + stream, "{\"seq\":" + std::to_string(seq) + "}");
    if (!answer) {
        co_return answer.error();
    }
    co_return ApiResult<void>();
}

Result<boost::json::object> read_answer(const Message& answer) {
    boost::system::error_code error;
    boost::json::value json = boost::json::parse(answer.payload, error);
    if (error || !json.is_object()) {
        return Error{"JetStream's answer is no JSON object"};
    }
    return std::move(json.get_object());
}

std::optional<StoredMessage> read_stored_message(const boost::json::object& answer) {
    const boost::json::object* object = object_field(answer, "message");
    if (!object) {
        return std::nullopt;
    }
    StoredMessage stored;
    stored.seq = count_field(*object, "seq");
    stored.time = text_field(*object, "time");
    stored.message.subject = text_field(*object, "subject");
    const Result<std::string> payload = from_base64(text_field(*object, "data"));
    const Result<std::string> headers = from_base64(text_field(*object, "hdrs"));
    if (!payload || !headers || stored.seq == 0) {
        return std::nullopt;
    }
    read_header_block(*headers, stored.message);
    stored.message.payload = *payload;
    return stored;
}

}  // namespace chatear::nats
