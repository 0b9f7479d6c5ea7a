#include "unit/smtp/only_connection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>

namespace chatear::smtp::test {
namespace {

using chatear::test::cut_after_steps;
using chatear::test::cut_at;
using chatear::test::expect;
using chatear::test::PeerScript;
using chatear::test::ScriptedPeer;
using chatear::test::sent_bytes;
using testing::Each;
using testing::ElementsAre;
using testing::EndsWith;

Conduct as_announced(const Extensions& extensions) {
    Conduct conduct;
    conduct.pipelining = conduct.merging = extensions.pipelining;
    conduct.chunking = conduct.chunking_proven = extensions.chunking;
    conduct.window = 4;
    return conduct;
}

Outcome talk(const Options& options, std::size_t messages = 1, bool permitted = true) {
    return OnlyConnection(options, messages, permitted).run(as_announced);
}

TEST(Carrier, SendsAMailToAScriptedServer) {
    ScriptedPeer peer(join({hello(), one_mail(), goodbye()}));
    const Outcome outcome = talk(options_for(peer.port()));
    EXPECT_EQ(outcome.result().status, SendStatus::accepted);
    EXPECT_EQ(outcome.asked, 1);
    EXPECT_TRUE(outcome.usable);
    EXPECT_EQ(peer.failure(), "");
}

TEST(Carrier, RepliesThatComeByteByByteAreTheSame) {
    PeerScript script = join({hello(), one_mail()});
    for (chatear::test::PeerStep& step : script) {
        if (step.kind == chatear::test::PeerStep::Kind::send) {
            step = chatear::test::send_slowly(step.bytes);
        }
    }
    ScriptedPeer peer(script);
    EXPECT_EQ(talk(options_for(peer.port())).result().status, SendStatus::accepted);
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
    EXPECT_EQ(outcome.result().content_began, content_left);
    EXPECT_EQ(outcome.result().status, content_left ? SendStatus::in_doubt : SendStatus::not_sent);
    EXPECT_FALSE(outcome.usable);
}

TEST(Carrier, Rule13AServerThatHangsUpAtAnyByteLeavesADoubtOnlyBehindTheContent) {
    const PeerScript script = join({hello(), one_mail()});
    const std::size_t before_mail = sent_bytes(hello());
    const std::size_t before_content = sent_bytes(script) - std::string("250 queued\r\n").size();
    for (std::size_t bytes = 0; bytes < sent_bytes(script); ++bytes) {
        SCOPED_TRACE(bytes);
        ScriptedPeer peer(cut_at(script, bytes));
        expect_consistent(talk(options_for(peer.port())), bytes, before_mail, before_content);
    }
}

TEST(Carrier, Rule13AServerThatFallsSilentOrResetsAtAnyStepDoesTheSame) {
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

TEST(Carrier, RubbishEndsTheConnection) {
    ScriptedPeer later(join({hello(), one_mail("250 ok\r\nrubbish\r\n")}));
    EXPECT_EQ(talk(options_for(later.port())).result().status, SendStatus::not_sent);

    ScriptedPeer last(join({hello(), one_mail("250 ok\r\n250 ok\r\n354 go\r\n", "what?\r\n")}));
    EXPECT_EQ(talk(options_for(last.port())).result().status, SendStatus::in_doubt);
}

TEST(Carrier, Rule12ContentThatIsHeldBackDoesNotLeave) {
    const PeerScript script = join({hello(), one_envelope(), {chatear::test::swallow()}});
    ScriptedPeer peer(script);
    const Outcome outcome = talk(options_for(peer.port()), 1, false);
    EXPECT_EQ(outcome.result().status, SendStatus::not_sent);
    EXPECT_TRUE(outcome.result().held_back);
    EXPECT_FALSE(outcome.usable);
    EXPECT_THAT(peer.received(), testing::EndsWith("DATA\r\n"));
}

const std::string chunk_group = "MAIL FROM:<shop@a.test>\r\nRCPT TO:<ann@b.test>\r\nBDAT " +
                                std::to_string(content.size()) + " LAST\r\n" + content;
const std::string three_oks = "250 ok\r\n250 ok\r\n250 ok\r\n";

/// Three messages merged: contents with the next envelope behind them in the same bytes.
PeerScript three_merged() {
    const std::string next = "250 queued\r\n250 ok\r\n250 ok\r\n354 go on\r\n";
    return {
        expect(envelope_group),
        chatear::test::send("250 ok\r\n250 ok\r\n354 go on\r\n"),
        expect(content_on_the_wire + envelope_group),
        chatear::test::send(next),
        expect(content_on_the_wire + envelope_group),
        chatear::test::send(next),
        expect(content_on_the_wire),
        chatear::test::send("250 queued\r\n")};
}

PeerScript three_chunked() {
    return {
        expect(chunk_group + "RSET\r\n" + chunk_group + "RSET\r\n" + chunk_group),
        chatear::test::send(three_oks + "250 ok\r\n" + three_oks + "250 ok\r\n" + three_oks)};
}

TEST(Carrier, SendsAContentTogetherWithTheNextEnvelope) {
    ScriptedPeer peer(join({hello(), three_merged(), goodbye()}));
    const Outcome outcome = talk(options_for(peer.port()), 3);
    EXPECT_THAT(outcome.statuses(), Each(SendStatus::accepted));
    EXPECT_EQ(peer.failure(), "");
}

TEST(Carrier, SendsAWindowOfChunks) {
    ScriptedPeer peer(join({chunking_hello(), three_chunked(), goodbye()}));
    const Outcome outcome = talk(options_for(peer.port()), 3);
    EXPECT_THAT(outcome.statuses(), Each(SendStatus::accepted));
    EXPECT_EQ(peer.failure(), "");
}

/// How many of three messages are answered when the server has sent `bytes` of the script, and
/// how many contents it may have.
void expect_sorted(const Outcome& outcome, std::size_t accepted, std::size_t contents_left) {
    for (std::size_t number = 0; number < 3; ++number) {
        SCOPED_TRACE(number);
        const SendStatus expected = number < accepted        ? SendStatus::accepted
                                    : number < contents_left ? SendStatus::in_doubt
                                                             : SendStatus::not_sent;
        EXPECT_EQ(outcome.results[number].status, expected);
        EXPECT_EQ(outcome.results[number].content_began, number < contents_left);
    }
}

TEST(Carrier, Rule13AMergedConnectionThatIsCutAtAnyByteLeavesOneInDoubt) {
    const PeerScript script = three_merged();
    const std::size_t before = sent_bytes(hello());
    const std::size_t first_go = sent_bytes({script.begin(), script.begin() + 2});
    const std::size_t queued = std::string("250 queued\r\n").size();
    const std::size_t group = sent_bytes({script[3]});
    for (std::size_t bytes = 0; bytes < sent_bytes(script); ++bytes) {
        SCOPED_TRACE(bytes);
        ScriptedPeer peer(cut_at(join({hello(), script}), before + bytes));
        const std::size_t behind_first = bytes < first_go ? 0 : bytes - first_go;
        const std::size_t accepted =
            (behind_first >= queued ? 1U : 0U) + (behind_first >= group + queued ? 1U : 0U);
        const std::size_t left =
            bytes < first_go ? 0 : 1 + std::min<std::size_t>(behind_first / group, 2);
        expect_sorted(talk(options_for(peer.port()), 3), accepted, left);
    }
}

TEST(Carrier, Rule13AWindowThatIsCutAtAnyByteIsAcceptedAsFarAsItWasAnswered) {
    const PeerScript script = three_chunked();
    const std::size_t before = sent_bytes(chunking_hello());
    const std::size_t first = three_oks.size();
    const std::size_t each = first + std::string("250 ok\r\n").size();
    for (std::size_t bytes = 1; bytes < sent_bytes(script); ++bytes) {
        SCOPED_TRACE(bytes);
        ScriptedPeer peer(cut_at(join({chunking_hello(), script}), before + bytes));
        const std::size_t accepted = bytes < first ? 0 : 1 + (bytes - first) / each;
        expect_sorted(talk(options_for(peer.port()), 3), accepted, 3);
    }
}

TEST(Carrier, AServerThatRefusesMergingLosesNothingAndIsNotMergedWithAgain) {
    const std::string refused =
        "250 queued\r\n503 one by one\r\n503 one by one\r\n503 one by one\r\n";
    PeerScript script = three_merged();
    script.resize(3);
    const PeerScript one_by_one = {
        chatear::test::send(refused),
        expect("RSET\r\n" + envelope_group),
        chatear::test::send("250 reset\r\n250 ok\r\n250 ok\r\n354 go on\r\n"),
        expect(content_on_the_wire),
        chatear::test::send("250 queued\r\n")};
    ScriptedPeer peer(join({hello(), script, one_by_one, one_mail(), goodbye()}));
    const Outcome outcome = talk(options_for(peer.port()), 3);
    EXPECT_THAT(outcome.statuses(), Each(SendStatus::accepted));
    EXPECT_FALSE(outcome.conduct.merging);
    EXPECT_EQ(peer.failure(), "");
}

TEST(Carrier, ARefusedRecipientInTheWindowHarmsNobodyElse) {
    PeerScript script = three_chunked();
    script.back() = chatear::test::send(
        three_oks + "250 ok\r\n250 ok\r\n550 5.1.1 nobody\r\n503 no recipient\r\n250 ok\r\n" +
        three_oks
    );
    ScriptedPeer peer(join({chunking_hello(), script, goodbye()}));
    const Outcome outcome = talk(options_for(peer.port()), 3);
    EXPECT_THAT(
        outcome.statuses(),
        ElementsAre(SendStatus::accepted, SendStatus::never, SendStatus::accepted)
    );
    EXPECT_EQ(peer.failure(), "");
}

TEST(Carrier, WhatWasAnsweredBeforeTheServerClosedIsReadToItsEnd) {
    PeerScript script = three_chunked();
    script.back() =
        chatear::test::send(three_oks + "250 ok\r\n" + three_oks + "421 4.3.2 closing\r\n");
    ScriptedPeer peer(join({chunking_hello(), script}));
    const Outcome outcome = talk(options_for(peer.port()), 3);
    EXPECT_THAT(
        outcome.statuses(),
        ElementsAre(SendStatus::accepted, SendStatus::accepted, SendStatus::not_sent)
    );
    EXPECT_FALSE(outcome.results[2].content_began);
}

TEST(Carrier, AContentLargerThanEveryBufferArrivesWhole) {
    std::string large = "Subject: x\r\n\r\n";
    while (large.size() < 8U * 1024 * 1024) {
        large += "a line of a content that does not fit into any buffer\r\n";
    }
    const std::string on_the_wire = large + ".\r\n" + envelope_group;
    ScriptedPeer peer(join(
        {hello(),
         {expect(envelope_group),
          chatear::test::send("250 ok\r\n250 ok\r\n354 go on\r\n"),
          expect(on_the_wire),
          chatear::test::send("250 queued\r\n250 ok\r\n250 ok\r\n354 go on\r\n"),
          expect(large + ".\r\n"),
          chatear::test::send("250 queued\r\n")},
         goodbye()}
    ));
    OnlyConnection connection(options_for(peer.port()), 2, true);
    connection.source = [&large](const Capabilities&) { return Result<std::string>(large); };
    EXPECT_THAT(connection.run(as_announced).statuses(), Each(SendStatus::accepted));
    EXPECT_EQ(peer.failure(), "");
}

TEST(Carrier, ContentIsWrittenForWhatTheServerCanDo) {
    const PeerScript alive = {expect("RSET\r\n"), chatear::test::send("250 ok\r\n")};
    ScriptedPeer peer(join({hello("SIZE 1000"), alive, goodbye()}));
    std::optional<Capabilities> seen;
    OnlyConnection connection(options_for(peer.port()), 1, true);
    connection.source = [&seen](const Capabilities& capabilities) -> Result<std::string> {
        seen = capabilities;
        return Error{"5.6.0 cannot be written"};
    };
    const Outcome outcome = connection.run(as_announced);
    EXPECT_EQ(outcome.result().status, SendStatus::never);
    EXPECT_EQ(outcome.result().reply.text, "5.6.0 cannot be written");
    EXPECT_TRUE(outcome.usable);
    EXPECT_EQ(seen->max_message_bytes, 1000U);
    EXPECT_EQ(peer.failure(), "");
}

}  // namespace
}  // namespace chatear::smtp::test
