#include "nats/pull_book.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chatear::nats {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Effect = PullBook::Effect;
using Moment = PullBook::Moment;

constexpr std::size_t mega = 1'000'000;

class PullBookTest : public testing::Test {
protected:
    PullBookTest() { book_.on_restart(now_); }

    std::vector<PullRequest> requests() { return book_.take_requests(now_); }

    PullRequest only_request() {
        const std::vector<PullRequest> all = requests();
        EXPECT_EQ(all.size(), 1U);
        return all.empty() ? PullRequest() : all.front();
    }

    Effect status(const PullRequest& request, int code, std::string_view text = "") {
        return book_.on_status(request.slot, request.number, code, text, now_);
    }

    Moment now_ = seconds(1'000);
    PullBook book_{PullBook::Options()};
};

TEST_F(PullBookTest, AsksForNothingWithoutCredit) {
    EXPECT_TRUE(requests().empty());
    book_.set_credit(10, 0);
    EXPECT_TRUE(requests().empty());
    book_.set_credit(0, 10);
    EXPECT_TRUE(requests().empty());
}

TEST_F(PullBookTest, KeepsTwoRequestsUnderWaySoThatNoRoundTripShows) {
    book_.set_credit(100, mega);
    const std::vector<PullRequest> first = requests();
    ASSERT_EQ(first.size(), 2U);
    EXPECT_EQ(first[0].messages, 50U);
    EXPECT_EQ(first[1].messages, 50U);
    EXPECT_EQ(first[0].bytes, mega / 2);
    EXPECT_NE(first[0].slot, first[1].slot);
    EXPECT_EQ(first[0].expires, seconds(30));
    EXPECT_EQ(first[0].heartbeat, seconds(1));
    EXPECT_TRUE(requests().empty());
    for (int i = 0; i < 50; ++i) {
        book_.on_message(first[0].slot, 10, now_);
    }
    EXPECT_TRUE(requests().empty()) << "the owner has not taken them";
    book_.on_taken(50, 500);
    EXPECT_TRUE(requests().empty()) << "the owner has no room yet";
    book_.set_credit(100, mega);
    EXPECT_EQ(only_request().messages, 50U) << "while the other one is still under way";
}

TEST_F(PullBookTest, GathersCreditInsteadOfAskingMessageByMessage) {
    book_.set_credit(100, mega);
    const std::vector<PullRequest> first = requests();
    for (std::size_t done = 1; done < 50; ++done) {
        book_.on_message(first[0].slot, 10, now_);
        book_.on_taken(1, 10);
        book_.set_credit(100, mega);
        EXPECT_TRUE(requests().empty()) << done;
    }
    book_.on_message(first[0].slot, 10, now_);
    book_.on_taken(1, 10);
    book_.set_credit(100, mega);
    EXPECT_EQ(only_request().messages, 50U);
}

TEST_F(PullBookTest, ASingleFreePlaceIsUsedAtOnceWhenNothingIsUnderWay) {
    book_.set_credit(100, mega);
    for (const PullRequest& request : requests()) {
        status(request, 408);
    }
    now_ += milliseconds(20);
    book_.set_credit(1, mega);
    EXPECT_EQ(book_.next_look(now_), now_);
    EXPECT_EQ(only_request().messages, 1U);
}

TEST_F(PullBookTest, SinglePlacesBecomeFreeButAreNotAskedForOneByOne) {
    book_.set_credit(100, mega);
    for (const PullRequest& request : requests()) {
        for (std::size_t i = 0; i < request.messages; ++i) {
            book_.on_message(request.slot, 10, now_);
        }
        book_.on_taken(request.messages, request.messages * 10);
    }
    const Moment asked = now_;
    for (std::size_t place = 1; place < 25; ++place) {
        now_ = asked + milliseconds(19);
        book_.set_credit(place, mega);
        EXPECT_TRUE(requests().empty()) << place;
        EXPECT_EQ(book_.next_look(now_), asked + milliseconds(20));
    }
    book_.set_credit(25, mega);
    EXPECT_EQ(book_.next_look(now_), now_);
    EXPECT_EQ(only_request().messages, 25U) << "a quarter of the room";
}

TEST_F(PullBookTest, WhatIsFreeBesideSlowEventsIsAskedForAfterAMoment) {
    book_.set_credit(100, mega);
    for (const PullRequest& request : requests()) {
        status(request, 408);
    }
    book_.set_credit(3, mega);
    EXPECT_TRUE(requests().empty());
    now_ += milliseconds(20);
    EXPECT_EQ(only_request().messages, 3U);
}

TEST_F(PullBookTest, GetsTheCreditOfAnEndedRequestBack) {
    for (const auto& [code, text] : std::vector<std::pair<int, std::string>>{
             {404, "No Messages"}, {408, "Request Timeout"}, {409, "Batch Completed"}}) {
        book_.set_credit(1, mega);
        EXPECT_EQ(status(only_request(), code, text), Effect::none);
        EXPECT_EQ(book_.messages_requested(), 0U);
    }
    EXPECT_EQ(only_request().messages, 1U);
}

TEST_F(PullBookTest, WaitsLongerAfterEachRefusalAndForgetsThatAfterAMessage) {
    book_.set_credit(1, mega);
    milliseconds last{0};
    for (int i = 0; i < 8; ++i) {
        EXPECT_EQ(status(only_request(), 409, "Exceeded MaxWaiting"), Effect::none);
        EXPECT_TRUE(requests().empty());
        const auto pause = std::chrono::duration_cast<milliseconds>(book_.next_look(now_) - now_);
        EXPECT_GE(pause, last);
        EXPECT_LE(pause, seconds(5));
        last = pause;
        now_ += pause;
    }
    EXPECT_EQ(last, seconds(5));
    const PullRequest request = only_request();
    book_.on_message(request.slot, 1, now_);
    book_.on_taken(1, 1);
    book_.set_credit(1, mega);
    EXPECT_EQ(status(only_request(), 409, "Leadership Change"), Effect::none);
    EXPECT_EQ(book_.next_look(now_) - now_, milliseconds(100));
}

TEST_F(PullBookTest, AsksForALookWhenTheConsumerIsGone) {
    for (const auto& [code, text] : std::vector<std::pair<int, std::string>>{
             {409, "Consumer Deleted"}, {409, "Consumer is push based"}, {503, "No Responders"}}) {
        PullBook book{PullBook::Options()};
        book.on_restart(now_);
        book.set_credit(1, mega);
        const PullRequest request = book.take_requests(now_).at(0);
        EXPECT_EQ(book.on_status(request.slot, request.number, code, text, now_), Effect::deleted)
            << text;
        EXPECT_EQ(book.messages_requested(), 0U);
    }
}

TEST_F(PullBookTest, AStatusOfAnEarlierRequestGivesNothingBack) {
    book_.set_credit(1, mega);
    const PullRequest first = only_request();
    status(first, 408);
    const PullRequest second = only_request();
    EXPECT_EQ(second.slot, first.slot);
    status(first, 408);
    status(first, 409, "Message Size Exceeds MaxBytes");
    EXPECT_EQ(book_.messages_requested(), 1U);
}

TEST_F(PullBookTest, UnknownStatusesGiveTheCreditBack) {
    book_.set_credit(1, mega);
    EXPECT_EQ(status(only_request(), 777, "Something New"), Effect::none);
    EXPECT_EQ(book_.messages_requested(), 0U);
    now_ += seconds(5);
    EXPECT_EQ(only_request().messages, 1U);
}

TEST_F(PullBookTest, ARequestWithoutAnyStatusIsVoidAfterItsTimeAndFiveSeconds) {
    book_.set_credit(1, mega);
    only_request();
    now_ += seconds(35) - milliseconds(1);
    book_.expire(now_);
    EXPECT_EQ(book_.messages_requested(), 1U);
    now_ += milliseconds(1);
    book_.expire(now_);
    EXPECT_EQ(book_.messages_requested(), 0U);
}

TEST_F(PullBookTest, IsSilentAfterTwoMissedHeartbeats) {
    book_.set_credit(1, mega);
    const PullRequest request = only_request();
    status(request, 100, "Idle Heartbeat");
    now_ += seconds(9);
    EXPECT_FALSE(book_.silent(now_));
    EXPECT_EQ(book_.next_look(now_) - now_, seconds(1));
    now_ += seconds(1);
    EXPECT_TRUE(book_.silent(now_));
    book_.on_restart(now_);
    EXPECT_FALSE(book_.silent(now_));
    EXPECT_EQ(book_.messages_requested(), 0U);
}

TEST_F(PullBookTest, IsSilentSoonerWhereNothingWasHeardYet) {
    now_ += seconds(5);  // Without credit nothing can be heard.
    EXPECT_FALSE(book_.silent(now_));
    book_.set_credit(1, mega);
    const PullRequest first = only_request();
    EXPECT_EQ(first.heartbeat, seconds(1));
    EXPECT_EQ(book_.next_look(now_) - now_, seconds(2));
    now_ += seconds(2) - milliseconds(1);
    EXPECT_FALSE(book_.silent(now_));
    now_ += milliseconds(1);
    EXPECT_TRUE(book_.silent(now_));
    book_.on_restart(now_);
    const PullRequest second = only_request();
    EXPECT_EQ(second.heartbeat, seconds(1));
    status(second, 408, "Request Timeout");
    now_ += seconds(9);
    EXPECT_FALSE(book_.silent(now_));
    const PullRequest third = only_request();
    EXPECT_EQ(third.heartbeat, seconds(5));
}

TEST_F(PullBookTest, KeepsToTheConsumersLimits) {
    book_.set_limits(7, 1'000, seconds(2));
    book_.set_credit(100, mega);
    const std::vector<PullRequest> all = requests();
    EXPECT_FALSE(all.empty());
    for (const PullRequest& request : all) {
        EXPECT_EQ(request.messages, 7U);
        EXPECT_EQ(request.bytes, 1'000U);
        EXPECT_EQ(request.expires, seconds(2));
        EXPECT_EQ(request.heartbeat, seconds(1));
    }
}

TEST_F(PullBookTest, TellsWhenAMessageEndsItsRequest) {
    book_.set_limits(2, 0, milliseconds(0));
    book_.set_credit(100, mega);
    const std::vector<PullRequest> all = requests();
    EXPECT_EQ(all.size(), 2U);
    EXPECT_FALSE(book_.on_message(all.at(0).slot, 1, now_));
    EXPECT_TRUE(requests().empty());
    EXPECT_TRUE(book_.on_message(all.at(0).slot, 1, now_));
    EXPECT_EQ(only_request().slot, all.at(0).slot);
    EXPECT_FALSE(book_.on_message(all.at(1).slot, 1, now_));
}

TEST_F(PullBookTest, AsksForALookWhenTheConsumersLimitsAreOthersThanItKnows) {
    for (const std::string text :
         {"Exceeded MaxRequestBatch of 5",
          "Exceeded MaxRequestExpires of 1s",
          "Exceeded MaxRequestMaxBytes of 100"}) {
        PullBook book{PullBook::Options()};
        book.on_restart(now_);
        book.set_credit(1, mega);
        const PullRequest request = book.take_requests(now_).at(0);
        EXPECT_EQ(book.on_status(request.slot, request.number, 409, text, now_), Effect::verify)
            << text;
        EXPECT_TRUE(book.take_requests(now_).empty()) << "at once it would be refused again";
    }
    book_.set_credit(1, mega);
    EXPECT_EQ(status(only_request(), 409, "Exceeded MaxWaiting"), Effect::none);
}

TEST_F(PullBookTest, AMessageLargerThanARequestComesAloneInTheWholeRoom) {
    book_.set_credit(100, 1'000);
    for (const PullRequest& request : requests()) {
        EXPECT_EQ(request.bytes, 500U);
        EXPECT_EQ(status(request, 409, "Message Size Exceeds MaxBytes"), Effect::none);
    }
    const PullRequest alone = only_request();
    EXPECT_EQ(alone.messages, 1U);
    EXPECT_EQ(alone.bytes, 1'000U);
    EXPECT_EQ(status(alone, 409, "Message Size Exceeds MaxBytes"), Effect::none);
    const PullRequest unlimited = only_request();
    EXPECT_EQ(unlimited.messages, 1U);
    EXPECT_EQ(unlimited.bytes, 0U);
    book_.on_message(unlimited.slot, 50'000, now_);
    EXPECT_TRUE(requests().empty());
    book_.on_taken(1, 50'000);
    book_.set_credit(100, 1'000);
    EXPECT_EQ(requests().size(), 2U) << "back to ordinary requests";
}

TEST_F(PullBookTest, AMessageTooLargeForTheRestOfTheRoomWaitsForMoreOfIt) {
    book_.set_credit(100, 1'000);
    for (const PullRequest& request : requests()) {
        status(request, 408);
    }
    book_.set_credit(50, 300);
    status(only_request(), 409, "Message Size Exceeds MaxBytes");
    EXPECT_TRUE(requests().empty()) << "no more room than before";
    EXPECT_EQ(book_.next_look(now_) - now_, seconds(1));
    book_.set_credit(60, 600);
    EXPECT_EQ(only_request().bytes, 600U);
}

}  // namespace
}  // namespace chatear::nats
