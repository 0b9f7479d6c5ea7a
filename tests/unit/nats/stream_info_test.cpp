#include "nats/stream_info.hpp"

#include <gtest/gtest.h>

namespace chatear::nats {
namespace {

StreamConfig every_field() {
    StreamConfig config;
    config.name = "S";
    config.subjects = {"a.>", "b"};
    config.retention = Retention::work_queue;
    config.file_storage = false;
    config.replicas = 3;
    config.max_messages = 1;
    config.max_bytes = 2;
    config.max_message_bytes = 3;
    config.max_age = std::chrono::nanoseconds(4);
    config.duplicate_window = std::chrono::nanoseconds(5);
    config.discard_new = true;
    return config;
}

TEST(StreamInfo, ComesBackFromTheJsonOfItsConfiguration) {
    const boost::json::object state =
        boost::json::parse(
            R"({"messages":1,"bytes":2,"first_seq":3,"last_seq":18446744073709551615,"first_ts":"t","consumer_count":4})"
        )
            .as_object();
    for (const Retention retention :
         {Retention::limits, Retention::work_queue, Retention::interest}) {
        StreamConfig config = every_field();
        config.retention = retention;
        const StreamInfo info =
            read_stream_info({{"config", to_json(config)}, {"created", "c"}, {"state", state}}
            ).value();
        EXPECT_EQ(info.config, config);
        EXPECT_EQ(info.created, "c");
        EXPECT_EQ(info.last_seq, 18'446'744'073'709'551'615U);
        EXPECT_EQ(info.consumers, 4);
    }
}

TEST(StreamInfo, NamesOnlyFieldsThatServersKnowFrom2_9On) {
    const boost::json::object json = to_json(every_field());
    for (const std::string field :
         {"metadata", "compression", "subject_transform", "allow_msg_ttl"}) {
        EXPECT_EQ(json.if_contains(field), nullptr) << field;
    }
}

TEST(StreamInfo, WithoutItsPartsIsAnError) {
    EXPECT_FALSE(read_stream_info({}));
    EXPECT_FALSE(read_stream_info({{"config", boost::json::object()}, {"created", "c"}}));
    EXPECT_FALSE(
        read_stream_info({{"config", boost::json::object()}, {"state", boost::json::object()}})
    );
    EXPECT_FALSE(read_stream_info({{"config", "x"}, {"created", 1}, {"state", 2}}));
}

TEST(ConsumerInfo, ComesBackFromTheJsonOfItsConfiguration) {
    ConsumerConfig config;
    config.durable_name = "worker";
    config.filter_subject = "a";
    config.max_ack_pending = 5;
    config.max_deliver = 6;
    const boost::json::object answer{
        {"stream_name", "S"},
        {"name", "worker"},
        {"created", "c"},
        {"config", to_json(config)},
        {"num_pending", 1},
        {"num_ack_pending", 2},
        {"delivered", {{"stream_seq", 9}}},
        {"ack_floor", {{"stream_seq", 8}}},
    };
    const ConsumerInfo info = read_consumer_info(answer).value();
    EXPECT_EQ(info.config, config);
    EXPECT_EQ(info.num_ack_pending, 2U);
    EXPECT_EQ(info.delivered_stream_seq, 9U);
    EXPECT_EQ(info.ack_floor_stream_seq, 8U);
    EXPECT_FALSE(read_consumer_info({}));
}

}  // namespace
}  // namespace chatear::nats
