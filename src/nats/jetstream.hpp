#pragma once

#include "nats/api_error.hpp"
#include "nats/connection.hpp"
#include "nats/message.hpp"
#include "nats/publish.hpp"
#include "nats/stored_message.hpp"
#include "nats/stream_info.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/json.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chatear::nats {

/// JetStream's API over a connection, which must outlive it and every call. What the API refuses is
/// a value; no answer, nobody listening, JetStream off or without a leader throws Unavailable.
class JetStream {
public:
    using milliseconds = std::chrono::milliseconds;

    explicit JetStream(Connection& connection, milliseconds timeout = milliseconds(5'000))
        : connection_(connection), timeout_(timeout) {}

    asio::awaitable<ApiResult<StreamInfo>> stream_info(std::string stream);
    /// The same configuration again is no error.
    asio::awaitable<ApiResult<StreamInfo>> create_stream(StreamConfig config);
    asio::awaitable<ApiResult<void>> delete_stream(std::string stream);
    /// Removes the messages, all or those of `subject` when it is not empty; the number removed.
    asio::awaitable<ApiResult<std::uint64_t>> purge_stream(std::string stream, std::string subject);
    /// The streams that take messages of `subject` (wildcards allowed); all when it is empty.
    asio::awaitable<ApiResult<std::vector<std::string>>> stream_names(std::string subject);

    asio::awaitable<ApiResult<ConsumerInfo>> consumer_info(
        std::string stream, std::string consumer
    );
    /// CAUTION: where it exists with another configuration the server changes it silently; look
    /// first.
    asio::awaitable<ApiResult<ConsumerInfo>> create_consumer(
        std::string stream, ConsumerConfig config
    );
    asio::awaitable<ApiResult<void>> delete_consumer(std::string stream, std::string consumer);
    asio::awaitable<ApiResult<std::vector<std::string>>> consumer_names(std::string stream);
    /// Whether the consumer answers to a pull at all: to one that is malformed, so that it gives
    /// nothing (2.9.10 and 2.10.27 say "400 Bad Request"). False when no answer came in `patience`.
    /// Throws PermissionDenied where it may not be asked, Unavailable where NATS was lost
    /// meanwhile.
    asio::awaitable<bool> answers_pulls(
        std::string stream, std::string consumer, milliseconds patience
    );

    asio::awaitable<ApiResult<StoredMessage>> message_by_sequence(
        std::string stream, std::uint64_t seq
    );
    asio::awaitable<ApiResult<StoredMessage>> last_message(std::string stream, std::string subject);
    /// The first with a sequence of `seq` or more and a subject that `subject` (wildcards allowed)
    /// matches: the way to walk through a stream.
    asio::awaitable<ApiResult<StoredMessage>> next_message(
        std::string stream, std::string subject, std::uint64_t seq
    );
    asio::awaitable<ApiResult<void>> delete_message(std::string stream, std::uint64_t seq);

    /// Publishes and waits for JetStream's acknowledgement. `message.reply_to` is not used. Give it
    /// a `Nats-Msg-Id`, and repeating it after Unavailable is harmless within the stream's window.
    asio::awaitable<PublishResult> publish(Message message);

    Connection& connection() { return connection_; }

private:
    using Object = boost::json::object;

    /// What the API is asked for; the names in it come from configuration.
    struct Target {
        explicit Target(std::string_view verb) : subject(verb) {}
        Target(std::string_view verb, const std::string& name);
        Target(std::string_view verb, const std::string& stream, const std::string& consumer);

        std::string subject;   // Behind $JS.API.
        std::string bad_name;  // One with a dot or a wildcard would ask for something else.
    };

    /// The answer; an ApiError or Unavailable where that says so.
    asio::awaitable<ApiResult<Object>> call(Target target, std::string request);
    /// What `read` makes of it.
    template <typename T>
    asio::awaitable<ApiResult<T>> ask(
        Target target, std::string request, Result<T> (*read)(const Object&)
    );
    /// Only whether it was done.
    asio::awaitable<ApiResult<void>> tell(Target target, std::string request);
    /// All pages of a list of names.
    asio::awaitable<ApiResult<std::vector<std::string>>> names(
        Target target, Object request, std::string member
    );

    Connection& connection_;
    milliseconds timeout_;
};

}  // namespace chatear::nats
