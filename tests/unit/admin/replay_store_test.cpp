#include "admin/replay_store.hpp"

#include "admin/outbox_store.hpp"

#include <gtest/gtest.h>

namespace chatear::admin {
namespace {

TEST(Rule20, AReplayThatMatchedNothingIsJudgedByTheLedger) {
    EXPECT_EQ(judge_unmatched("sent", 0, 0), ReplayAnswer::finished);
    EXPECT_EQ(judge_unmatched("done", 3, 0), ReplayAnswer::finished);
    EXPECT_EQ(judge_unmatched("suppressed", 0, 0), ReplayAnswer::finished);
    EXPECT_EQ(judge_unmatched("retrying", 1, 0), ReplayAnswer::replayed_before);
    EXPECT_EQ(judge_unmatched("failed", 2, 0), ReplayAnswer::replayed_before);
    EXPECT_EQ(judge_unmatched("sending", 0, 0), ReplayAnswer::other);
    EXPECT_EQ(judge_unmatched("failed", 0, 1), ReplayAnswer::other);
}

TEST(Rule15, ARefusedRowIsReplayedOneGenerationOn) {
    OutboxEntry entry;
    entry.row = {
        {"id", "an-id"}, {"origin_subject", "email.send"}, {"event_id", "e"}, {"generation", 4}};
    entry.headers = {
        {"X-Theirs", "kept"},
        {"Chatear-Event-Id", "e"},
        {"Chatear-Generation", "4"},
        {"Chatear-Published-At", "2026-11-23T10:00:00Z"}};
    entry.payload = "bytes";
    const ReplayRequest request = replay_request(entry);
    EXPECT_EQ(request.subject, "email.send");
    EXPECT_EQ(request.event_id, "e");
    EXPECT_EQ(request.generation, 4u);
    EXPECT_EQ(request.payload, "bytes");
    EXPECT_EQ(request.outbox_id, "an-id");
    EXPECT_EQ(nats::find_header(request.headers, "Chatear-Generation"), "5");
    EXPECT_EQ(nats::find_header(request.headers, "X-Theirs"), "kept");
    EXPECT_TRUE(request.published_at);
}

}  // namespace
}  // namespace chatear::admin
