#include "runtime/settings.hpp"

#include "base/environment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace chatear::runtime {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using Variables = std::map<std::string, std::string, std::less<>>;

TEST(WorkerSettings, HaveTheDesignsDefaults) {
    const Environment environment(Variables{});
    SettingsReader reader(environment);
    const Settings settings = read_settings(reader);
    EXPECT_THAT(reader.errors(), IsEmpty());
    EXPECT_EQ(settings.memory_budget, 64U * 1024 * 1024);
    EXPECT_EQ(settings.retry.max_attempts, 10U);
    EXPECT_EQ(settings.retry.base, 1s);
    EXPECT_EQ(settings.retry.most, 5min);
    EXPECT_EQ(settings.shutdown_timeout, 25s);
    EXPECT_EQ(settings.state_dir, "");
    EXPECT_FALSE(settings.migrate);
    EXPECT_EQ(settings.nats_replicas, 1);
    EXPECT_EQ(settings.ledger_retention, 90 * 24h);
    EXPECT_EQ(settings.log_level, log::Level::info);
    EXPECT_EQ(settings.log_format, log::Format::json);
    EXPECT_FALSE(settings.log_pii);
    ASSERT_TRUE(settings.http_listen);
    EXPECT_EQ(settings.http_listen->host, "127.0.0.1") << "not open to the world unasked";
}

TEST(WorkerSettings, AreWhatTheEnvironmentSays) {
    const Environment environment(Variables{
        {"WORKER_CONCURRENCY", "7"},
        {"MEMORY_BUDGET", "2MiB"},
        {"RETRY_MAX_ATTEMPTS", "3"},
        {"RETRY_BASE", "10ms"},
        {"RETRY_MAX", "1h"},
        {"SHUTDOWN_TIMEOUT", "2s"},
        {"STATE_DIR", "/var/lib/chatear"},
        {"MIGRATE", "true"},
        {"MIGRATIONS_DIR", "sql"},
        {"NATS_REPLICAS", "3"},
        {"EMAIL_LEDGER_RETENTION", "30d"},
        {"HTTP_LISTEN", "off"},
        {"LOG_LEVEL", "error"},
        {"LOG_FORMAT", "text"},
        {"LOG_PII", "true"}});
    SettingsReader reader(environment);
    const Settings settings = read_settings(reader);
    EXPECT_THAT(reader.errors(), IsEmpty());
    EXPECT_EQ(settings.concurrency, 7U);
    EXPECT_EQ(settings.memory_budget, 2U * 1024 * 1024);
    EXPECT_EQ(settings.retry.max_attempts, 3U);
    EXPECT_EQ(settings.retry.base, 10ms);
    EXPECT_EQ(settings.retry.most, 1h);
    EXPECT_EQ(settings.shutdown_timeout, 2s);
    EXPECT_EQ(settings.state_dir, "/var/lib/chatear");
    EXPECT_TRUE(settings.migrate);
    EXPECT_EQ(settings.migrations_dir, "sql");
    EXPECT_EQ(settings.nats_replicas, 3);
    EXPECT_EQ(settings.ledger_retention, 30 * 24h);
    EXPECT_FALSE(settings.http_listen);
    EXPECT_EQ(settings.log_level, log::Level::error);
    EXPECT_EQ(settings.log_format, log::Format::text);
    EXPECT_TRUE(settings.log_pii);
}

TEST(WorkerSettings, EveryWrongOneIsNamedWithItsValue) {
    const Variables wrong = {
        {"WORKER_CONCURRENCY", "0"},
        {"MEMORY_BUDGET", "1KiB"},
        {"RETRY_MAX_ATTEMPTS", "0"},
        {"RETRY_BASE", "0s"},
        {"RETRY_MAX", "48h"},
        {"SHUTDOWN_TIMEOUT", "5"},
        {"MIGRATE", "perhaps"},
        {"NATS_REPLICAS", "6"},
        {"EMAIL_LEDGER_RETENTION", "1s"},
        {"HTTP_LISTEN", "nowhere"},
        {"LOG_LEVEL", "loud"},
        {"LOG_FORMAT", "xml"},
        {"LOG_PII", "1"}};
    const Environment environment(wrong);
    SettingsReader reader(environment);
    (void)read_settings(reader);
    std::string all;
    for (const Error& error : reader.errors()) {
        all += error.message + "\n";
    }
    EXPECT_EQ(reader.errors().size(), wrong.size()) << all;
    for (const auto& [name, value] : wrong) {
        EXPECT_THAT(all, AllOf(HasSubstr(name), HasSubstr(value)));
    }
}

}  // namespace
}  // namespace chatear::runtime
