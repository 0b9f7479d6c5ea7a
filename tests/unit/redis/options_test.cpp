#include "redis/options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace chatear::redis {
namespace {

using testing::HasSubstr;
using testing::Not;
using Variables = std::map<std::string, std::string, std::less<>>;

Address address_of(const std::string& url) {
    const Result<Address> address = parse_address(url);
    EXPECT_TRUE(address) << url << ": " << (address ? "" : address.error().message);
    return address ? *address : Address();
}

std::string error_of(const std::string& url) {
    const Result<Address> address = parse_address(url);
    return address ? "" : address.error().message;
}

TEST(RedisAddress, HasDefaults) {
    const Address address = address_of("redis://cache.test");
    EXPECT_EQ(address.host, "cache.test");
    EXPECT_EQ(address.port, 6379);
    EXPECT_EQ(address.database, 0);
    EXPECT_FALSE(address.tls);
    EXPECT_EQ(address.user, "");
    EXPECT_TRUE(address.password.empty());
}

TEST(RedisAddress, TakesEveryPart) {
    const Address address = address_of("rediss://mailer:s%40cr%2Fet@[::1]:7000/15");
    EXPECT_EQ(address.host, "::1");
    EXPECT_EQ(address.port, 7000);
    EXPECT_EQ(address.database, 15);
    EXPECT_TRUE(address.tls);
    EXPECT_EQ(address.user, "mailer");
    EXPECT_EQ(address.password.reveal(), "s@cr/et");
}

TEST(RedisAddress, TakesAPasswordAlone) {
    const Address address = address_of("redis://:secret@127.0.0.1:6380/");
    EXPECT_EQ(address.user, "");
    EXPECT_EQ(address.password.reveal(), "secret");
}

TEST(RedisAddress, SaysWhatIsWrong) {
    EXPECT_THAT(error_of("http://cache.test"), HasSubstr("scheme"));
    EXPECT_THAT(error_of("redis://"), HasSubstr("host"));
    EXPECT_THAT(error_of("redis://:x@:6379"), HasSubstr("host"));
    EXPECT_THAT(error_of("redis://cache.test:0"), HasSubstr("port"));
    EXPECT_NE(error_of("redis://cache.test:70000"), "");
    EXPECT_THAT(error_of("redis://user@cache.test"), HasSubstr("user without a password"));
    EXPECT_THAT(error_of("redis://cache.test/zero"), HasSubstr("database"));
    EXPECT_THAT(error_of("redis://cache.test/-1"), HasSubstr("database"));
    EXPECT_THAT(error_of("redis://cache.test/0/1"), HasSubstr("database"));
    EXPECT_THAT(error_of("redis://cache.test/0?x=1"), HasSubstr("no '?'"));
    EXPECT_NE(error_of("cache.test:6379"), "");
    EXPECT_NE(error_of(""), "");
}

TEST(RedisAddress, DoesNotRepeatThePassword) {
    EXPECT_THAT(error_of("redis://:hun ter2@cache.test"), Not(HasSubstr("ter2")));
    EXPECT_THAT(error_of("redis://:hunter2@cache.test/zero"), Not(HasSubstr("hunter2")));
}

std::string errors_of(const SettingsReader& reader) {
    std::string all;
    for (const Error& error : reader.errors()) {
        all += error.message + "\n";
    }
    return all;
}

TEST(RedisSettings, AreRead) {
    const Environment environment(
        {{"REDIS_URL", "redis://:secret@cache.test/3"}, {"REDIS_TIMEOUT", "2s"}}
    );
    SettingsReader reader(environment);
    const Options options = read_settings(reader);
    EXPECT_EQ(errors_of(reader), "");
    EXPECT_EQ(options.address.host, "cache.test");
    EXPECT_EQ(options.address.database, 3);
    EXPECT_EQ(options.command_timeout, std::chrono::seconds(2));
    EXPECT_EQ(options.tls, nullptr);
    for (const SettingInForce& setting : reader.in_force()) {
        EXPECT_THAT(setting.value, Not(HasSubstr("secret")));
    }
}

TEST(RedisSettings, RequireTheUrl) {
    const Environment environment;
    SettingsReader reader(environment);
    read_settings(reader);
    EXPECT_THAT(errors_of(reader), HasSubstr("REDIS_URL"));
    EXPECT_EQ(reader.errors().size(), 1U);
}

TEST(RedisSettings, NameAWrongUrl) {
    const Variables variables = {{"REDIS_URL", "redis://cache.test/first"}};
    const Environment environment(variables);
    SettingsReader reader(environment);
    read_settings(reader);
    EXPECT_THAT(errors_of(reader), HasSubstr("REDIS_URL"));
}

TEST(RedisSettings, NameFilesForTlsWhereTheUrlAsksForNone) {
    for (const std::string file : {"REDIS_CA_FILE", "REDIS_CERT_FILE"}) {
        const Environment environment(
            {{"REDIS_URL", "redis://:secret@cache.test"}, {file, "/some/file.pem"}}
        );
        SettingsReader reader(environment);
        read_settings(reader);
        EXPECT_THAT(errors_of(reader), HasSubstr("rediss://"));
        EXPECT_THAT(errors_of(reader), Not(HasSubstr("secret")));
    }
}

TEST(RedisSettings, NameAMissingAuthorityFile) {
    const Environment environment(
        {{"REDIS_URL", "rediss://cache.test"}, {"REDIS_CA_FILE", "/nowhere/ca.pem"}}
    );
    SettingsReader reader(environment);
    read_settings(reader);
    EXPECT_THAT(errors_of(reader), HasSubstr("/nowhere/ca.pem"));
}

}  // namespace
}  // namespace chatear::redis
