#include "smtp/session.hpp"

#include "support/certificates.hpp"
#include "support/coroutine.hpp"
#include "unit/smtp/dialogue.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>

namespace chatear::smtp::test {
namespace {

using chatear::test::expect;
using chatear::test::PeerScript;
using chatear::test::run_coroutine;
using chatear::test::ScriptedPeer;
using testing::HasSubstr;

/// Opens a session and says goodbye.
std::optional<OpenFailure> open_and_quit(const Options& options) {
    asio::io_context context;
    net::Resolver resolver(context.get_executor());
    Session session(context.get_executor(), std::make_shared<const Options>(options));
    std::optional<OpenFailure> failure;
    const auto scenario = [&]() -> asio::awaitable<void> {
        failure = co_await session.open(resolver);
        co_await session.quit();
    };
    run_coroutine(context, scenario);
    return failure;
}

TEST(Session, OpensAndSaysGoodbye) {
    ScriptedPeer peer(join({hello(), goodbye()}));
    EXPECT_FALSE(open_and_quit(options_for(peer.port())));
    EXPECT_EQ(peer.failure(), "");
}

TEST(Session, AServerThatDribblesIsStoppedByTheTimeLimitOfTheReply) {
    PeerScript script;
    for (int line = 0; line < 200; ++line) {
        script.push_back(chatear::test::send_slowly("220-welcome to this mail server\r\n"));
    }
    script.push_back(chatear::test::stall());
    ScriptedPeer peer(script);
    const auto failure = open_and_quit(options_for(peer.port(), std::chrono::milliseconds(100)));
    ASSERT_TRUE(failure);
    EXPECT_THAT(failure->why, HasSubstr("greeting: no answer in time"));
}

TEST(Session, AServerThatSaysMoreThanItWasAskedIsOutOfStepAndNotUsed) {
    PeerScript script = hello();
    script.back() = chatear::test::send("250-mx.test\r\n250 PIPELINING\r\n250 welcome\r\n");
    ScriptedPeer peer(script);
    EXPECT_THAT(open_and_quit(options_for(peer.port()))->why, HasSubstr("out of step"));
}

TEST(Session, RubbishEndsTheConnection) {
    ScriptedPeer peer(PeerScript{chatear::test::send("HTTP/1.1 400 Bad Request\r\n")});
    EXPECT_THAT(open_and_quit(options_for(peer.port()))->why, HasSubstr("not SMTP"));
}

TEST(Session, BytesBehindTheAnswerToStarttlsAreAnAttack) {
    PeerScript script = hello("STARTTLS");
    script.push_back(expect("STARTTLS\r\n"));
    script.push_back(chatear::test::send("220 go ahead\r\n250 injected\r\n"));
    script.push_back(chatear::test::swallow());
    ScriptedPeer peer(script);
    Options options = options_for(peer.port());
    const chatear::test::Certificates certificates;
    options.tls = TlsPolicy::when_offered;
    options.tls_context = *net::make_tls_context({.ca_file = certificates.ca_file()});
    const auto failure = open_and_quit(options);
    ASSERT_TRUE(failure);
    EXPECT_THAT(failure->why, HasSubstr("response injection"));
}

}  // namespace
}  // namespace chatear::smtp::test
