#include "nats/jetstream.hpp"

#include "base/error.hpp"
#include "nats/json_fields.hpp"

#include <utility>

namespace chatear::nats {
namespace {

constexpr std::string_view api = "$JS.API.";
constexpr std::size_t max_names = 100'000;  // What a server counts up to is not believed.

bool valid_name(std::string_view name) {
    return valid_subject(name) && name.find('.') == std::string_view::npos;
}

Result<std::uint64_t> read_purged(const boost::json::object& answer) {
    return count_field(answer, "purged");
}

std::string seq_json(std::uint64_t seq) {
    return "{\"seq\":" + std::to_string(seq) + "}";
}

}  // namespace

JetStream::Target::Target(std::string_view verb, const std::string& name)
    : subject(std::string(verb) + "." + name), bad_name(valid_name(name) ? "" : "'" + name + "'") {}

JetStream::Target::Target(
    std::string_view verb, const std::string& stream, const std::string& consumer
)
    : Target(verb, stream) {
    subject += "." + consumer;
    if (bad_name.empty() && !valid_name(consumer)) {
        bad_name = "'" + consumer + "'";
    }
}

asio::awaitable<ApiResult<boost::json::object>> JetStream::call(
    Target target, std::string request
) {
    if (!target.bad_name.empty()) {
        co_return ApiError{400, 0, target.bad_name + " cannot be the name of a stream or consumer"};
    }
    Message message{std::string(api) + target.subject, {}, std::move(request)};
    const Message answer = co_await connection_.request(std::move(message), timeout_);
    const std::string about = " (" + target.subject + ")";
    if (answer.status == 503) {
        throw Unavailable("nats", connection_.peer(), "JetStream is not switched on here");
    }
    if (answer.status == 403) {
        throw PermissionDenied("nats", connection_.peer(), answer.status_text + about);
    }
    if (answer.status != 0) {
        throw Unavailable("nats", connection_.peer(), answer.status_text + about);
    }
    Result<Object> json = read_answer(answer);
    if (!json) {
        throw Unavailable("nats", connection_.peer(), json.error().message + about);
    }
    if (const auto error = read_api_error(*json)) {
        if (error->unavailable()) {
            throw Unavailable("nats", connection_.peer(), "JetStream: " + error->text());
        }
        co_return *error;
    }
    co_return std::move(*json);
}

template <typename T>
asio::awaitable<ApiResult<T>> JetStream::ask(
    Target target, std::string request, Result<T> (*read)(const Object&)
) {
    const ApiResult<Object> answer = co_await call(std::move(target), std::move(request));
    if (!answer) {
        co_return answer.error();
    }
    Result<T> value = read(*answer);
    if (!value) {
        throw Unavailable("nats", connection_.peer(), value.error().message);
    }
    co_return ApiResult<T>(boost::system::in_place_value, std::move(*value));
}

asio::awaitable<ApiResult<void>> JetStream::tell(Target target, std::string request) {
    const ApiResult<Object> answer = co_await call(std::move(target), std::move(request));
    if (!answer) {
        co_return answer.error();
    }
    co_return ApiResult<void>();
}

asio::awaitable<ApiResult<StreamInfo>> JetStream::stream_info(std::string stream) {
    Target target("STREAM.INFO", stream);
    co_return co_await ask(std::move(target), "", read_stream_info);
}

asio::awaitable<ApiResult<StreamInfo>> JetStream::create_stream(StreamConfig config) {
    Target target("STREAM.CREATE", config.name);
    std::string request = boost::json::serialize(to_json(config));
    co_return co_await ask(std::move(target), std::move(request), read_stream_info);
}

asio::awaitable<ApiResult<void>> JetStream::delete_stream(std::string stream) {
    Target target("STREAM.DELETE", stream);
    co_return co_await tell(std::move(target), "");
}

asio::awaitable<ApiResult<std::uint64_t>> JetStream::purge_stream(
    std::string stream, std::string subject
) {
    Target target("STREAM.PURGE", stream);
    Object filter;
    if (!subject.empty()) {
        filter["filter"] = subject;
    }
    std::string request = boost::json::serialize(filter);
    co_return co_await ask(std::move(target), std::move(request), read_purged);
}

asio::awaitable<ApiResult<std::vector<std::string>>> JetStream::stream_names(std::string subject) {
    Target target("STREAM.NAMES");
    Object request;
    if (!subject.empty()) {
        request["subject"] = subject;
    }
    co_return co_await names(std::move(target), std::move(request), "streams");
}

asio::awaitable<ApiResult<std::vector<std::string>>> JetStream::consumer_names(std::string stream) {
    Target target("CONSUMER.NAMES", stream);
    Object request;
    co_return co_await names(std::move(target), std::move(request), "consumers");
}

asio::awaitable<ApiResult<std::vector<std::string>>> JetStream::names(
    Target target, Object request, std::string member
) {
    std::vector<std::string> all;
    while (true) {
        request["offset"] = all.size();
        const ApiResult<Object> answer = co_await call(target, boost::json::serialize(request));
        if (!answer) {
            co_return answer.error();
        }
        const std::vector<std::string> page = list_field(*answer, member);
        all.insert(all.end(), page.begin(), page.end());
        const bool whole = page.empty() || all.size() >= count_field(*answer, "total");
        if (whole || all.size() >= max_names) {
            co_return all;
        }
    }
}

asio::awaitable<ApiResult<ConsumerInfo>> JetStream::consumer_info(
    std::string stream, std::string consumer
) {
    Target target("CONSUMER.INFO", stream, consumer);
    co_return co_await ask(std::move(target), "", read_consumer_info);
}

asio::awaitable<ApiResult<ConsumerInfo>> JetStream::create_consumer(
    std::string stream, ConsumerConfig config
) {
    Target target("CONSUMER.DURABLE.CREATE", stream, config.durable_name);
    const Object json{{"stream_name", stream}, {"config", to_json(config)}};
    std::string request = boost::json::serialize(json);
    co_return co_await ask(std::move(target), std::move(request), read_consumer_info);
}

asio::awaitable<ApiResult<void>> JetStream::delete_consumer(
    std::string stream, std::string consumer
) {
    Target target("CONSUMER.DELETE", stream, consumer);
    co_return co_await tell(std::move(target), "");
}

asio::awaitable<bool> JetStream::answers_pulls(
    std::string stream, std::string consumer, milliseconds patience
) {
    const Target target("CONSUMER.MSG.NEXT", stream, consumer);
    Message malformed{std::string(api) + target.subject, {}, "{"};
    const std::uint64_t epoch = connection_.epoch();
    Message answer;
    try {
        answer = co_await connection_.request(std::move(malformed), patience);
    } catch (const Unavailable&) {
        if (!connection_.connected() || connection_.epoch() != epoch) {
            throw;
        }
        co_return false;
    }
    if (answer.status == 403) {
        throw PermissionDenied("nats", connection_.peer(), answer.status_text);
    }
    co_return answer.status != 503;  // Nobody listens there.
}

asio::awaitable<ApiResult<StoredMessage>> JetStream::message_by_sequence(
    std::string stream, std::uint64_t seq
) {
    Target target("STREAM.MSG.GET", stream);
    co_return co_await ask(std::move(target), seq_json(seq), read_stored_message);
}

asio::awaitable<ApiResult<StoredMessage>> JetStream::last_message(
    std::string stream, std::string subject
) {
    Target target("STREAM.MSG.GET", stream);
    std::string request = boost::json::serialize(Object{{"last_by_subj", subject}});
    co_return co_await ask(std::move(target), std::move(request), read_stored_message);
}

asio::awaitable<ApiResult<StoredMessage>> JetStream::next_message(
    std::string stream, std::string subject, std::uint64_t seq
) {
    Target target("STREAM.MSG.GET", stream);
    std::string request = boost::json::serialize(Object{{"seq", seq}, {"next_by_subj", subject}});
    co_return co_await ask(std::move(target), std::move(request), read_stored_message);
}

asio::awaitable<ApiResult<void>> JetStream::delete_message(std::string stream, std::uint64_t seq) {
    Target target("STREAM.MSG.DELETE", stream);
    co_return co_await tell(std::move(target), seq_json(seq));
}

asio::awaitable<PublishResult> JetStream::publish(Message message) {
    if (const auto reason = refusal(message, connection_.max_payload())) {
        co_return PublishError{PublishError::Kind::refused, *reason};
    }
    const std::string subject = message.subject;
    const std::uint64_t epoch = connection_.epoch();
    std::string why;
    try {
        const Message answer = co_await connection_.request(std::move(message), timeout_);
        co_return read_publish_answer(answer, subject);
    } catch (const Unavailable& error) {
        if (!connection_.connected() || connection_.epoch() != epoch) {
            throw;
        }
        why = error.why();
    }
    // The connection is well, so it is the stream that has no leader or no quorum.
    co_return PublishError{PublishError::Kind::stream_unavailable, why};
}

}  // namespace chatear::nats
