#include "admin/command_line.hpp"

#include "admin/folders.hpp"
#include "support/process.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <sstream>
#include <utility>

namespace chatear::admin {
namespace {

struct Ended {
    int code = 0;
    std::string output;
    std::string errors;
};

Ended run(
    std::vector<std::string> arguments,
    std::map<std::string, std::string, std::less<>> variables = {}
) {
    std::ostringstream output;
    std::ostringstream errors;
    const int code =
        run_tool(std::move(arguments), Environment(std::move(variables)), output, errors, false);
    return {code, output.str(), errors.str()};
}

const std::vector<std::vector<std::string>> commands = {
    {"doctor"},
    {"config"},
    {"migrate"},
    {"migrate", "up"},
    {"migrate", "status"},
    {"publish"},
    {"emails"},
    {"emails", "list"},
    {"emails", "show"},
    {"emails", "retry"},
    {"dlq"},
    {"dlq", "list"},
    {"dlq", "show"},
    {"dlq", "replay"},
    {"dlq", "purge"},
    {"outbox"},
    {"outbox", "list"},
    {"outbox", "show"},
    {"outbox", "retry"},
    {"outbox", "drop"},
    {"templates"},
    {"templates", "list"},
    {"templates", "render"},
    {"templates", "check"}};

TEST(CommandLine, HelpOfEveryCommandHasExamples) {
    for (std::vector<std::string> command : commands) {
        SCOPED_TRACE(command.front() + " " + command.back());
        const std::string group = command.front();
        command.emplace_back("--help");
        const Ended ended = run(command);
        EXPECT_EQ(ended.code, 0);
        EXPECT_NE(ended.output.find("Examples:"), std::string::npos);
        EXPECT_NE(ended.output.find("chatear " + group), std::string::npos);
    }
}

TEST(CommandLine, HelpNamesTheExitCodes) {
    const Ended ended = run({"--help"});
    EXPECT_EQ(ended.code, 0);
    EXPECT_NE(ended.output.find("Exit codes"), std::string::npos);
}

TEST(CommandLine, EndsWithTwoForWhatItDoesNotKnow) {
    const std::vector<std::vector<std::string>> wrong = {
        {},
        {"sing"},
        {"dlq", "sing"},
        {"dlq", "list", "--colour"},
        {"dlq", "replay"},
        {"dlq", "purge", "--yes"},
        {"dlq", "list", "--since", "yesterday"},
        {"dlq", "list", "--limit", "-1"},
        {"dlq", "purge", "--limit", "-1", "--yes"},
        {"dlq", "purge", "17", "--older", "30d", "--yes"},
        {"dlq", "replay", "17", "--all"},
        {"dlq", "show", "-1"},
        {"dlq", "replay", "0"},
        {"dlq", "list", "--limit", "18446744073709551616"},
        {"emails", "list", "--limit", "0"},
        {"outbox", "list", "--limit", "many"},
        {"publish", "email.send", "--count", "-1", "--template-json", "{}"},
        {"publish", "email.send", "{}", "--window", "0"},
        {"emails", "list", "--status", "lost"},
        {"outbox", "drop", "x"},
        {"publish", "email.send"},
        {"publish", "email.*", "{}"},
        {"publish", "email.send", "{"},
        {"publish", "email.send", "{}", "--file", "x"},
        {"publish", "email.send", "{}", "--header", "none"},
        {"publish", "email.send", "--count", "3"},
        {"publish", "email.send", "--template-json", "{}"},
        {"publish", "email.send", "--file", "/nonexistent"},
        {"templates", "render", "welcome", "--part", "sound"},
        {"--env-file", "/nonexistent", "config"}};
    for (const std::vector<std::string>& arguments : wrong) {
        const Ended ended = run(arguments);
        EXPECT_EQ(ended.code, 2) << (arguments.empty() ? "" : arguments.back());
        EXPECT_NE(ended.errors, "");
        EXPECT_EQ(ended.errors.find("_URL is missing"), std::string::npos)
            << "not seen before a server is asked for: " << arguments.back();
    }
}

TEST(CommandLine, NamesMissingSettingsAndEndsWithTwo) {
    const Ended ended = run({"emails", "list"});
    EXPECT_EQ(ended.code, 2);
    EXPECT_NE(ended.errors.find("DATABASE_URL"), std::string::npos);
}

TEST(CommandLine, EndsWithThreeWhenAServerDoesNotAnswer) {
    const std::string port = std::to_string(test::free_port());
    const Ended ended =
        run({"emails", "list"}, {{"DATABASE_URL", "postgres://me@127.0.0.1:" + port + "/d"}});
    EXPECT_EQ(ended.code, 3);
    EXPECT_NE(ended.errors.find(port), std::string::npos) << ended.errors;
}

TEST(CommandLine, ConfigShowsSettingsAndNamesWhatIsWrong) {
    const Ended ended =
        run({"--json", "config"}, {{"SMTP_PORT", "smtp"}, {"SMTP_PASS", "open-sesame"}});
    EXPECT_EQ(ended.code, 2);
    EXPECT_EQ(ended.output.find("open-sesame"), std::string::npos);
    EXPECT_NE(ended.output.find("\"SMTP_PASS\""), std::string::npos);
    EXPECT_NE(ended.errors.find("SMTP_PORT"), std::string::npos);
}

TEST(CommandLine, EnvironmentFileFillsWhatIsNotSet) {
    const test::TemporaryFolder folder("chatear-env");
    test::write_file(folder / "env", "SMTP_HOST=from-file\nSMTP_PORT=2525\n");
    const Ended ended =
        run({"config", "--env-file", folder / "env"}, {{"SMTP_HOST", "from-process"}});
    EXPECT_NE(ended.output.find("from-process"), std::string::npos);
    EXPECT_NE(ended.output.find("2525"), std::string::npos);
    EXPECT_EQ(ended.output.find("from-file"), std::string::npos);
}

TEST(Folders, AreSoughtInTheirOrder) {
    const test::TemporaryFolder folder("chatear-folders");
    std::filesystem::create_directories(folder / "bin");
    std::filesystem::create_directories(folder / "share/chatear/things");
    std::map<std::string, std::string, std::less<>> variables = {{"THINGS_DIR", "/set"}};
    const Environment set(std::move(variables));
    const Environment unset;
    EXPECT_EQ(find_folder("/given", set, "THINGS_DIR", "things", folder / "bin/chatear"), "/given");
    EXPECT_EQ(find_folder("", set, "THINGS_DIR", "things", folder / "bin/chatear"), "/set");
    EXPECT_EQ(
        find_folder("", unset, "THINGS_DIR", "things", folder / "bin/chatear"),
        folder / "share/chatear/things"
    );
    EXPECT_EQ(find_folder("", unset, "THINGS_DIR", "things", "/nonexistent/bin/chatear"), "things");
}

}  // namespace
}  // namespace chatear::admin
