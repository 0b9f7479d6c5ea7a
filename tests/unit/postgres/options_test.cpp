#include "postgres/options.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace chatear::postgres {
namespace {

Environment environment_with(const std::string& name, const std::string& value) {
    std::map<std::string, std::string, std::less<>> variables;
    variables[name] = value;
    return Environment(variables);
}

TEST(PostgresSettings, TakeUrlsAndKeyValueWords) {
    for (const char* url :
         {"postgres://u:p@db.test:5433/chat?sslmode=require",
          "postgresql://db.test/chat",
          "host=db.test dbname=chat"}) {
        const Environment environment({{"DATABASE_URL", url}, {"POSTGRES_CONNECTIONS", "7"}});
        SettingsReader reader(environment);
        const ConnectionOptions options = read_settings(reader);
        EXPECT_TRUE(reader.errors().empty()) << url;
        EXPECT_EQ(options.url.reveal(), url);
        EXPECT_EQ(options.connections, 7U);
        EXPECT_EQ(options.statement_timeout, std::chrono::seconds(10));
    }
}

TEST(PostgresSettings, RequireTheUrl) {
    const Environment environment;
    SettingsReader reader(environment);
    read_settings(reader);
    ASSERT_EQ(reader.errors().size(), 1U);
    EXPECT_NE(reader.errors()[0].message.find("DATABASE_URL"), std::string::npos);
}

TEST(PostgresSettings, SayWhatIsWrongWithAUrlButNotItsPassword) {
    const Environment environment =
        environment_with("DATABASE_URL", "postgres://user:s3cret@db.test/chat?sslmod=require");
    SettingsReader reader(environment);
    read_settings(reader);
    ASSERT_EQ(reader.errors().size(), 1U);
    EXPECT_NE(reader.errors()[0].message.find("sslmod"), std::string::npos)
        << reader.errors()[0].message;
    EXPECT_EQ(reader.errors()[0].message.find("s3cret"), std::string::npos);
}

TEST(PostgresSettings, RepeatNoPartOfAPasswordThatIsNotEncoded) {
    for (const std::string url : {
             "postgres://user:s3%cret@db.test/chat",
             "postgres://user:s3@cret@db.test/chat",
             "postgres://user:s3/cret@db.test/chat",
             "postgres://user:3/cret@db.test/chat",
             "postgres://user:s3cret@[db.test/chat",
             "postgres://user:s3%cret@db.test/chat?sslmod=cret",
             "postgres://user:s3@x?cret=1@db.test/chat",
             "host=db.test password=s3 cret",
             "host=db.test password=s3 cret=1",
             "host=db.test password='s3 cret",
         }) {
        const Result<void> checked = check_url(Secret(url));
        ASSERT_FALSE(checked) << url;
        EXPECT_EQ(checked.error().message.find("cret"), std::string::npos)
            << checked.error().message;
    }
    EXPECT_TRUE(check_url(Secret("postgres://user:s3%40%2Fcret@db.test/chat?application_name=a@b"))
    );
    EXPECT_TRUE(check_url(Secret("postgres:///chat?host=@abstract")));
}

TEST(PostgresSettings, KnowWhenNothingMakesSureWhoTheServerIs) {
    ::unsetenv("PGSSLMODE");
    for (const char* exposed : {
             "postgres://db.test/chat",
             "postgres://db.test/chat?sslmode=require",
             "postgres://db.test/chat?sslmode=verify-ca",
             "postgres://localhost,10.0.0.1/chat",
             "host=db.test",
         }) {
        EXPECT_TRUE(is_exposed(Secret(exposed))) << exposed;
    }
    for (const char* safe : {
             "postgres://db.test/chat?sslmode=verify-full",
             "postgres://db.test/chat?sslrootcert=ca.pem",
             "postgres://localhost/chat",
             "postgres://[::1]/chat",
             "host=127.0.0.1",
             "host=/run/postgresql",
             "nonsense://",
         }) {
        EXPECT_FALSE(is_exposed(Secret(safe))) << safe;
    }
    ::setenv("PGSSLMODE", "verify-full", 1);
    EXPECT_FALSE(is_exposed(Secret("postgres://db.test/chat")));
    ::unsetenv("PGSSLMODE");
}

TEST(PostgresSettings, ShowHostsWithoutThePassword) {
    EXPECT_EQ(
        describe_hosts(Secret("postgres://u:s3cret@a.test,b.test:5433/x")),
        "a.test:5432, b.test:5433"
    );
    EXPECT_EQ(describe_hosts(Secret("postgres://[::1]:1/x")), "::1:1");
    EXPECT_EQ(describe_hosts(Secret("nonsense://")), "?");
}

}  // namespace
}  // namespace chatear::postgres
