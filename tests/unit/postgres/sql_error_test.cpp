#include "postgres/sql_error.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace chatear::postgres {
namespace {

TEST(SqlErrorClasses, AServerThatIsDownFullOrAStandbyIsUnavailable) {
    for (const char* state :
         {"08006",
          "08P01",
          "53300",
          "53100",
          "57P01",
          "57P02",
          "57P03",
          "57014",
          "58030",
          "25006",
          "26000"}) {
        EXPECT_EQ(classify(state), SqlErrorClass::unavailable) << state;
    }
}

TEST(SqlErrorClasses, DeadlocksSerializationAndLockTimeoutsAreToBeRepeated) {
    for (const char* state : {"40001", "40P01", "55P03"}) {
        EXPECT_EQ(classify(state), SqlErrorClass::repeat) << state;
    }
}

TEST(SqlErrorClasses, ValuesThatDoNotFitAreData) {
    for (const char* state : {"22021", "22P02", "22P05", "23505", "23514"}) {
        EXPECT_EQ(classify(state), SqlErrorClass::data) << state;
    }
}

TEST(SqlErrorClasses, MissingTablesAndColumnsAreAWrongSchema) {
    for (const char* state : {"42P01", "42703", "42883", "3F000"}) {
        EXPECT_EQ(classify(state), SqlErrorClass::wrong_schema) << state;
    }
}

TEST(SqlErrorClasses, AnythingElseIsOther) {
    for (const char* state : {"XX000", "25P02", "0A000", "", "4"}) {
        EXPECT_EQ(classify(state), SqlErrorClass::other) << state;
    }
}

TEST(SqlErrors, NameTheRemedyOfAWrongSchema) {
    EXPECT_NE(
        describe({"42P01", "relation \"outbox\" does not exist", "", ""}).find("chatear migrate"),
        std::string::npos
    );
    EXPECT_EQ(
        describe({"23505", "duplicate key", "x", "Key (a)=(secret)"}),
        "duplicate key (SQLSTATE 23505)"
    );
}

TEST(SqlErrors, AskedForAValueAreABugOfTheCaller) {
    const boost::system::result<int, SqlError> result = SqlError{"23505", "duplicate key", "", ""};
    EXPECT_THROW(result.value(), std::logic_error);
}

}  // namespace
}  // namespace chatear::postgres
