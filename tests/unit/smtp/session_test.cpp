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
#include <string>
#include <utility>

namespace chatear::smtp::test {
namespace {

using chatear::test::cut_after_steps;
using chatear::test::cut_at;
using chatear::test::expect;
using chatear::test::PeerScript;
using chatear::test::run_coroutine;
using chatear::test::ScriptedPeer;
using chatear::test::sent_bytes;
using testing::HasSubstr;

struct Outcome {
    std::optional<OpenFailure> failure;
    SendResult result;
    bool usable = false;
    int asked = 0;  // How often the content's permission was asked for.
};

/// Opens a session and sends one message, if it comes to that.
Outcome talk(const Options& options, bool permitted = true) {
    asio::io_context context;
    net::Resolver resolver(context.get_executor());
    Session session(context.get_executor(), std::make_shared<const Options>(options));
    Outcome outcome;
    const Envelope envelope{"shop@a.test", "ann@b.test", false};
    const ContentSource source = [](const Capabilities&) { return Result<std::string>(content); };
    const BeforeContent before = [&outcome, permitted]() -> asio::awaitable<bool> {
        ++outcome.asked;
        co_return permitted;
    };
    const auto scenario = [&]() -> asio::awaitable<void> {
        outcome.failure = co_await session.open(resolver);
        if (!outcome.failure) {
            outcome.result = co_await session.send(envelope, source, before);
            outcome.usable = session.usable();
            co_await session.quit();
        }
    };
    run_coroutine(context, scenario);
    return outcome;
}

TEST(Session, SendsAMailToAScriptedServer) {
    ScriptedPeer peer(join({hello(), one_mail(), goodbye()}));
    const Outcome outcome = talk(options_for(peer.port()));
    EXPECT_EQ(outcome.result.status, SendStatus::accepted);
    EXPECT_EQ(outcome.asked, 1);
    EXPECT_TRUE(outcome.usable);
    EXPECT_EQ(peer.failure(), "");
}

TEST(Session, RepliesThatComeByteByByteAreTheSame) {
    PeerScript script = join({hello(), one_mail()});
    for (chatear::test::PeerStep& step : script) {
        if (step.kind == chatear::test::PeerStep::Kind::send) {
            step = chatear::test::send_slowly(step.bytes);
        }
    }
    ScriptedPeer peer(script);
    EXPECT_EQ(talk(options_for(peer.port())).result.status, SendStatus::accepted);
    EXPECT_EQ(peer.failure(), "");
}

/// What must come out when the server has sent only so much.
void expect_consistent(
    const Outcome& outcome, std::size_t sent, std::size_t before_mail, std::size_t before_content
) {
    EXPECT_EQ(outcome.failure.has_value(), sent < before_mail);
    if (outcome.failure) {
        EXPECT_EQ(outcome.failure->culprit, Culprit::unavailable);
        EXPECT_EQ(outcome.asked, 0);
        return;
    }
    const bool content_left = sent >= before_content;
    EXPECT_EQ(outcome.asked, content_left ? 1 : 0);
    EXPECT_EQ(outcome.result.content_began, content_left);
    EXPECT_EQ(outcome.result.status, content_left ? SendStatus::in_doubt : SendStatus::not_sent);
    EXPECT_FALSE(outcome.usable);
}

TEST(Session, Rule13AServerThatHangsUpAtAnyByteLeavesADoubtOnlyBehindTheContent) {
    const PeerScript script = join({hello(), one_mail()});
    const std::size_t before_mail = sent_bytes(hello());
    const std::size_t before_content = sent_bytes(script) - std::string("250 queued\r\n").size();
    for (std::size_t bytes = 0; bytes < sent_bytes(script); ++bytes) {
        SCOPED_TRACE(bytes);
        ScriptedPeer peer(cut_at(script, bytes));
        expect_consistent(talk(options_for(peer.port())), bytes, before_mail, before_content);
    }
}

TEST(Session, Rule13AServerThatFallsSilentOrResetsAtAnyStepDoesTheSame) {
    const PeerScript script = join({hello(), one_mail()});
    const std::size_t before_mail = sent_bytes(hello());
    const std::size_t before_content = sent_bytes(script) - std::string("250 queued\r\n").size();
    for (const chatear::test::PeerStep& end :
         {chatear::test::stall(), chatear::test::swallow(), chatear::test::reset()}) {
        for (std::size_t steps = 0; steps < script.size(); ++steps) {
            SCOPED_TRACE(steps);
            const PeerScript cut = cut_after_steps(script, steps, end);
            ScriptedPeer peer(cut);
            const Outcome outcome = talk(options_for(peer.port(), std::chrono::milliseconds(60)));
            expect_consistent(outcome, sent_bytes(cut), before_mail, before_content);
        }
    }
}

TEST(Session, AServerThatDribblesIsStoppedByTheTimeLimitOfTheReply) {
    PeerScript script;
    for (int line = 0; line < 200; ++line) {
        script.push_back(chatear::test::send_slowly("220-welcome to this mail server\r\n"));
    }
    script.push_back(chatear::test::stall());
    ScriptedPeer peer(script);
    const Outcome outcome = talk(options_for(peer.port(), std::chrono::milliseconds(100)));
    ASSERT_TRUE(outcome.failure);
    EXPECT_THAT(outcome.failure->why, HasSubstr("greeting: no answer in time"));
}

TEST(Session, RubbishEndsTheConnection) {
    ScriptedPeer peer(PeerScript{chatear::test::send("HTTP/1.1 400 Bad Request\r\n")});
    EXPECT_THAT(talk(options_for(peer.port())).failure->why, HasSubstr("not SMTP"));

    ScriptedPeer later(join({hello(), one_mail("250 ok\r\nrubbish\r\n")}));
    EXPECT_EQ(talk(options_for(later.port())).result.status, SendStatus::not_sent);

    ScriptedPeer last(join({hello(), one_mail("250 ok\r\n250 ok\r\n354 go\r\n", "what?\r\n")}));
    EXPECT_EQ(talk(options_for(last.port())).result.status, SendStatus::in_doubt);
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
    const Outcome outcome = talk(options);
    ASSERT_TRUE(outcome.failure);
    EXPECT_THAT(outcome.failure->why, HasSubstr("response injection"));
}

TEST(Session, Rule12ContentThatIsHeldBackDoesNotLeave) {
    PeerScript script = join({hello(), one_mail()});
    script.resize(script.size() - 2);
    script.push_back(chatear::test::swallow());
    ScriptedPeer peer(script);
    const Outcome outcome = talk(options_for(peer.port()), false);
    EXPECT_EQ(outcome.result.status, SendStatus::not_sent);
    EXPECT_TRUE(outcome.result.held_back);
    EXPECT_FALSE(outcome.usable);
    EXPECT_THAT(peer.received(), testing::EndsWith("DATA\r\n"));
}

TEST(Session, ContentIsWrittenForWhatTheServerCanDo) {
    asio::io_context context;
    const PeerScript alive = {expect("RSET\r\n"), chatear::test::send("250 ok\r\n")};
    ScriptedPeer peer(join({hello("SIZE 1000"), alive, goodbye()}));
    net::Resolver resolver(context.get_executor());
    Session session(
        context.get_executor(), std::make_shared<const Options>(options_for(peer.port()))
    );
    const BeforeContent before = []() -> asio::awaitable<bool> { co_return true; };
    std::optional<Capabilities> seen;
    const ContentSource refusing = [&seen](const Capabilities& capabilities
                                   ) -> Result<std::string> {
        seen = capabilities;
        return Error{"5.6.0 cannot be written"};
    };
    const auto scenario = [&]() -> asio::awaitable<void> {
        (void)co_await session.open(resolver);
        const Envelope envelope{"shop@a.test", "ann@b.test", false};
        const SendResult result = co_await session.send(envelope, refusing, before);
        EXPECT_EQ(result.status, SendStatus::never);
        EXPECT_EQ(result.reply.text, "5.6.0 cannot be written");
        EXPECT_TRUE(session.usable());
        co_await session.quit();
    };
    run_coroutine(context, scenario);
    EXPECT_EQ(seen->max_message_bytes, 1000U);
    EXPECT_EQ(peer.failure(), "");
}

}  // namespace
}  // namespace chatear::smtp::test
