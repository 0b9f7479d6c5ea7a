#pragma once

#include "base/result.hpp"

#include <boost/json.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chatear::nats {

enum class Retention { limits, work_queue, interest };
std::string_view name_of(Retention retention);  ///< As the API writes it.

/// The part of a stream's configuration that we declare, read, and compare; all of it is known to
/// servers from 2.9 on.
struct StreamConfig {
    std::string name;
    std::vector<std::string> subjects{};
    Retention retention = Retention::limits;
    bool file_storage = true;
    int replicas = 1;
    std::int64_t max_messages = -1;  ///< -1 = no limit, as in the next two.
    std::int64_t max_bytes = -1;
    std::int64_t max_message_bytes = -1;  ///< `max_msg_size`.
    std::chrono::nanoseconds max_age{0};  ///< 0 = for ever.
    std::chrono::nanoseconds duplicate_window{std::chrono::minutes(2)};
    bool discard_new = false;  ///< A full stream refuses instead of dropping the oldest.

    bool operator==(const StreamConfig&) const = default;
};

struct StreamInfo {
    StreamConfig config;
    std::string created;  ///< As the server writes it: equal = the same stream.
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
    std::uint64_t first_seq = 0;
    std::uint64_t last_seq = 0;
    std::string first_time;  ///< Store time of the first message (RFC 3339).
    int consumers = 0;
};

boost::json::object to_json(const StreamConfig& config);
/// From an answer of STREAM.INFO or STREAM.CREATE.
Result<StreamInfo> read_stream_info(const boost::json::object& answer);

/// The configuration of a durable pull consumer with explicit acknowledgements.
struct ConsumerConfig {
    std::string durable_name;
    std::string filter_subject{};
    std::chrono::nanoseconds ack_wait{std::chrono::seconds(30)};
    std::int64_t max_ack_pending = 1000;
    std::int64_t max_deliver = -1;
    std::int64_t max_waiting = 512;      ///< Pull requests outstanding, of all processes.
    std::int64_t max_request_batch = 0;  ///< 0 = no limit, as in the next two.
    std::int64_t max_request_bytes = 0;
    std::chrono::nanoseconds max_request_expires{0};

    // Read and compared only: what we declare has always the first value.
    std::string ack_policy = "explicit";
    std::string deliver_policy = "all";
    std::string deliver_subject{};               ///< Not empty = a push consumer, of no use to us.
    std::vector<std::string> filter_subjects{};  ///< 2.10; more than one filter.

    bool operator==(const ConsumerConfig&) const = default;
};

struct ConsumerInfo {
    std::string stream;
    std::string name;
    ConsumerConfig config;
    std::string created;                ///< As the server writes it: equal = the same consumer.
    std::uint64_t num_pending = 0;      ///< Messages not delivered yet.
    std::uint64_t num_ack_pending = 0;  ///< Delivered, not acknowledged.
    std::uint64_t num_redelivered = 0;
    std::uint64_t num_waiting = 0;  ///< Pull requests.
    std::uint64_t delivered_stream_seq = 0;
    std::uint64_t ack_floor_stream_seq = 0;
};

boost::json::object to_json(const ConsumerConfig& config);
/// From an answer of CONSUMER.INFO or CONSUMER.DURABLE.CREATE.
Result<ConsumerInfo> read_consumer_info(const boost::json::object& answer);

}  // namespace chatear::nats
