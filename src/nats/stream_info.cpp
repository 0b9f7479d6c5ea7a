#include "nats/stream_info.hpp"

#include "nats/json_fields.hpp"

#include <string_view>

namespace chatear::nats {
namespace {

using std::chrono::nanoseconds;

Retention read_retention(const std::string& name) {
    if (name == "workqueue") {
        return Retention::work_queue;
    }
    return name == "interest" ? Retention::interest : Retention::limits;
}

StreamConfig read_stream_config(const boost::json::object& json) {
    StreamConfig config;
    config.name = text_field(json, "name");
    config.subjects = list_field(json, "subjects");
    config.retention = read_retention(text_field(json, "retention"));
    config.file_storage = text_field(json, "storage") != "memory";
    config.replicas = static_cast<int>(integer_field(json, "num_replicas", 1));
    config.max_messages = integer_field(json, "max_msgs", -1);
    config.max_bytes = integer_field(json, "max_bytes", -1);
    config.max_message_bytes = integer_field(json, "max_msg_size", -1);
    config.max_age = nanoseconds(integer_field(json, "max_age"));
    config.duplicate_window = nanoseconds(integer_field(json, "duplicate_window"));
    config.discard_new = text_field(json, "discard") == "new";
    return config;
}

ConsumerConfig read_consumer_config(const boost::json::object& json) {
    ConsumerConfig config;
    config.durable_name = text_field(json, "durable_name");
    config.filter_subject = text_field(json, "filter_subject");
    config.filter_subjects = list_field(json, "filter_subjects");
    config.ack_wait = nanoseconds(integer_field(json, "ack_wait"));
    config.max_ack_pending = integer_field(json, "max_ack_pending");
    config.max_deliver = integer_field(json, "max_deliver", -1);
    config.max_waiting = integer_field(json, "max_waiting");
    config.max_request_batch = integer_field(json, "max_batch");
    config.max_request_bytes = integer_field(json, "max_bytes");
    config.max_request_expires = nanoseconds(integer_field(json, "max_expires"));
    config.ack_policy = text_field(json, "ack_policy");
    config.deliver_policy = text_field(json, "deliver_policy");
    config.deliver_subject = text_field(json, "deliver_subject");
    return config;
}

}  // namespace

std::string_view name_of(Retention retention) {
    switch (retention) {
        case Retention::limits:
            return "limits";
        case Retention::work_queue:
            return "workqueue";
        case Retention::interest:
            return "interest";
    }
    return "";
}

boost::json::object to_json(const StreamConfig& config) {
    boost::json::array subjects;
    for (const std::string& subject : config.subjects) {
        subjects.emplace_back(subject);
    }
    return {
        {"name", config.name},
        {"subjects", std::move(subjects)},
        {"retention", name_of(config.retention)},
        {"storage", config.file_storage ? "file" : "memory"},
        {"num_replicas", config.replicas},
        {"max_consumers", -1},
        {"max_msgs", config.max_messages},
        {"max_bytes", config.max_bytes},
        {"max_msg_size", config.max_message_bytes},
        {"max_age", config.max_age.count()},
        {"duplicate_window", config.duplicate_window.count()},
        {"discard", config.discard_new ? "new" : "old"},
    };
}

Result<StreamInfo> read_stream_info(const boost::json::object& answer) {
    const boost::json::object* config = object_field(answer, "config");
    const boost::json::object* state = object_field(answer, "state");
    StreamInfo info;
    info.created = text_field(answer, "created");
    if (!config || !state || info.created.empty()) {
        return Error{"a stream's info without config, state or created"};
    }
    info.config = read_stream_config(*config);
    info.messages = count_field(*state, "messages");
    info.bytes = count_field(*state, "bytes");
    info.first_seq = count_field(*state, "first_seq");
    info.last_seq = count_field(*state, "last_seq");
    info.first_time = text_field(*state, "first_ts");
    info.consumers = static_cast<int>(integer_field(*state, "consumer_count"));
    return info;
}

boost::json::object to_json(const ConsumerConfig& config) {
    boost::json::object json{
        {"durable_name", config.durable_name},
        {"deliver_policy", config.deliver_policy},
        {"ack_policy", config.ack_policy},
        {"ack_wait", config.ack_wait.count()},
        {"max_deliver", config.max_deliver},
        {"max_ack_pending", config.max_ack_pending},
        {"max_waiting", config.max_waiting},
        {"replay_policy", "instant"},
    };
    if (!config.filter_subject.empty()) {
        json["filter_subject"] = config.filter_subject;
    }
    return json;
}

Result<ConsumerInfo> read_consumer_info(const boost::json::object& answer) {
    const boost::json::object* config = object_field(answer, "config");
    ConsumerInfo info;
    info.stream = text_field(answer, "stream_name");
    info.name = text_field(answer, "name");
    info.created = text_field(answer, "created");
    if (!config || info.created.empty()) {
        return Error{"a consumer's info without config or created"};
    }
    info.config = read_consumer_config(*config);
    info.num_pending = count_field(answer, "num_pending");
    info.num_ack_pending = count_field(answer, "num_ack_pending");
    info.num_redelivered = count_field(answer, "num_redelivered");
    info.num_waiting = count_field(answer, "num_waiting");
    if (const boost::json::object* delivered = object_field(answer, "delivered")) {
        info.delivered_stream_seq = count_field(*delivered, "stream_seq");
    }
    if (const boost::json::object* floor = object_field(answer, "ack_floor")) {
        info.ack_floor_stream_seq = count_field(*floor, "stream_seq");
    }
    return info;
}

}  // namespace chatear::nats
