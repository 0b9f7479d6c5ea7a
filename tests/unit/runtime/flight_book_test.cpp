#include "runtime/flight_book.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

namespace chatear::runtime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A book whose process may die at any moment: read() is what its successor sees then.
class Rule13FlightBook : public testing::Test {
protected:
    FlightLog read() const {
        auto log = FlightBook::read(memory_);
        EXPECT_TRUE(log) << log.error().message;
        return std::move(*log);
    }

    std::vector<std::string> flights() const {
        std::vector<std::string> told;
        for (const Flight& flight : read().flights) {
            told.push_back(
                flight.subject + " " + flight.event_id + "/" + std::to_string(flight.generation) +
                " no. " + std::to_string(flight.claim_no) +
                (flight.accepted ? " accepted: " + flight.words : " under way")
            );
        }
        return told;
    }

    std::vector<std::byte> memory_ = std::vector<std::byte>(FlightBook::bytes_for(3));
    FlightBook book_{memory_, "instance-1", "boot-1"};
};

TEST_F(Rule13FlightBook, NamesItsProcessAndTheBootOfItsMachine) {
    EXPECT_EQ(read().instance, "instance-1");
    EXPECT_EQ(read().boot_id, "boot-1");
    EXPECT_TRUE(read().complete);
    EXPECT_THAT(flights(), IsEmpty());
}

TEST_F(Rule13FlightBook, AContentStandsInItFromItsBeginToItsVerdict) {
    const FlightBook::Place place = book_.begin("email.send", "order-7", 2, 5);
    EXPECT_THAT(flights(), ElementsAre("email.send order-7/2 no. 5 under way"));
    book_.accept(place, "250 2.0.0 queued");
    EXPECT_THAT(flights(), ElementsAre("email.send order-7/2 no. 5 accepted: 250 2.0.0 queued"));
    book_.end(place);
    EXPECT_THAT(flights(), IsEmpty());
}

TEST_F(Rule13FlightBook, APlaceIsUsedAgainAndForgetsWhoHadIt) {
    const FlightBook::Place first = book_.begin("email.send", "a-long-name-of-an-event", 0, 1);
    book_.accept(first, "250 a long answer");
    book_.end(first);
    book_.begin("s", "e", 0, 2);
    EXPECT_THAT(flights(), ElementsAre("s e/0 no. 2 under way"));
}

TEST_F(Rule13FlightBook, WithoutAPlaceTheBookIsIncompleteUntilThatContentHasEnded) {
    std::vector<FlightBook::Place> places;
    for (std::uint64_t n = 1; n <= 4; ++n) {
        places.push_back(book_.begin("s", "e" + std::to_string(n), 0, n));
    }
    EXPECT_FALSE(read().complete);
    EXPECT_EQ(flights().size(), 3U);
    book_.accept(places[3], "250 ok");
    EXPECT_FALSE(read().complete) << "it cannot be said of which";
    book_.end(places[3]);
    EXPECT_TRUE(read().complete);
    book_.end(places[1]);
    book_.begin("s", "e5", 0, 5);
    EXPECT_TRUE(read().complete);
    EXPECT_EQ(flights().size(), 3U);
}

TEST_F(Rule13FlightBook, NamesTooLongForAPlaceMakeItIncomplete) {
    const FlightBook::Place place = book_.begin(std::string(500, 's'), std::string(512, 'e'), 0, 1);
    EXPECT_FALSE(read().complete);
    EXPECT_THAT(flights(), IsEmpty());
    book_.end(place);
    EXPECT_TRUE(read().complete);
}

TEST_F(Rule13FlightBook, TheLongestEventIdFitsAndAnAnswerIsCutShort) {
    const FlightBook::Place place = book_.begin(std::string(255, 's'), std::string(512, 'e'), 0, 1);
    book_.accept(place, std::string(5000, 'w'));
    ASSERT_EQ(read().flights.size(), 1U);
    EXPECT_EQ(read().flights[0].event_id, std::string(512, 'e'));
    EXPECT_EQ(read().flights[0].words, std::string(233, 'w'));
}

TEST_F(Rule13FlightBook, ALogCanBeNarrowedToASubject) {
    book_.begin("a", "1", 0, 1);
    book_.begin("b", "2", 0, 2);
    const FlightLog log = only_of(read(), "b");
    ASSERT_EQ(log.flights.size(), 1U);
    EXPECT_EQ(log.flights[0].event_id, "2");
    EXPECT_EQ(log.instance, "instance-1");
}

TEST_F(Rule13FlightBook, EachOtherBytesAreAnErrorOrABook) {
    book_.accept(book_.begin("email.send", "order-7", 2, 5), "250 ok");
    for (std::size_t cut = 0; cut < memory_.size(); cut += 7) {
        EXPECT_FALSE(FlightBook::read(std::span(memory_).first(cut))) << cut;
    }
    const std::vector<std::byte> whole = memory_;
    for (std::size_t at = 0; at < whole.size(); ++at) {
        std::vector<std::byte> changed = whole;
        changed[at] = std::byte{0xFF};
        (void)FlightBook::read(changed);
    }
    EXPECT_THAT(FlightBook::read(std::vector<std::byte>(9000)).error().message, HasSubstr("begin"));
    std::vector<std::byte> unknown_state = whole;
    unknown_state[FlightBook::bytes_for(1)] = std::byte{9};
    EXPECT_THAT(FlightBook::read(unknown_state).error().message, HasSubstr("rubbish"));
}

TEST(Rule13FlightBookNames, AreCutToTheirRoom) {
    std::vector<std::byte> memory(FlightBook::bytes_for(0));
    const FlightBook book(memory, std::string(100, 'i'), std::string(100, 'b'));
    const auto log = FlightBook::read(memory);
    ASSERT_TRUE(log);
    EXPECT_EQ(log->instance, std::string(63, 'i'));
    EXPECT_EQ(log->boot_id, std::string(63, 'b'));
}

}  // namespace
}  // namespace chatear::runtime
