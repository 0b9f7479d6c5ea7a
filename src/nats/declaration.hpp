#pragma once

#include "nats/jetstream.hpp"
#include "nats/stream_info.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace chatear::nats {

/// A stream as the code wants it. An existing stream that holds the subjects is used as it is.
struct StreamDeclaration {
    std::string name;                     ///< "NOTIFICATIONS".
    std::vector<std::string> subjects{};  ///< "email.send".
    Retention retention = Retention::work_queue;
    std::chrono::nanoseconds max_age{0};  ///< 0 = for ever.
    int replicas = 1;                     ///< NATS_REPLICAS.
};

/// A durable pull consumer as the code wants it, and the stream below it.
struct ConsumerDeclaration {
    StreamDeclaration stream;
    std::string durable;         ///< "notification-worker-email-send".
    std::string filter_subject;  ///< "email.send".
    std::chrono::nanoseconds ack_wait{std::chrono::seconds(30)};
    std::int64_t max_ack_pending = 20'000;
};

/// Room in a message of a work queue for the headers that its dead letter adds; what only keeps
/// messages (dead letters, what others are told) takes whatever the server does.
inline constexpr std::size_t header_reserve_bytes = 32 * 1024;

/// The configurations that the declarations stand for. `max_payload` is the server's.
StreamConfig to_config(const StreamDeclaration& declaration, std::size_t max_payload);
ConsumerConfig to_config(const ConsumerDeclaration& declaration);

/// What to do about a declaration. Nothing that exists is ever changed.
struct Plan {
    enum class Action { create, use_as_it_is, use_with_differences, unusable };
    Action action = Action::create;
    std::vector<std::string> differences{};  ///< For the log and doctor: what, declared, existing.
};
Plan plan(const StreamConfig& declared, const std::optional<StreamConfig>& existing);
/// Unusable is one that pushes, acknowledges otherwise, or would not deliver our subject.
Plan plan(const ConsumerConfig& declared, const std::optional<ConsumerConfig>& existing);

struct ReconciledStream {
    StreamInfo info;
    bool created = false;
    std::vector<std::string> differences{};
};

struct ReconciledConsumer {
    ReconciledStream stream;
    ConsumerInfo info;
    bool created = false;
    std::vector<std::string> differences{};
};

/// Finds the stream that holds the subjects, under any name, or creates it. An ApiError says why it
/// can be neither used nor created; throws Unavailable.
asio::awaitable<ApiResult<ReconciledStream>> reconcile(
    JetStream& jetstream, StreamDeclaration declaration
);
asio::awaitable<ApiResult<ReconciledConsumer>> reconcile(
    JetStream& jetstream, ConsumerDeclaration declaration
);

}  // namespace chatear::nats
