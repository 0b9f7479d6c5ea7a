#include "admin/dead_letter.hpp"

#include "base/digest.hpp"
#include "base/utc.hpp"
#include "runtime/headers.hpp"
#include "runtime/verdict.hpp"

#include <gtest/gtest.h>

namespace chatear::admin {
namespace {

runtime::Event event() {
    runtime::Event found;
    found.message.subject = "email.send";
    found.message.payload = "{}";
    found.message.headers = {{"X-Theirs", "kept"}, {"Nats-Msg-Id", "theirs-1"}};
    found.message.stream = "NOTIFICATIONS";
    found.message.stream_sequence = 7;
    found.event_id = "event-1";
    found.generation = 2;
    found.published_at = *parse_time("2026-11-23T10:00:00Z");
    found.content_sha256 = sha256("content");
    return found;
}

/// As the runtime writes it and the relay publishes it.
nats::StoredMessage letter_of(const runtime::Event& dead, const std::string& id = "event-1") {
    runtime::VerdictContext context{
        .event = dead,
        .worker = "notification-worker",
        .attempts = 10,
        .now = *parse_time("2026-11-23T12:00:00Z")};
    runtime::OutboxRow row = runtime::dead_letter(context, id, "550 no such user");
    nats::StoredMessage stored;
    stored.seq = 17;
    stored.time = "2026-11-23T12:00:01Z";
    stored.message.subject = row.subject;
    stored.message.payload = row.payload;
    stored.message.headers = row.headers;
    stored.message.headers.emplace_back("Nats-Msg-Id", "the-relay's");
    return stored;
}

TEST(Rule20, ADeadLetterSaysWhyWhenHowOftenAndFromWhere) {
    const DeadLetter letter = read_dead_letter(letter_of(event()));
    EXPECT_EQ(letter.sequence, 17u);
    EXPECT_EQ(letter.subject, "email.send");
    EXPECT_EQ(letter.event_id, "event-1");
    EXPECT_EQ(letter.generation, 2u);
    EXPECT_EQ(letter.reason, "550 no such user");
    EXPECT_EQ(letter.dead_at, *parse_time("2026-11-23T12:00:00Z"));
    EXPECT_EQ(letter.published_at, *parse_time("2026-11-23T10:00:00Z"));
    EXPECT_EQ(letter.attempts, "10");
    EXPECT_EQ(letter.worker, "notification-worker");
    EXPECT_EQ(letter.stream, "NOTIFICATIONS");
    EXPECT_EQ(letter.stream_sequence, "7");
    EXPECT_EQ(letter.content_sha256, sha256("content"));
}

TEST(Rule20, AReplayedEventHasItsOwnHeadersAndTheNextGeneration) {
    const nats::Headers headers = replay_headers(read_dead_letter(letter_of(event())));
    const nats::Headers expected = {
        {"X-Theirs", "kept"},
        {"Chatear-Original-Nats-Msg-Id", "theirs-1"},
        {"Chatear-Event-Id", "event-1"},
        {"Chatear-Generation", "3"},
        {"Chatear-Published-At", "2026-11-23T10:00:00.000000Z"}};
    EXPECT_EQ(headers, expected);
}

TEST(Rule20, ManyReplaysDoNotMakeHeadersGrow) {
    runtime::Event again = event();
    nats::Headers first = replay_headers(read_dead_letter(letter_of(again)));
    again.message.headers = first;
    const nats::Headers second = replay_headers(read_dead_letter(letter_of(again)));
    EXPECT_EQ(second.size(), first.size());
}

TEST(Rule2, AConflictIsReplayedUnderItsOwnId) {
    const DeadLetter letter =
        read_dead_letter(letter_of(event(), "event-1.0123456789abcdef0123456789abcdef"));
    EXPECT_EQ(letter.event_id, "event-1.0123456789abcdef0123456789abcdef");
    EXPECT_EQ(
        nats::find_header(replay_headers(letter), "Chatear-Event-Id"),
        "event-1.0123456789abcdef0123456789abcdef"
    );
}

TEST(DeadLetter, OfSomebodyElseIsReadAsFarAsItGoes) {
    nats::StoredMessage stored;
    stored.seq = 3;
    stored.time = "2026-11-23T12:00:01Z";
    stored.message.subject = "dlq.push.send";
    stored.message.headers = {
        {"Chatear-Generation", "many"},
        {"Chatear-Content-Sha256", "xyz"},
        {"Chatear-Dead-At", "once"}};
    const DeadLetter letter = read_dead_letter(stored);
    EXPECT_EQ(letter.subject, "push.send");
    EXPECT_EQ(letter.event_id, "");
    EXPECT_EQ(letter.generation, 0u);
    EXPECT_EQ(letter.content_sha256, "");
    EXPECT_EQ(letter.dead_at, *parse_time("2026-11-23T12:00:01Z"));
}

TEST(DeadLetter, IsShownWithBytesThatAreNoText) {
    nats::StoredMessage stored = letter_of(event());
    stored.message.payload = "\xff";
    const boost::json::object shown = details(read_dead_letter(stored));
    EXPECT_EQ(shown.at("payload_base64"), "/w==");
    EXPECT_EQ(shown.at("seq"), 17u);
    EXPECT_EQ(shown.at("reason"), "550 no such user");
}

struct FilterCase {
    const char* name;
    DeadLetterFilter filter;
    bool matches;
};

TEST(DeadLetterFilter, GoesBySubjectReasonAndTime) {
    const DeadLetter letter = read_dead_letter(letter_of(event()));
    const Time noon = *parse_time("2026-11-23T12:00:00Z");
    const std::vector<FilterCase> cases = {
        {"nothing", {}, true},
        {"subject", {.subject = "email.send"}, true},
        {"wildcard", {.subject = "email.*"}, true},
        {"other subject", {.subject = "user.delete"}, false},
        {"part of the reason", {.reason = "No Such"}, true},
        {"other reason", {.reason = "551"}, false},
        {"since then", {.since = noon}, true},
        {"since later", {.since = noon + std::chrono::seconds(1)}, false},
        {"until then", {.until = noon}, false},
        {"until later", {.until = noon + std::chrono::seconds(1)}, true},
    };
    for (const FilterCase& one : cases) {
        EXPECT_EQ(one.filter.matches(letter), one.matches) << one.name;
    }
}

}  // namespace
}  // namespace chatear::admin
