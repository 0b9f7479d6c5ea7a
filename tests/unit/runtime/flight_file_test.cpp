#include "runtime/flight_file.hpp"

#include "support/process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

namespace chatear::runtime {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class Rule13FlightFile : public testing::Test {
protected:
    FlightFile create(const std::string& instance) {
        auto file = FlightFile::create(base_, instance, 8);
        EXPECT_TRUE(file) << file.error().message;
        return std::move(*file);
    }

    /// A process of its own that dies with one content accepted and one under way.
    void die_with(const std::string& instance) {
        const pid_t child = fork();
        if (child == 0) {
            auto file = FlightFile::create(base_, instance, 8);
            file->book().accept(file->book().begin("email.send", "accepted", 0, 1), "250 ok");
            file->book().begin("email.send", "under way", 0, 2);
            ::raise(SIGKILL);
        }
        int status = 0;
        ASSERT_EQ(waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status));
    }

    test::TemporaryFolder folder_{"flight-file"};
    std::string base_ = folder_ / "w-1";
};

TEST_F(Rule13FlightFile, SurvivesItsProcessWhichIsKilled) {
    die_with("dead-one");
    const std::vector<LeftFlight> left = find_left_flights(base_, "me");
    ASSERT_THAT(left, SizeIs(1));
    ASSERT_TRUE(left[0].log) << left[0].log.error().message;
    EXPECT_EQ(left[0].log->instance, "dead-one");
    ASSERT_THAT(left[0].log->flights, SizeIs(2));
    EXPECT_EQ(left[0].path, base_ + ".dead-one.flight");
}

TEST_F(Rule13FlightFile, ThoseOfAllDeadProcessesAreFoundButNotOnesOwn) {
    die_with("first");
    die_with("second");
    const FlightFile own = create("me");
    EXPECT_THAT(find_left_flights(base_, "me"), SizeIs(2));
    EXPECT_THAT(find_left_flights(folder_ / "w-10", "me"), IsEmpty()) << "another lock's";
    EXPECT_THAT(find_left_flights(folder_ / "gone/w-1", "me"), IsEmpty());
}

TEST_F(Rule13FlightFile, IsRemovedByWhoEndsInGoodOrder) {
    FlightFile file = create("me");
    FlightFile moved = std::move(file);
    EXPECT_TRUE(std::filesystem::exists(moved.path()));
    moved.remove();
    EXPECT_FALSE(std::filesystem::exists(moved.path()));
    moved.book().begin("s", "e", 0, 1);
}

TEST_F(Rule13FlightFile, OneThatCannotBeReadIsFoundWithTheReason) {
    test::write_file(folder_ / "w-1.cut.flight", "short");
    const std::vector<LeftFlight> left = find_left_flights(base_, "me");
    ASSERT_THAT(left, SizeIs(1));
    ASSERT_FALSE(left[0].log);
    EXPECT_THAT(left[0].log.error().message, HasSubstr("too short"));
}

TEST_F(Rule13FlightFile, OneOfBeforeTheMachineStartedIsNotBelieved) {
    die_with("dead-one");
    const std::string path = base_ + ".dead-one.flight";
    std::string bytes = test::read_file(path);
    const std::string boot = test::read_file("/proc/sys/kernel/random/boot_id").substr(0, 36);
    const std::size_t at = bytes.find(boot);
    ASSERT_NE(at, std::string::npos);
    bytes[at] = bytes[at] == 'a' ? 'b' : 'a';
    test::write_file(path, bytes);
    const std::vector<LeftFlight> left = find_left_flights(base_, "me");
    ASSERT_THAT(left, SizeIs(1));
    ASSERT_FALSE(left[0].log);
    EXPECT_THAT(left[0].log.error().message, HasSubstr("started anew"));
}

TEST_F(Rule13FlightFile, IsItsOwnersAloneAndNoLinkElsewhere) {
    const FlightFile file = create("me");
    using std::filesystem::perms;
    const perms others = perms::group_all | perms::others_all;
    EXPECT_EQ(std::filesystem::status(file.path()).permissions() & others, perms::none);
    std::filesystem::create_symlink(folder_ / "victim", folder_ / "w-1.other.flight");
    EXPECT_FALSE(FlightFile::create(base_, "other", 8));
    EXPECT_FALSE(std::filesystem::exists(folder_ / "victim"));
}

TEST_F(Rule13FlightFile, AFolderThatIsNotThereIsAnErrorWithItsName) {
    const auto file = FlightFile::create(folder_ / "gone/w-1", "me", 8);
    ASSERT_FALSE(file);
    EXPECT_THAT(file.error().message, HasSubstr("STATE_DIR"));
    EXPECT_THAT(file.error().message, HasSubstr(folder_ / "gone/w-1.me.flight"));
}

}  // namespace
}  // namespace chatear::runtime
