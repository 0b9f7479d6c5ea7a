#include "runtime/instance_file.hpp"

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

class InstanceFileTest : public testing::Test {
protected:
    InstanceFile take(const std::string& instance, const std::string& worker = "w") {
        auto file = InstanceFile::take(folder_ / "state", worker, instance);
        EXPECT_TRUE(file) << file.error().message;
        return std::move(*file);
    }

    /// A process of its own that takes the file and dies with it.
    void die_with(const std::string& instance) {
        const pid_t child = fork();
        if (child == 0) {
            const auto file = InstanceFile::take(folder_ / "state", "w", instance);
            ::raise(SIGKILL);
        }
        int status = 0;
        ASSERT_EQ(waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status));
    }

    test::TemporaryFolder folder_{"instance-file"};
};
using Rule7InstanceFile = InstanceFileTest;

TEST_F(Rule7InstanceFile, TheFirstOfAFolderHasNoPredecessor) {
    const InstanceFile file = take("a");
    EXPECT_EQ(file.predecessor(), std::nullopt);
    EXPECT_EQ(test::read_file(folder_ / "state/w-1.lock"), "a");
}

TEST_F(Rule7InstanceFile, WhoTakesADeadProcesssFileKnowsThatItIsDead) {
    die_with("dead-one");
    const InstanceFile file = take("b");
    EXPECT_EQ(file.predecessor(), "dead-one");
    EXPECT_EQ(test::read_file(folder_ / "state/w-1.lock"), "b");
}

TEST_F(Rule7InstanceFile, ALivingProcesssFileIsLeftAlone) {
    const InstanceFile first = take("a");
    const InstanceFile second = take("b");
    EXPECT_EQ(second.predecessor(), std::nullopt);
    EXPECT_EQ(test::read_file(folder_ / "state/w-1.lock"), "a");
    EXPECT_EQ(test::read_file(folder_ / "state/w-2.lock"), "b");
}

TEST_F(Rule7InstanceFile, AnotherKindOfWorkerHasFilesOfItsOwn) {
    die_with("dead-one");
    EXPECT_EQ(take("b", "another").predecessor(), std::nullopt);
    EXPECT_EQ(take("c").predecessor(), "dead-one");
}

TEST_F(Rule7InstanceFile, WhoEndedInGoodOrderIsNobodysPredecessor) {
    take("a").ended();
    EXPECT_EQ(take("b").predecessor(), std::nullopt);
}

TEST_F(Rule7InstanceFile, WhoEndsWithoutSayingSoIsTakenForDead) {
    { const InstanceFile file = take("a"); }
    EXPECT_EQ(take("b").predecessor(), "a");
}

TEST_F(Rule7InstanceFile, AMovedFileIsStillLocked) {
    InstanceFile first = take("a");
    const InstanceFile moved = std::move(first);
    EXPECT_EQ(take("b").predecessor(), std::nullopt);
    EXPECT_TRUE(std::filesystem::exists(folder_ / "state/w-2.lock"));
}

TEST_F(Rule7InstanceFile, WhoLooksAfterTheDeadTakesOnlyWhatNobodyHas) {
    die_with("dead-one");
    const std::string base = folder_ / "state/w-1";
    {
        const InstanceFile living = take("a");
        EXPECT_EQ(living.base(), base);
        const auto refused = InstanceFile::take_left(base, "me");
        ASSERT_TRUE(refused);
        EXPECT_FALSE(*refused);
    }
    const auto taken = InstanceFile::take_left(base, "me");
    ASSERT_TRUE(taken);
    ASSERT_TRUE(*taken);
    EXPECT_EQ((*taken)->predecessor(), "a");
}

TEST_F(Rule7InstanceFile, RubbishInTheFileIsAnInstanceThatNobodyKnows) {
    std::filesystem::create_directories(folder_ / "state");
    test::write_file(folder_ / "state/w-1.lock", std::string(1000, 'x'));
    const InstanceFile file = take("b");
    ASSERT_TRUE(file.predecessor());
    EXPECT_EQ(file.predecessor()->size(), 128U) << "bounded";
    EXPECT_EQ(test::read_file(folder_ / "state/w-1.lock"), "b");
}

TEST_F(Rule7InstanceFile, IsItsOwnersAloneAndNoLinkElsewhere) {
    const InstanceFile file = take("one");
    using std::filesystem::perms;
    const perms others = perms::group_all | perms::others_all;
    const auto status = std::filesystem::status(folder_ / "state/w-1.lock");
    EXPECT_EQ(status.permissions() & others, perms::none);
    const std::string victim = folder_ / "victim";
    test::write_file(victim, "precious");
    std::filesystem::create_symlink(victim, folder_ / "state/other-1.lock");
    EXPECT_FALSE(InstanceFile::take(folder_ / "state", "other", "two"));
    EXPECT_EQ(test::read_file(victim), "precious");
}

TEST_F(Rule7InstanceFile, AFolderThatCannotBeIsAnErrorWithItsName) {
    test::write_file(folder_ / "state", "a file");
    const auto file = InstanceFile::take(folder_ / "state", "w", "a");
    ASSERT_FALSE(file);
    EXPECT_THAT(file.error().message, HasSubstr("STATE_DIR"));
    EXPECT_THAT(file.error().message, HasSubstr(folder_ / "state"));
}

}  // namespace
}  // namespace chatear::runtime
