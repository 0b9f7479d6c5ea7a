#include "nats/server_pool.hpp"

#include <gtest/gtest.h>

namespace chatear::nats {
namespace {

std::vector<ServerUrl> urls(const std::string& text) {
    return parse_server_urls(text).value();
}

std::vector<std::string> round(ServerPool& pool) {
    std::vector<std::string> addresses;
    pool.reset_round();
    while (!pool.round_finished()) {
        addresses.push_back(pool.next().address());
    }
    return addresses;
}

TEST(ServerPool, TriesEachInTurn) {
    ServerPool pool(urls("nats://a,nats://b:1,nats://c"));
    EXPECT_EQ(round(pool), (std::vector<std::string>{"a:4222", "b:1", "c:4222"}));
    EXPECT_EQ(pool.next().address(), "a:4222");
    EXPECT_EQ(round(pool), (std::vector<std::string>{"b:1", "c:4222", "a:4222"}));
}

TEST(ServerPool, LearnsTheMembersOfACluster) {
    ServerPool pool(urls("tls://ann:pw@nats.example"));
    const ServerUrl first = pool.next();
    pool.learn(
        {"10.0.0.1:4222", "other.example:4223", "nats.example:4222", "rub bish"},
        first,
        Told::safely
    );
    EXPECT_EQ(pool.size(), 3U);
    const ServerUrl configured = pool.next();
    EXPECT_EQ(configured.address(), "nats.example:4222");
    const ServerUrl bare = pool.next();
    EXPECT_EQ(bare.address(), "10.0.0.1:4222");
    EXPECT_EQ(bare.tls_name, "nats.example")
        << "a bare address has the certificate of the name that told of it";
    EXPECT_TRUE(bare.tls);
    EXPECT_EQ(bare.user, "ann");
    EXPECT_EQ(bare.password.reveal(), "pw");
    const ServerUrl named = pool.next();
    EXPECT_EQ(named.tls_name, "");
    EXPECT_TRUE(named.tls);
}

TEST(ServerPool, WhatWasToldBeforeTlsNeedsTheCertificateOfWhoSeemedToTellIt) {
    ServerPool pool(urls("tls://ann:pw@nats.example"));
    const ServerUrl first = pool.next();
    pool.learn({"attacker.example:4222", "10.0.0.1:4222"}, first, Told::before_tls);
    pool.next();
    for (const std::string address : {"attacker.example:4222", "10.0.0.1:4222"}) {
        const ServerUrl member = pool.next();
        EXPECT_EQ(member.address(), address);
        EXPECT_EQ(member.tls_name, "nats.example");
    }
}

TEST(ServerPool, ForgetsMembersThatLeftAndKeepsTheConfigured) {
    ServerPool pool(urls("nats://a"));
    const ServerUrl first = pool.next();
    pool.learn({"10.0.0.1:4222", "10.0.0.2:4222"}, first, Told::safely);
    pool.learn({"10.0.0.2:4222"}, first, Told::safely);
    EXPECT_EQ(round(pool), (std::vector<std::string>{"a:4222", "10.0.0.2:4222"}));
    pool.learn({}, first, Told::safely);
    EXPECT_EQ(pool.size(), 1U);
}

TEST(ServerPool, BoundsWhatAServerTellsIt) {
    ServerPool pool(urls("nats://a"));
    const ServerUrl first = pool.next();
    std::vector<std::string> many;
    for (int i = 0; i < 10'000; ++i) {
        many.push_back("h" + std::to_string(i) + ":1");
    }
    pool.learn(many, first, Told::safely);
    EXPECT_EQ(pool.size(), 1 + ServerPool::max_discovered);
}

}  // namespace
}  // namespace chatear::nats
