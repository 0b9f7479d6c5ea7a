#include "runtime/streams.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chatear::runtime {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

TEST(Streams, AConsumerIsNamedAfterItsWorkerAndSubject) {
    const auto declared = declare_consumer("greeting-worker", "greeting.send", {}, 3);
    EXPECT_EQ(declared.durable, "greeting-worker-greeting-send");
    EXPECT_EQ(declared.filter_subject, "greeting.send");
    EXPECT_EQ(declared.ack_wait, 30s);
    EXPECT_EQ(declared.max_ack_pending, 20'000);
    EXPECT_EQ(declared.stream.name, "GREETING");
    EXPECT_THAT(declared.stream.subjects, ElementsAre("greeting.send"));
    EXPECT_EQ(declared.stream.retention, nats::Retention::work_queue);
    EXPECT_EQ(declared.stream.replicas, 3);
}

TEST(Streams, AStreamMayHaveAnotherNameAndMoreSubjects) {
    StreamOptions options;
    options.stream = "USERS";
    options.subjects = {"user.delete", "user.recover"};
    const auto declared = declare_consumer("user-delete-worker", "user.delete", options, 1);
    EXPECT_EQ(declared.stream.name, "USERS");
    EXPECT_THAT(declared.stream.subjects, ElementsAre("user.delete", "user.recover"));
    EXPECT_EQ(declared.filter_subject, "user.delete");
}

TEST(Streams, DeadLettersAreKeptUntilPurged) {
    const nats::StreamDeclaration declared = declare_dead_letters(3);
    EXPECT_EQ(declared.name, "DEAD_LETTERS");
    EXPECT_THAT(declared.subjects, ElementsAre("dlq.>"));
    EXPECT_EQ(declared.retention, nats::Retention::limits);
    EXPECT_EQ(declared.max_age, 0ns);
    EXPECT_EQ(declared.replicas, 3);
}

TEST(Streams, WhatOthersAreToldIsKeptForAWeek) {
    const nats::StreamDeclaration declared = declare_told_events({"email.failed", "shop.sold"}, 1);
    EXPECT_EQ(declared.name, "EVENTS");
    EXPECT_THAT(
        declared.subjects,
        ElementsAre(
            "email.sent",
            "email.failed",
            "user.deletion.>",
            "user.deleted",
            "audit.head",
            "shop.sold"
        )
    );
    EXPECT_EQ(declared.retention, nats::Retention::limits);
    EXPECT_EQ(declared.max_age, 7 * 24h);
}

}  // namespace
}  // namespace chatear::runtime
