#include "postgres/connection_string.hpp"

#include <gtest/gtest.h>

namespace chatear::postgres {
namespace {

std::vector<HostPort> hosts(const std::string& url) {
    const Result<Words> words = parse_url(Secret(url));
    EXPECT_TRUE(words.has_value()) << url;
    return hosts_of(*words);
}

TEST(Hosts, ComeInTheOrderOfTheUrlEachWithItsPort) {
    const auto found = hosts("postgres://a.test:1,b.test,c.test:3/x");
    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found[0].host + ":" + found[0].port, "a.test:1");
    EXPECT_EQ(found[1].host + ":" + found[1].port, "b.test:5432");
    EXPECT_EQ(found[2].host + ":" + found[2].port, "c.test:3");
}

TEST(Hosts, ShareOnePort) {
    const auto found = hosts("host=a.test,b.test port=99");
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[1].port, "99");
}

TEST(Hosts, KeepAddressesThatTheStringGives) {
    const auto found = hosts("host=a.test hostaddr=10.0.0.1");
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].host, "a.test");
    EXPECT_EQ(found[0].hostaddr, "10.0.0.1");
}

TEST(Hosts, MayBeTheFolderOfASocket) {
    EXPECT_EQ(hosts("postgres://%2Frun%2Fpostgresql/x")[0].host, "/run/postgresql");
}

TEST(ConnectionWords, AskForAWritableServerAndLivenessUnlessTheUrlSaysOtherwise) {
    const Words plain =
        words_for({{"dbname", "x"}}, {"a.test", "10.0.0.1", "1"}, ConnectionOptions());
    EXPECT_EQ(plain.at("target_session_attrs"), "read-write");
    EXPECT_EQ(plain.at("hostaddr"), "10.0.0.1");
    EXPECT_EQ(plain.at("keepalives_idle"), "15");
    EXPECT_EQ(plain.at("application_name"), "chatear");
    EXPECT_EQ(plain.at("ssl_min_protocol_version"), "TLSv1.2");
    EXPECT_FALSE(plain.contains("sslmode"));
    const Words own = words_for(
        {{"target_session_attrs", "any"},
         {"application_name", "mine"},
         {"sslmode", "verify-full"},
         {"host", "x,y"}},
        {"a.test", "", "1"},
        ConnectionOptions()
    );
    EXPECT_EQ(own.at("target_session_attrs"), "any");
    EXPECT_EQ(own.at("application_name"), "mine");
    EXPECT_EQ(own.at("sslmode"), "verify-full");
    EXPECT_EQ(own.at("host"), "a.test");
    EXPECT_FALSE(own.contains("hostaddr"));
}

TEST(ConnectionWords, AnAuthorityMeansThatTheServersCertificateIsVerified) {
    const HostPort host{"a.test", "", "1"};
    const Words trusted = words_for({{"sslrootcert", "ca.pem"}}, host, ConnectionOptions());
    EXPECT_EQ(trusted.at("sslmode"), "verify-full");
    const Words said =
        words_for({{"sslrootcert", "ca.pem"}, {"sslmode", "verify-ca"}}, host, ConnectionOptions());
    EXPECT_EQ(said.at("sslmode"), "verify-ca");
}

}  // namespace
}  // namespace chatear::postgres
