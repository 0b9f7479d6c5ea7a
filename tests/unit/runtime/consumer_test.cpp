#include "consumer_fixture.hpp"

#include <stdexcept>

namespace chatear::runtime {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

using Rule6Consumer = ConsumerTest;
using Rule8Consumer = ConsumerTest;
using Rule9Consumer = ConsumerTest;
using Rule10Consumer = ConsumerTest;
using Rule12Consumer = ConsumerTest;
using Rule13HeldConsumer = ConsumerTest;

TEST_F(ConsumerTest, AnEventIsHandledRecordedAndAcked) {
    give("a");
    run([this] { return settled(1); });
    EXPECT_THAT(handled_, ElementsAre("a"));
    ASSERT_THAT(judge_.recorded, SizeIs(1));
    EXPECT_EQ(judge_.recorded[0].event_id, "a");
    EXPECT_EQ(judge_.recorded[0].verdict.status, LedgerStatus::done);
    EXPECT_THAT(source_.acked, ElementsAre("a#1"));
    EXPECT_EQ(status().done, 1U);
    EXPECT_EQ(status().in_hand, 0U);
    EXPECT_EQ(status().bytes_in_hand, 0U);
}

TEST_F(ConsumerTest, NeverHasMoreInHandThanItMay) {
    for (int i = 0; i < 50; ++i) {
        give(std::to_string(i));
    }
    run([this] { return settled(50); });
    EXPECT_EQ(most_running_, 4);
    EXPECT_THAT(source_.acked, SizeIs(50));
}

TEST_F(ConsumerTest, TheBytesInHandAreTakenOffTheCredit) {
    options_.memory_budget = 1000;
    give("a");
    std::size_t seen = 0;
    handler_ = [&](TestEvent, Delivery) -> asio::awaitable<Outcome> {
        co_await net::sleep_for(12ms);
        seen = source_.credit_bytes;
        co_return Done{};
    };
    run([this] { return settled(1); });
    EXPECT_LT(seen, 1000U);
    EXPECT_GT(seen, 0U);
}

TEST_F(ConsumerTest, WhatIsInHandIsKeptInProgress) {
    give("slow");
    handler_ = [](TestEvent, Delivery) -> asio::awaitable<Outcome> {
        co_await net::sleep_for(30ms);
        co_return Done{};
    };
    run([this] { return settled(1); });
    EXPECT_THAT(source_.kept, Contains("slow#1"));
}

TEST_F(ConsumerTest, ABadPayloadIsOneDeadLetterWithoutAHandler) {
    source_.give("bad", "{");
    run([this] { return settled(1); });
    EXPECT_THAT(handled_, IsEmpty());
    ASSERT_THAT(judge_.recorded, SizeIs(1));
    EXPECT_EQ(judge_.recorded[0].verdict.status, LedgerStatus::failed);
    ASSERT_THAT(judge_.recorded[0].verdict.publish, SizeIs(1));
    EXPECT_EQ(judge_.recorded[0].verdict.publish[0].subject, "dlq.test.event");
    EXPECT_EQ(status().dead_lettered, 1U);
}

TEST_F(ConsumerTest, AnExceptionOfTheHandlerIsARetry) {
    give("a");
    handler_ = [](TestEvent, Delivery) -> asio::awaitable<Outcome> {
        throw std::runtime_error("a defect");
        co_return Done{};
    };
    run([this] { return settled(1); });
    ASSERT_THAT(judge_.recorded, SizeIs(1));
    EXPECT_EQ(judge_.recorded[0].verdict.status, LedgerStatus::retrying);
    EXPECT_EQ(judge_.recorded[0].verdict.reason, "a defect");
    EXPECT_EQ(status().retried, 1U);
}

TEST_F(ConsumerTest, WhatTheLedgerCannotHoldIsADeadLetter) {
    give("a");
    judge_.on_claim = [](const Event&, std::uint64_t) -> ClaimReply {
        throw std::runtime_error("PostgreSQL refuses a value");
    };
    run([this] { return settled(1); });
    ASSERT_THAT(judge_.buried, SizeIs(1));
    EXPECT_THAT(outcomes_, ElementsAre("dead_letter"));
    EXPECT_THAT(source_.acked, ElementsAre("a#1"));
    EXPECT_THAT(handled_, IsEmpty());
}

// What a worker's own code throws must not end the process: the event would come again and again.

TEST_F(ConsumerTest, ADecoderThatThrowsIsADeadLetter) {
    give("a");
    decode_ = [](std::string_view) -> Result<DecodedEvent> {
        throw std::runtime_error("a defect");
    };
    run([this] { return settled(1); });
    ASSERT_THAT(judge_.recorded, SizeIs(1));
    EXPECT_EQ(judge_.recorded[0].verdict.status, LedgerStatus::failed);
    EXPECT_THAT(judge_.recorded[0].verdict.reason, HasSubstr("a defect"));
    EXPECT_THAT(source_.acked, ElementsAre("a#1"));
}

TEST_F(ConsumerTest, DetailsThatCannotBeMadeAreADeadLetter) {
    give("a");
    subject_options_.claim_details = [](const TestEvent&,
                                        const Event&) -> std::vector<std::optional<std::string>> {
        throw std::runtime_error("a defect");
    };
    run([this] { return settled(1); });
    ASSERT_THAT(judge_.buried, SizeIs(1));
    EXPECT_THAT(source_.acked, ElementsAre("a#1"));
}

TEST_F(ConsumerTest, AnAnnouncementThatThrowsLeavesTheVerdictAlone) {
    give("a");
    subject_options_.announce =
        [](const TestEvent*, const Delivery&, const FinalVerdict&) -> std::vector<DomainEvent> {
        throw std::runtime_error("a defect");
    };
    run([this] { return settled(1); });
    ASSERT_THAT(judge_.recorded, SizeIs(1));
    EXPECT_EQ(judge_.recorded[0].verdict.status, LedgerStatus::done);
    EXPECT_THAT(judge_.recorded[0].verdict.publish, IsEmpty());
    EXPECT_THAT(source_.acked, ElementsAre("a#1"));
}

TEST_F(Rule9Consumer, EveryAnnouncementOfOneVerdictHasARowOfItsOwn) {
    give("a");
    subject_options_.announce = [](const TestEvent*, const Delivery&, const FinalVerdict&) {
        return std::vector<DomainEvent>{{"first", "1"}, {"second", "2"}};
    };
    run([this] { return settled(1); });
    ASSERT_THAT(judge_.recorded, SizeIs(1));
    const std::vector<OutboxRow>& rows = judge_.recorded[0].verdict.publish;
    ASSERT_THAT(rows, SizeIs(2));
    EXPECT_EQ(rows[0].origin_subject, "test.event");
    EXPECT_EQ(rows[1].origin_subject, "") << "its key is the first one's: it would be left out";
    EXPECT_EQ(rows[1].payload, "2");
}

TEST_F(Rule9Consumer, AVerdictThatTheLedgerCannotHoldIsADeadLetter) {
    give("a");
    judge_.refusals = 1;
    handler_ = [](TestEvent, Delivery) -> asio::awaitable<Outcome> {
        Outcome never = Defer{Time::max(), "for ever"};
        co_return never;
    };
    run([this] { return settled(1); });
    ASSERT_THAT(judge_.recorded, SizeIs(1));
    EXPECT_EQ(judge_.recorded[0].verdict.status, LedgerStatus::failed);
    EXPECT_THAT(judge_.recorded[0].verdict.reason, HasSubstr("refuses a value"));
    EXPECT_EQ(judge_.recorded[0].verdict.publish.at(0).kind, OutboxKind::dead_letter);
    EXPECT_EQ(status().dead_lettered, 1U);
}

TEST_F(Rule9Consumer, WhatHappenedStaysDoneWhateverTheLedgerRefuses) {
    give("a");
    judge_.refusals = 1;
    run([this] { return settled(1); });
    ASSERT_THAT(judge_.recorded, SizeIs(1));
    EXPECT_EQ(judge_.recorded[0].verdict.status, LedgerStatus::done)
        << "a dead letter of it, replayed, would make it happen again";
    EXPECT_THAT(source_.acked, ElementsAre("a#1"));
}

TEST_F(Rule6Consumer, ASecondDeliveryIsJudgedAfterTheVerdictOfTheFirst) {
    give("a");
    give("a");
    bool second_waited = true;
    handler_ = [&](TestEvent, Delivery) -> asio::awaitable<Outcome> {
        co_await net::sleep_for(20ms);
        second_waited = second_waited && judge_.claims.size() == 1;
        co_return Done{};
    };
    judge_.on_claim = [this](const Event&, std::uint64_t) {
        ClaimReply reply;
        reply.answer = judge_.recorded.empty() ? ClaimAnswer::granted : ClaimAnswer::finished;
        return reply;
    };
    run([this] { return settled(2); });
    EXPECT_TRUE(second_waited);
    EXPECT_THAT(handled_, SizeIs(1));
    EXPECT_THAT(source_.acked, ElementsAre("a#1", "a#2"));
    EXPECT_THAT(source_.kept, AllOf(Contains("a#1"), Contains("a#2")));
    EXPECT_EQ(status().already_final, 1U);
}

TEST_F(Rule6Consumer, AClaimWhoseAnswerGotLostIsAskedAgainByTheSamePair) {
    give("a");
    int asked = 0;
    judge_.on_claim = [&](const Event&, std::uint64_t) {
        if (++asked < 3) {
            throw Unavailable("postgres", "test:1", "the answer got lost");
        }
        ClaimReply reply;
        reply.answer = ClaimAnswer::granted;
        return reply;
    };
    run([this] { return settled(1); });
    ASSERT_THAT(judge_.claims, SizeIs(3));
    EXPECT_EQ(judge_.claims[0], judge_.claims[1]);
    EXPECT_EQ(judge_.claims[0], judge_.claims[2]);
    EXPECT_EQ(judge_.recorded.at(0).verdict.status, LedgerStatus::done);
}

TEST_F(Rule6Consumer, EachDeliveryHasAClaimNumberOfItsOwn) {
    give("a");
    give("b");
    run([this] { return settled(2); });
    ASSERT_THAT(judge_.claims, SizeIs(2));
    EXPECT_NE(judge_.claims[0].second, judge_.claims[1].second);
}

TEST_F(Rule8Consumer, FinishedAndStaleAreAckedAndNothingIsDone) {
    give("finished");
    give("stale");
    judge_.on_claim = [](const Event& event, std::uint64_t) {
        ClaimReply reply;
        reply.answer = event.event_id == "stale" ? ClaimAnswer::stale : ClaimAnswer::finished;
        return reply;
    };
    run([this] { return settled(2); });
    EXPECT_THAT(source_.acked, SizeIs(2));
    EXPECT_THAT(handled_, IsEmpty());
    EXPECT_THAT(judge_.recorded, IsEmpty());
    EXPECT_EQ(status().already_final, 2U);
}

TEST_F(Rule8Consumer, WhatALiveProcessHasGoesBackWithADelay) {
    give("a");
    judge_.on_claim = [](const Event&, std::uint64_t) { return ClaimReply{}; };
    run([this] { return settled(1); });
    ASSERT_THAT(source_.naked, SizeIs(1));
    EXPECT_EQ(source_.naked[0].second, options_.held_elsewhere_delay);
    EXPECT_THAT(source_.acked, IsEmpty());
    EXPECT_EQ(status().held_elsewhere, 1U);
}

TEST_F(Rule8Consumer, AConflictIsADeadLetterUnderAnIdOfItsOwn) {
    give("a");
    judge_.on_claim = [](const Event&, std::uint64_t) {
        ClaimReply reply;
        reply.answer = ClaimAnswer::conflict;
        return reply;
    };
    run([this] { return settled(1); });
    ASSERT_THAT(judge_.buried, SizeIs(1));
    EXPECT_THAT(outcomes_, ElementsAre("dead_letter"));
    EXPECT_THAT(judge_.buried[0].event_id, StartsWith("a."));
    EXPECT_THAT(judge_.recorded, IsEmpty());
    EXPECT_THAT(source_.acked, SizeIs(1));
}

TEST_F(Rule10Consumer, AVerdictThatMatchesNothingIsNeitherAckedNorNaked) {
    give("a");
    judge_.settlement.action = Settlement::Action::drop;
    run([this] { return !judge_.recorded.empty(); });
    EXPECT_THAT(source_.acked, IsEmpty());
    EXPECT_THAT(source_.naked, IsEmpty());
    EXPECT_EQ(status().dropped, 1U);
    EXPECT_EQ(status().in_hand, 0U);
}

TEST_F(Rule12Consumer, AnOutageAfterContentBeganIsAResultAndNoHandlerRunsAgain) {
    give("a");
    handler_ = [](TestEvent, Delivery delivery) -> asio::awaitable<Outcome> {
        const bool allowed = co_await delivery.begin_content();
        EXPECT_TRUE(allowed);
        throw Unavailable("smtp", "test:25", "hung up");
    };
    run([this] { return settled(1); });
    EXPECT_THAT(handled_, SizeIs(1));
    ASSERT_THAT(judge_.recorded, SizeIs(1));
    EXPECT_EQ(judge_.recorded[0].verdict.status, LedgerStatus::retrying);
    EXPECT_THAT(judge_.recorded[0].verdict.reason, HasSubstr("the result is unknown"));
    EXPECT_EQ(consumer_->brake().state(), Brake::State::closed)
        << "the others need not meet it too";
}

TEST_F(Rule13HeldConsumer, WhatAHandlerThrowsAfterItsContentBeganIsForAPersonToDecide) {
    options_.hold_on_ambiguity = true;
    give("outage");
    give("defect");
    give("before");
    handler_ = [](TestEvent event, Delivery delivery) -> asio::awaitable<Outcome> {
        if (event.text == "before") {
            throw std::runtime_error("a defect");
        }
        (void)co_await delivery.begin_content();
        if (event.text == "outage") {
            throw Unavailable("smtp", "test:25", "hung up");
        }
        throw std::runtime_error("a defect");
    };
    run([this] { return settled(3); });
    ASSERT_THAT(judge_.recorded, SizeIs(3));
    for (const FakeJudge::Recorded& recorded : judge_.recorded) {
        const bool began = recorded.event_id != "before";
        EXPECT_EQ(recorded.verdict.status, began ? LedgerStatus::ambiguous : LedgerStatus::retrying)
            << recorded.event_id;
    }
}

/// Stops the consumer 10 ms after its start, and says whether a content was cut off.
class CutOff : public ConsumerTest {
protected:
    bool content_in_hand() {
        give("a");
        make_consumer();
        bool in_hand = false;
        const auto test = [&]() -> asio::awaitable<void> {
            consumer_->start();
            co_await net::sleep_for(10ms);
            co_await consumer_->stop();
            in_hand = consumer_->content_in_hand();
        };
        test::run_coroutine(context_, test);
        return in_hand;
    }
};
using Rule13Consumer = CutOff;

TEST_F(Rule13Consumer, AContentThatIsCutOffIsKnownWhenItStops) {
    handler_ = [](TestEvent, Delivery delivery) -> asio::awaitable<Outcome> {
        (void)co_await delivery.begin_content();
        co_await net::sleep_for(1h);
        co_return Done{};
    };
    EXPECT_TRUE(content_in_hand());
    EXPECT_THAT(judge_.recorded, IsEmpty());
}

TEST_F(Rule13Consumer, WhatHadNotBegunOrHasItsVerdictIsNoContentInHand) {
    handler_ = [](TestEvent, Delivery) -> asio::awaitable<Outcome> {
        co_await net::sleep_for(1h);
        co_return Done{};
    };
    EXPECT_FALSE(content_in_hand());
    handler_ = [](TestEvent, Delivery delivery) -> asio::awaitable<Outcome> {
        (void)co_await delivery.begin_content();
        co_return Done{};
    };
    EXPECT_FALSE(content_in_hand());
    EXPECT_THAT(judge_.recorded, SizeIs(1));
}

}  // namespace
}  // namespace chatear::runtime
