// Rules 14 and 15: what waits to be published.
#include "base/clock.hpp"
#include "support/conformance/outbox_contract.hpp"

#include <gmock/gmock.h>

#include <utility>

namespace chatear::conformance {

using runtime::OutboxKind;
using runtime::OutboxRow;
using runtime::TakenRow;

void OutboxContract::add(std::vector<OutboxRow> rows) {
    world_->run([&] { return world_->outbox().add(rows); });
}

std::vector<TakenRow> OutboxContract::take(
    std::size_t most,
    std::chrono::milliseconds lease,
    const std::vector<std::string>& subjects_to_skip
) {
    std::vector<TakenRow> taken;
    world_->run([&]() -> asio::awaitable<void> {
        taken = co_await world_->outbox().take(most, lease, subjects_to_skip);
    });
    return taken;
}

std::vector<std::string> OutboxContract::take_events(
    std::size_t most, const std::vector<std::string>& subjects_to_skip
) {
    std::vector<std::string> events;
    for (const TakenRow& row : take(most, 1min, subjects_to_skip)) {
        events.push_back(row.event_id);
    }
    return events;
}

void OutboxContract::remove(const TakenRow& row) {
    const std::vector<std::string> ids(1, row.id);
    world_->run([&] { return world_->outbox().remove(ids); });
}

void OutboxContract::put_back(const TakenRow& row, std::chrono::milliseconds after) {
    const std::vector<std::string> ids(1, row.id);
    world_->run([&] { return world_->outbox().put_back(ids, after); });
}

void OutboxContract::refuse(const TakenRow& row, std::optional<OutboxRow> dead_letter) {
    world_->run([&] { return world_->outbox().refuse(row.id, "too large", dead_letter); });
}

std::optional<std::chrono::milliseconds> OutboxContract::until_next_due() {
    std::optional<std::chrono::milliseconds> next;
    world_->run([&]() -> asio::awaitable<void> {
        next = co_await world_->outbox().until_next_due();
    });
    return next;
}

OutboxRow OutboxContract::retry_of(const std::string& event_id, std::uint32_t generation) {
    OutboxRow row;
    row.kind = OutboxKind::event;
    row.subject = "order.paid";
    row.payload = "content";
    row.origin_subject = "order.paid";
    row.event_id = event_id;
    row.generation = generation;
    return row;
}

OutboxRow OutboxContract::dead_letter_of(const std::string& event_id) {
    OutboxRow row = retry_of(event_id);
    row.kind = OutboxKind::dead_letter;
    row.subject = "dlq.order.paid";
    return row;
}

namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

TEST_P(OutboxContract, Rule14ADueRowIsTakenWhole) {
    OutboxRow row = retry_of("e", 3);
    row.payload = std::string("\0bytes\xff", 7);
    row.headers = {{"A", "\"quoted\" \\ é"}, {"B", ""}, {"A", "again"}};
    add({row});
    const std::vector<TakenRow> taken = take();
    ASSERT_THAT(taken, SizeIs(1));
    EXPECT_NE(taken[0].id, "");
    EXPECT_EQ(taken[0].kind, OutboxKind::event);
    EXPECT_EQ(taken[0].subject, "order.paid");
    EXPECT_EQ(taken[0].payload, row.payload);
    EXPECT_EQ(taken[0].headers, row.headers);
    EXPECT_EQ(taken[0].origin_subject, "order.paid");
    EXPECT_EQ(taken[0].event_id, "e");
    EXPECT_EQ(taken[0].generation, 3U);
}

TEST_P(OutboxContract, Rule14WhatIsTakenIsNotTakenAgainWithinItsLease) {
    add({retry_of("e")});
    EXPECT_THAT(take_events(), ElementsAre("e"));
    EXPECT_THAT(take_events(), IsEmpty());
}

TEST_P(OutboxContract, Rule14WhoDiesWithARowLeavesItToTheNextWhenTheLeaseEnds) {
    add({retry_of("e")});
    const std::vector<TakenRow> first = take(10, 0ms);
    const std::vector<TakenRow> second = take(10, 0ms);
    ASSERT_THAT(first, SizeIs(1));
    ASSERT_THAT(second, SizeIs(1));
    EXPECT_EQ(first[0].id, second[0].id) << "the Nats-Msg-Id stays";
}

TEST_P(OutboxContract, Rule14TheSameRowAddedAgainDoesNothing) {
    add({retry_of("e"), retry_of("e"), retry_of("e", 2), dead_letter_of("e")});
    add({retry_of("e")});
    EXPECT_THAT(take_events(), SizeIs(3)) << "another generation, or kind, is another row";
    add({retry_of("e")});
    EXPECT_THAT(take_events(), IsEmpty());
}

TEST_P(OutboxContract, Rule14ARowIsTakenWhenItIsDue) {
    OutboxRow later = retry_of("later");
    later.due_after = 1min;
    OutboxRow at_its_time = retry_of("at its time");
    at_its_time.due_at = SystemClock().now() + 1min;
    at_its_time.due_after = 0ms;
    add({later, at_its_time, retry_of("now")});
    EXPECT_THAT(take_events(), ElementsAre("now"));
}

TEST_P(OutboxContract, Rule14TheOldestDueComesFirst) {
    std::vector<OutboxRow> rows;
    for (const int age : {1, 4, 2, 3}) {
        rows.push_back(retry_of(std::to_string(age)));
        rows.back().due_at = SystemClock().now() - std::chrono::minutes(age);
    }
    add(rows);
    EXPECT_THAT(take_events(3), ElementsAre("4", "3", "2"));
    EXPECT_THAT(take_events(3), ElementsAre("1"));
}

TEST_P(OutboxContract, Rule15SubjectsOfStreamsThatAreDownAreSkipped) {
    OutboxRow down = retry_of("down");
    down.subject = "down.subject";
    add({down, retry_of("up")});
    EXPECT_THAT(take_events(10, {"down.subject"}), ElementsAre("up"));
    EXPECT_THAT(take_events(), ElementsAre("down"));
}

TEST_P(OutboxContract, Rule14PublishedRowsGo) {
    add({retry_of("e")});
    const TakenRow row = take(10, 0ms).at(0);
    remove(row);
    remove(row);
    EXPECT_THAT(take_events(), IsEmpty());
    EXPECT_EQ(until_next_due(), std::nullopt);
    add({retry_of("e")});
    EXPECT_THAT(take_events(), ElementsAre("e")) << "nothing remembers what is published";
}

TEST_P(OutboxContract, Rule14WhatIsPutBackIsDueAgainBeforeItsLeaseEnds) {
    add({retry_of("e")});
    const TakenRow row = take().at(0);
    put_back(row, 1h);
    EXPECT_THAT(take_events(), IsEmpty());
    put_back(row, 0ms);
    EXPECT_EQ(take().at(0).id, row.id);
    remove(row);
    put_back(row, 0ms);
    EXPECT_THAT(take_events(), IsEmpty()) << "what is gone stays gone";
}

TEST_P(OutboxContract, Rule15ARefusedRetryBecomesADeadLetterOnce) {
    add({retry_of("e")});
    const TakenRow row = take().at(0);
    refuse(row, dead_letter_of("e"));
    const std::vector<TakenRow> dead = take();
    ASSERT_THAT(dead, SizeIs(1));
    EXPECT_EQ(dead[0].kind, OutboxKind::dead_letter);
    EXPECT_EQ(dead[0].subject, "dlq.order.paid");
    remove(dead[0]);
    refuse(row, dead_letter_of("e"));
    EXPECT_THAT(take_events(), IsEmpty());
}

TEST_P(OutboxContract, Rule15ARefusedDeadLetterStaysAndIsTakenNoMore) {
    add({dead_letter_of("e")});
    const TakenRow row = take().at(0);
    refuse(row, dead_letter_of("of e"));
    put_back(row, 0ms);
    EXPECT_THAT(take_events(), IsEmpty());
    EXPECT_EQ(until_next_due(), std::nullopt);
    add({dead_letter_of("e")});
    EXPECT_THAT(take_events(), IsEmpty()) << "it stands, with its reason";
}

TEST_P(OutboxContract, TellsHowLongTheNextDueIsAway) {
    EXPECT_EQ(until_next_due(), std::nullopt);
    OutboxRow later = retry_of("later");
    later.due_after = 1h;
    add({later});
    EXPECT_GT(until_next_due(), 59min);
    EXPECT_LE(until_next_due(), 1h);
    OutboxRow overdue = retry_of("overdue");
    overdue.due_at = SystemClock().now() - 1h;
    add({overdue});
    EXPECT_EQ(until_next_due(), 0ms);
    take();
    EXPECT_GT(until_next_due(), 59s) << "the end of its lease";
    EXPECT_LE(until_next_due(), 1min);
}

}  // namespace
}  // namespace chatear::conformance
