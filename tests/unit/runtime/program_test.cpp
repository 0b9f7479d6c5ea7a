#include "runtime/program.hpp"

#include "support/process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>

#include <cstdlib>
#include <functional>

namespace chatear::runtime {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

struct Ended {
    int status = 0;
    std::string output;
    std::string error;
};

/// Runs a worker's main() with these arguments up to its setup, which it must not reach.
class ProgramTest : public testing::Test {
protected:
    ProgramTest() {
        ::unsetenv("NATS_URL");
        ::unsetenv("DATABASE_URL");
    }

    Ended run(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), "test-worker");
        std::vector<char*> argv;
        for (std::string& argument : arguments) {
            argv.push_back(argument.data());
        }
        argv.push_back(nullptr);
        testing::internal::CaptureStdout();
        testing::internal::CaptureStderr();
        Program program("test-worker", static_cast<int>(arguments.size()), argv.data(), options_);
        const std::function<void(Worker&)> setup = [this](Worker&) { ++set_up_; };
        const int status = program.run(setup);
        std::fflush(stdout);
        return {
            status, testing::internal::GetCapturedStdout(), testing::internal::GetCapturedStderr()};
    }

    ProgramOptions options_;
    int set_up_ = 0;
};

TEST_F(ProgramTest, NoCoreDumpIsWrittenOfIt) {
    ASSERT_EQ(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
    (void)run({"--help"});
    EXPECT_EQ(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
}

TEST_F(ProgramTest, HelpIsAnAnswerAndNoMistake) {
    for (const char* argument : {"--help", "-h"}) {
        const Ended ended = run({argument});
        EXPECT_EQ(ended.status, 0);
        EXPECT_THAT(ended.output, AllOf(HasSubstr("test-worker"), HasSubstr("--env-file")));
    }
    EXPECT_EQ(set_up_, 0);
}

TEST_F(ProgramTest, AnArgumentThatItDoesNotKnowIsNamed) {
    for (const char* argument : {"--verbose", "start", "--env-file"}) {
        const Ended ended = run({argument});
        EXPECT_EQ(ended.status, 2);
        EXPECT_THAT(ended.error, HasSubstr(argument));
    }
    EXPECT_EQ(set_up_, 0);
}

TEST_F(ProgramTest, EverySettingThatIsMissingIsNamedAtOnce) {
    const Ended ended = run({});
    EXPECT_EQ(ended.status, 2);
    EXPECT_THAT(ended.error, AllOf(HasSubstr("NATS_URL"), HasSubstr("DATABASE_URL")));
    EXPECT_EQ(set_up_, 0);
}

TEST_F(ProgramTest, Rule17AWorkerWithoutPostgresAsksForNoDatabase) {
    options_.needs_postgres = false;
    const Ended ended = run({});
    EXPECT_EQ(ended.status, 2);
    EXPECT_THAT(ended.error, AllOf(HasSubstr("NATS_URL"), Not(HasSubstr("DATABASE_URL"))));
}

TEST_F(ProgramTest, AFileOfSettingsIsReadAndOneThatIsNotThereIsNamed) {
    const test::TemporaryFolder folder("program");
    test::write_file(folder / "env", "WORKER_CONCURRENCY=none\n");
    EXPECT_THAT(run({"--env-file", folder / "env"}).error, HasSubstr("WORKER_CONCURRENCY"));
    const Ended missing = run({"--env-file", folder / "nothing"});
    EXPECT_EQ(missing.status, 2);
    EXPECT_THAT(missing.error, HasSubstr(folder / "nothing"));
}

TEST_F(ProgramTest, WhatSetupThrowsIsSaidAndEndsTheProcess) {
    const test::TemporaryFolder folder("program");
    test::write_file(folder / "env", "NATS_URL=nats://127.0.0.1:1\nHTTP_LISTEN=off\n");
    options_.needs_postgres = false;
    const std::string path = folder / "env";
    std::vector<std::string> words = {"test-worker", "--env-file", path};
    std::vector<char*> argv = {words[0].data(), words[1].data(), words[2].data(), nullptr};
    testing::internal::CaptureStderr();
    Program program("test-worker", 3, argv.data(), options_);
    const std::function<void(Worker&)> setup = [](Worker&) {
        throw std::runtime_error("templates/welcome: line 3");
    };
    EXPECT_EQ(program.run(setup), 1);
    EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("templates/welcome: line 3"));
}

}  // namespace
}  // namespace chatear::runtime
