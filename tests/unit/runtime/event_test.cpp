#include "runtime/event.hpp"

#include "base/digest.hpp"
#include "base/utc.hpp"
#include "runtime/verdict.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chatear::runtime {
namespace {

using testing::HasSubstr;

StoredMessage message(Headers headers = {}) {
    StoredMessage stored;
    stored.subject = "email.send";
    stored.payload = "{}";
    stored.headers = std::move(headers);
    stored.stream = "NOTIFICATIONS";
    stored.stream_sequence = 7;
    stored.stored_at_ns = 1'700'000'000'123'456'789;
    return stored;
}

Identified of(Headers headers, std::optional<std::string> id_in_body = std::nullopt) {
    return identify(message(std::move(headers)), std::move(id_in_body), sha256("content"));
}

TEST(Rule1, TheKeyComesFromTheFirstPlaceThatHasOne) {
    const Headers all{{"Nats-Msg-Id", "msg"}, {"Chatear-Event-Id", "header"}};
    EXPECT_EQ(of(all, "body").event.event_id, "header");
    EXPECT_EQ(of({{"Nats-Msg-Id", "msg"}}, "body").event.event_id, "body");
    EXPECT_EQ(of({{"Nats-Msg-Id", "msg"}}).event.event_id, "msg");
    EXPECT_EQ(of({}).event.event_id, "NOTIFICATIONS:7:1700000000123456789");
    EXPECT_EQ(of({{"Nats-Msg-Id", "msg"}}, "").event.event_id, "msg") << "an empty id is none";
}

TEST(Rule1, ARecreatedStreamMakesNewKeys) {
    StoredMessage again = message();
    again.stored_at_ns += 1;
    const Identified other = identify(std::move(again), std::nullopt, "");
    EXPECT_NE(other.event.event_id, of({}).event.event_id);
}

TEST(Rule1, AnIdThatIsNoneMakesABadEventThatStillHasAPlace) {
    for (const std::string& bad :
         {std::string("a b"),
          std::string("a\n"),
          std::string("\xc3\xa4"),
          std::string(513, 'x'),
          std::string(" ")}) {
        const Identified identified = of({}, bad);
        ASSERT_TRUE(identified.problem) << bad;
        EXPECT_THAT(identified.problem->message, HasSubstr("event_id is no event id"));
        EXPECT_EQ(identified.event.event_id, "NOTIFICATIONS:7:1700000000123456789");
    }
    EXPECT_FALSE(of({}, std::string(512, 'x')).problem);
}

TEST(Rule2, TheSecondContentOfAnIdHasAnIdOfItsOwn) {
    EXPECT_EQ(conflict_id("order-7", sha256("abc")), "order-7.ba7816bf8f01cfea414140de5dae2223");
}

TEST(Rule3, PublishedAtIsWhenJetStreamFirstStoredIt) {
    EXPECT_EQ(format_time(of({}).event.published_at), "2023-11-14T22:13:20.123456Z");
    const Headers headers{{"Chatear-Published-At", "2020-01-02T03:04:05.000000Z"}};
    EXPECT_EQ(format_time(of(headers).event.published_at), "2020-01-02T03:04:05.000000Z");
    EXPECT_TRUE(of({{"Chatear-Published-At", "yesterday"}}).problem);
}

TEST(Rule3, PublishedAtTravelsThroughRetries) {
    Event event = of({}).event;
    for (int pass = 0; pass < 3; ++pass) {
        const VerdictContext context{.event = event, .worker = "w"};
        const Verdict verdict = decide(Retry{"again"}, context);
        StoredMessage back = message(verdict.publish.at(0).headers);
        back.stored_at_ns += 1'000'000'000'000;
        event = identify(std::move(back), std::nullopt, sha256("content")).event;
        EXPECT_EQ(format_time(event.published_at), "2023-11-14T22:13:20.123456Z");
        EXPECT_EQ(event.event_id, "NOTIFICATIONS:7:1700000000123456789");
        EXPECT_EQ(event.generation, static_cast<std::uint32_t>(pass + 1));
    }
}

TEST(Rule11, TheGenerationIsAbsentOrAWholeNumber) {
    EXPECT_EQ(of({}).event.generation, 0U);
    EXPECT_EQ(of({{"Chatear-Generation", "41"}}).event.generation, 41U);
    for (const char* bad : {"", "-1", "1.5", "x", "4294967296", " 1", "1000000001"}) {
        EXPECT_TRUE(of({{"Chatear-Generation", bad}}).problem) << bad;
    }
}

}  // namespace
}  // namespace chatear::runtime
