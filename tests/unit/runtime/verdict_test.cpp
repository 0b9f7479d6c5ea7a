#include "runtime/verdict.hpp"

#include "base/digest.hpp"
#include "runtime/headers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace chatear::runtime {
namespace {

using namespace std::chrono_literals;

class VerdictTest : public testing::Test {
protected:
    VerdictTest() {
        event_.message.subject = "email.send";
        event_.message.payload = "payload";
        event_.message.headers = {{"Nats-Msg-Id", "m"}, {"Trace", "t"}};
        event_.message.stream = "NOTIFICATIONS";
        event_.message.stream_sequence = 7;
        event_.event_id = "order-7";
        event_.generation = 3;
        event_.published_at = Time(1s);
        event_.content_sha256 = sha256("c");
    }

    Verdict decide_with(const Outcome& outcome, std::uint32_t attempts = 0) const {
        return decide(outcome, context(attempts));
    }
    VerdictContext context(std::uint32_t attempts = 0) const {
        return {
            .event = event_,
            .worker = "notification-worker",
            .attempts = attempts,
            .random = 0.5,
            .now = Time(100s)};
    }
    static std::string header_of(const OutboxRow& row, std::string_view name) {
        return std::string(find_header(row.headers, name).value_or("(none)"));
    }

    Event event_;
};

using Rule9Verdict = VerdictTest;
using Rule11Verdict = VerdictTest;
using Rule13Verdict = VerdictTest;
using Rule20Verdict = VerdictTest;

TEST_F(Rule9Verdict, DonePublishesNothing) {
    const Verdict verdict = decide_with(Done{});
    EXPECT_EQ(verdict.status, LedgerStatus::done);
    EXPECT_TRUE(verdict.final());
    EXPECT_TRUE(verdict.counts_attempt);
    EXPECT_TRUE(verdict.publish.empty());
}

TEST_F(Rule9Verdict, ARetryIsPublishedWithItsVerdict) {
    const Verdict verdict = decide_with(Retry{"busy", 7s});
    EXPECT_EQ(verdict.status, LedgerStatus::retrying);
    EXPECT_FALSE(verdict.final());
    EXPECT_EQ(verdict.reason, "busy");
    ASSERT_EQ(verdict.publish.size(), 1U);
    const OutboxRow& row = verdict.publish[0];
    EXPECT_EQ(row.kind, OutboxKind::event);
    EXPECT_EQ(row.subject, "email.send");
    EXPECT_EQ(row.payload, "payload");
    EXPECT_EQ(row.due_after, 7s);
    EXPECT_EQ(row.due_at, std::nullopt);
    EXPECT_EQ(verdict.delay, 7s);
}

TEST_F(Rule11Verdict, EachPassRaisesTheGeneration) {
    for (const Outcome& outcome : {Outcome(Retry{"x"}), Outcome(Defer{Time(200s), "x"})}) {
        const OutboxRow row = decide_with(outcome).publish.at(0);
        EXPECT_EQ(row.generation, 4U);
        EXPECT_EQ(header_of(row, header::generation), "4");
        EXPECT_EQ(header_of(row, header::event_id), "order-7");
        EXPECT_EQ(row.event_id, "order-7");
        EXPECT_EQ(header_of(row, "Chatear-Original-Nats-Msg-Id"), "m");
        EXPECT_EQ(header_of(row, "Nats-Msg-Id"), "(none)");
    }
}

TEST_F(Rule11Verdict, AllButADeferralCountsAnAttempt) {
    EXPECT_TRUE(decide_with(Retry{"x"}).counts_attempt);
    const Verdict deferred = decide_with(Defer{Time(200s), "limit"}, 9);
    EXPECT_FALSE(deferred.counts_attempt);
    EXPECT_EQ(deferred.status, LedgerStatus::deferred);
    EXPECT_EQ(deferred.publish.at(0).due_at, Time(200s));
    EXPECT_EQ(deferred.delay, 100s);
}

TEST_F(Rule11Verdict, ADeferralForAWhileIsDueByTheDatabasesClock) {
    const Verdict verdict = decide_with(Defer{Time(200s), "limit", 5s});
    EXPECT_EQ(verdict.delay, 5s);
    ASSERT_EQ(verdict.publish.size(), 1U);
    EXPECT_EQ(verdict.publish[0].due_after, 5s);
    EXPECT_FALSE(verdict.publish[0].due_at);
}

TEST_F(Rule11Verdict, ADeferralToThePastIsDueAtOnce) {
    const Verdict verdict = decide_with(Defer{Time(5s), "limit"});
    EXPECT_EQ(verdict.delay, 0s);
}

TEST_F(Rule20Verdict, TheLastRetryIsADeadLetterThatSaysEverything) {
    const Verdict verdict = decide_with(Retry{"busy\r\nand\tmore"}, 9);
    EXPECT_EQ(verdict.status, LedgerStatus::failed);
    EXPECT_TRUE(verdict.counts_attempt);
    ASSERT_EQ(verdict.publish.size(), 1U);
    const OutboxRow& row = verdict.publish[0];
    EXPECT_EQ(row.kind, OutboxKind::dead_letter);
    EXPECT_EQ(row.subject, "dlq.email.send");
    EXPECT_EQ(row.payload, "payload");
    EXPECT_EQ(row.generation, 3U);
    EXPECT_EQ(header_of(row, header::reason), "busy  and more");
    EXPECT_EQ(header_of(row, header::attempts), "10");
    EXPECT_EQ(header_of(row, header::dead_at), "1970-01-01T00:01:40.000000Z");
    EXPECT_EQ(header_of(row, header::worker), "notification-worker");
    EXPECT_EQ(header_of(row, header::subject), "email.send");
    EXPECT_EQ(header_of(row, header::stream), "NOTIFICATIONS");
    EXPECT_EQ(header_of(row, header::stream_sequence), "7");
    EXPECT_EQ(header_of(row, header::generation), "3");
    EXPECT_EQ(header_of(row, header::published_at), "1970-01-01T00:00:01.000000Z");
    EXPECT_EQ(header_of(row, header::content_sha256), to_hex(sha256("c")));
    EXPECT_EQ(header_of(row, "Trace"), "t");
}

TEST_F(Rule20Verdict, ARejectIsADeadLetterAtOnce) {
    const Verdict verdict = decide_with(Reject{"no recipient"});
    EXPECT_EQ(verdict.status, LedgerStatus::failed);
    EXPECT_TRUE(verdict.counts_attempt);
    EXPECT_EQ(header_of(verdict.publish.at(0), header::attempts), "1");
    EXPECT_EQ(header_of(verdict.publish.at(0), header::reason), "no recipient");
}

TEST_F(Rule13Verdict, AHoldIsAmbiguousWithADeadLetter) {
    const Verdict verdict = decide_with(Hold{"unknown"});
    EXPECT_EQ(verdict.status, LedgerStatus::ambiguous);
    EXPECT_TRUE(verdict.final());
    EXPECT_EQ(verdict.publish.at(0).kind, OutboxKind::dead_letter);
}

RC_GTEST_FIXTURE_PROP(
    VerdictTest, ADeadLettersHeadersCanAlwaysBeSent, (const std::string& reason)
) {
    const OutboxRow row = dead_letter(context(), "order-7", reason);
    RC_ASSERT(nats::check_headers(row.headers).has_value());
}

TEST_F(VerdictTest, ADomainEventIsTiedToItsEvent) {
    const OutboxRow row = domain_event(event_, {"email.failed", "{}"});
    EXPECT_EQ(row.kind, OutboxKind::domain_event);
    EXPECT_EQ(row.subject, "email.failed");
    EXPECT_EQ(row.origin_subject, "email.send");
    EXPECT_EQ(row.event_id, "order-7");
    EXPECT_EQ(row.generation, 3U);
}

}  // namespace
}  // namespace chatear::runtime
