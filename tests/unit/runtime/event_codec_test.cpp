#include "runtime/event_codec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chatear::runtime {

struct Described {
    std::string name;
    int count = 0;
    std::optional<double> share;
    std::optional<bool> on;
    std::optional<boost::json::object> data;
    std::optional<std::string> event_id;
};
BOOST_DESCRIBE_STRUCT(Described, (), (name, count, share, on, data, event_id))

struct WithoutId {
    std::uint8_t small = 0;
};
BOOST_DESCRIBE_STRUCT(WithoutId, (), (small))

namespace {

using testing::HasSubstr;
using Codec = EventCodec<Described>;

std::string error_of(std::string_view payload) {
    const auto event = Codec::decode(payload);
    return event ? "" : event.error().message;
}

TEST(EventCodec, ReadsADescribedStruct) {
    const auto event = Codec::decode(
        R"({"name":"n","count":-3,"share":0.5,"on":true,"data":{"a":[1]},"event_id":"e","unknown":null})"
    );
    ASSERT_TRUE(event) << event.error().message;
    EXPECT_EQ(event->name, "n");
    EXPECT_EQ(event->count, -3);
    EXPECT_EQ(event->share, 0.5);
    EXPECT_EQ(event->on, true);
    EXPECT_EQ(to_json_text(*event->data), R"({"a":[1]})");
    EXPECT_EQ(Codec::event_id(*event), "e");
}

TEST(EventCodec, WhatIsOptionalMayBeMissingOrNull) {
    const auto event = Codec::decode(R"({"name":"n","count":1,"share":null,"event_id":null})");
    ASSERT_TRUE(event);
    EXPECT_EQ(event->share, std::nullopt);
    EXPECT_EQ(Codec::event_id(*event), std::nullopt);
}

TEST(EventCodec, NamesTheFieldThatIsWrong) {
    EXPECT_EQ(error_of(R"({"count":1})"), "'name' is missing");
    EXPECT_EQ(error_of(R"({"name":null,"count":1})"), "'name' is missing");
    EXPECT_EQ(error_of(R"({"name":1,"count":1})"), "'name' is not a string");
    EXPECT_EQ(error_of(R"({"name":"n","count":"1"})"), "'count' is not a number that fits");
    EXPECT_EQ(error_of(R"({"name":"n","count":1.5})"), "'count' is not a number that fits");
    EXPECT_EQ(error_of(R"({"name":"n","count":2147483648})"), "'count' is not a number that fits");
    EXPECT_EQ(error_of(R"({"name":"n","count":1,"on":1})"), "'on' is neither true nor false");
    EXPECT_EQ(error_of(R"({"name":"n","count":1,"data":[]})"), "'data' is not an object");
    EXPECT_EQ(error_of("[]"), "the event is not a JSON object");
    EXPECT_THAT(error_of("{"), HasSubstr("not JSON"));
    EXPECT_FALSE(EventCodec<WithoutId>::decode(R"({"small":256})"));
}

std::string digest_of(std::string_view payload) {
    return Codec::content_sha256(Codec::decode(payload).value());
}

TEST(Rule2, ContentIsWhatIsRecognisedInAFixedOrder) {
    const std::string one = digest_of(R"({"name":"n","count":1,"data":{"a":1}})");
    EXPECT_EQ(
        one,
        digest_of(R"( { "count":1, "data":{"a":1}, "name":"n", "later_field": 7, "share":null } )")
    );
    EXPECT_NE(one, digest_of(R"({"name":"n","count":2,"data":{"a":1}})"));
    EXPECT_NE(one, digest_of(R"({"name":"n","count":1,"data":{"a":2}})"));
    EXPECT_NE(one, digest_of(R"({"name":"n","count":1})"));
    EXPECT_NE(
        digest_of(R"({"name":"","count":1})"), digest_of(R"({"name":"","count":1,"data":{}})")
    );
}

TEST(EventCodec, AnEventWithoutAFieldForItHasNoId) {
    EXPECT_EQ(EventCodec<WithoutId>::event_id(WithoutId{1}), std::nullopt);
}

}  // namespace
}  // namespace chatear::runtime
