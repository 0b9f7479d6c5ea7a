// How many messages are under way on a connection with chunking, and the first of a server that has
// only announced it.
#include "unit/smtp/served_pipeline.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace chatear::smtp::test {
namespace {

using testing::ElementsAre;

constexpr Conduct announced{.pipelining = true, .merging = true, .chunking = true, .window = 4};

std::string probe_envelope_to(const std::string& recipient) {
    return "MAIL FROM:<" + sender_to(recipient) + ">\r\nRCPT TO:<" + recipient + ">\r\n";
}

const std::string first_line = "To: " + user(1) + "\r\n";
const std::string probe = "BDAT " + std::to_string(first_line.size()) + "\r\n" + first_line;

/// Of a message whose content has commands in it, the probe has left.
Served probing() {
    Served served(announced);
    served.pipeline.add(envelope_of(user(1)), mail_with_commands_to(user(1)));
    EXPECT_EQ(served.write(), probe_envelope_to(user(1)));
    EXPECT_EQ(served.asked, 0) << "nothing of the content is in it";
    EXPECT_FALSE(served.pipeline.has_room());
    served.reply({ok, ok});
    EXPECT_EQ(served.write(), probe);
    EXPECT_EQ(served.write(), "");
    EXPECT_EQ(served.asked, 0) << "it delivers nothing";
    EXPECT_FALSE(served.pipeline.has_room());
    return served;
}

TEST(MailPipeline, ChunkingIsProvenByTheFirstLineOfOneMessageAndThenUsed) {
    Served served = probing();
    served.reply({ok});
    EXPECT_TRUE(served.pipeline.conduct().chunking_proven);
    ASSERT_TRUE(served.pipeline.has_room());
    served.add(2);
    const std::string rest = mail_with_commands_to(user(1)).content.substr(first_line.size());
    EXPECT_EQ(
        served.write(),
        "BDAT " + std::to_string(rest.size()) + " LAST\r\n" + rest + "RSET\r\n" + chunk_to(user(2))
    );
    served.reply({ok, ok, ok, ok, ok});
    EXPECT_THAT(served.statuses(), ElementsAre(SendStatus::accepted, SendStatus::accepted));
    served.add(3);
    EXPECT_EQ(served.write(), chunk_to(user(3))) << "once is enough";
}

TEST(MailPipeline, AContentOfOneLineIsProvenWithToo) {
    Served served(announced);
    served.add(1);
    served.write();
    served.reply({ok, ok});
    EXPECT_EQ(served.write(), probe);
    served.reply({ok});
    EXPECT_EQ(served.write(), "BDAT 0 LAST\r\n");
    served.reply({ok});
    EXPECT_THAT(served.statuses(), ElementsAre(SendStatus::accepted));
}

TEST(MailPipeline, AServerThatOnlyAnnouncesChunkingGetsNoContent) {
    for (const int code : {500, 501, 502, 503, 504, 521, 551, 354}) {
        SCOPED_TRACE(code);
        Served served = probing();
        served.reply({{code, "what?"}});
        EXPECT_THAT(served.statuses(), ElementsAre(SendStatus::not_sent));
        EXPECT_FALSE(served.ended[0].result.content_began) << "it goes over another connection";
        EXPECT_TRUE(served.ended[0].result.in_probe);
        EXPECT_FALSE(served.pipeline.conduct().chunking);
        EXPECT_FALSE(served.pipeline.conduct().chunking_proven);
        EXPECT_TRUE(served.pipeline.wants_close()) << "it may say more: the line was a command";
    }
}

TEST(MailPipeline, ARefusalThatMayBeAboutTheMessageSaysNothingOfChunking) {
    for (const int code : {550, 552, 554, 571}) {
        SCOPED_TRACE(code);
        Served served = probing();
        served.reply({{code, "5.7.1 not this one"}});
        EXPECT_THAT(served.statuses(), ElementsAre(SendStatus::not_sent));
        EXPECT_TRUE(served.ended[0].result.wants_data);
        EXPECT_TRUE(served.pipeline.conduct().chunking);
        EXPECT_TRUE(served.pipeline.wants_close());
    }
    Served again(announced);
    again.pipeline.add(envelope_of(user(1)), mail_to(user(1)), true);
    EXPECT_EQ(again.write(), envelope_to(user(1)));
}

TEST(MailPipeline, ADelayOfTheProbeSaysNothingOfChunking) {
    Served served = probing();
    served.reply({{452, "4.3.1 no room"}});
    EXPECT_THAT(served.statuses(), ElementsAre(SendStatus::try_later));
    EXPECT_EQ(served.ended[0].result.step, Step::data);
    EXPECT_TRUE(served.pipeline.conduct().chunking);
    EXPECT_FALSE(served.pipeline.conduct().chunking_proven);
    EXPECT_TRUE(served.pipeline.wants_close());
    Served closing = probing();
    closing.reply({{421, "4.3.2 closing"}});
    EXPECT_THAT(closing.statuses(), ElementsAre(SendStatus::not_sent));
    EXPECT_EQ(closing.ended[0].result.reply.code, 421);
    EXPECT_FALSE(closing.ended[0].result.content_began);
    EXPECT_TRUE(closing.pipeline.conduct().chunking);
}

TEST(MailPipeline, ARefusedRecipientSaysNothingOfChunkingAndNoProbeLeaves) {
    Served served(announced);
    served.add(1);
    served.write();
    served.reply({ok, {550, "5.1.1 nobody"}});
    EXPECT_THAT(served.statuses(), ElementsAre(SendStatus::never));
    EXPECT_EQ(served.asked, 0);
    EXPECT_TRUE(served.pipeline.conduct().chunking);
    EXPECT_FALSE(served.pipeline.conduct().chunking_proven);
    served.add(2);
    EXPECT_EQ(served.write(), "RSET\r\n" + probe_envelope_to(user(2)));
}

TEST(MailPipeline, AConnectionLostBeforeTheLastChunkLeavesNoDoubt) {
    std::vector<Served> places(1, Served(announced));
    places[0].add(1);
    places[0].write();
    places.push_back(probing());
    places.push_back(probing());
    places[2].reply({ok});
    for (Served& served : places) {
        const auto lost = served.pipeline.on_connection_lost("gone", true);
        ASSERT_EQ(lost.size(), 1U);
        EXPECT_EQ(lost[0].result.status, SendStatus::not_sent);
        EXPECT_FALSE(lost[0].result.content_began);
    }
    Served last = probing();
    last.reply({ok});
    last.write();
    EXPECT_EQ(
        last.pipeline.on_connection_lost("gone", true)[0].result.status, SendStatus::in_doubt
    );
}

TEST(MailPipeline, Rule12TheRestBehindAProbeIsAskedForWhenItMayLeave) {
    Served served = probing();
    served.now += std::chrono::hours(1);  // The claim may be another's by now.
    served.reply({ok});
    EXPECT_EQ(served.write(false), "");
    EXPECT_EQ(served.asked, 1);
    ASSERT_EQ(served.ended.size(), 1U);
    EXPECT_TRUE(served.ended[0].result.held_back);
    EXPECT_FALSE(served.ended[0].result.content_began);
    EXPECT_TRUE(served.pipeline.wants_close()) << "the server waits for the rest";
    EXPECT_TRUE(served.pipeline.conduct().chunking_proven);
}

TEST(MailPipeline, NothingIsTakenBehindAProbeWhateverOthersLearnMeanwhile) {
    Served proven = probing();
    proven.pipeline.apply(window_of_4);
    EXPECT_FALSE(proven.pipeline.has_room());
    proven.reply({ok});
    EXPECT_TRUE(proven.pipeline.has_room());
    Served served = probing();
    Conduct refused = announced;
    refused.chunking = false;
    served.pipeline.apply(refused);
    EXPECT_FALSE(served.pipeline.has_room());
    served.reply({{500, "what?"}});
    EXPECT_THAT(served.statuses(), ElementsAre(SendStatus::not_sent));
}

TEST(MailPipeline, AContentThatBeginsWithACommandProvesNothingAndGoesByData) {
    Served served(announced);
    served.pipeline.add(envelope_of(user(1)), Mail{"", "MAIL FROM:<evil@a.test>\r\n"});
    EXPECT_EQ(served.write(), envelope_to(user(1)));
    served.reply({ok, ok, go_on});
    served.write();
    EXPECT_FALSE(served.pipeline.has_room());
    served.reply({ok});
    EXPECT_THAT(served.statuses(), ElementsAre(SendStatus::accepted));
    EXPECT_FALSE(served.pipeline.conduct().chunking_proven);
}

TEST(MailPipeline, WhatAnotherConnectionHasProvenCounts) {
    Served served(announced);
    served.pipeline.apply(window_of_4);
    served.add(1);
    EXPECT_EQ(served.write(), chunk_to(user(1)));
}

TEST(MailPipeline, AcceptedMessagesMakeTheWindowLargerAndRefusedEnvelopesSmaller) {
    Conduct window_of_16 = window_of_4;
    window_of_16.window = 16;
    MailPipeline pipeline(window_of_16);
    std::vector<MailPipeline::Ended> ended;
    const auto fill = [&] {
        std::size_t added = 0;
        for (; pipeline.has_room(); ++added) {
            pipeline.add(envelope_of(user(added)), mail_to(user(added)));
        }
        while (const auto id = pipeline.next_to_ask()) {
            pipeline.on_permission(*id, true, {}, ended);
        }
        pipeline.take_output({});
        return added;
    };
    const auto reply = [&](const std::vector<int>& codes) {
        for (const int code : codes) {
            pipeline.on_reply({code, "words"}, ended);
        }
    };
    ASSERT_EQ(fill(), MailPipeline::first_window) << "nothing is known of their envelopes";
    reply({250, 250, 250});
    EXPECT_EQ(fill(), 2U) << "in its place, and one more";
    for (std::size_t window = MailPipeline::first_window + 2; window <= 16; ++window) {
        reply({250, 250, 250, 250});
        EXPECT_EQ(fill(), 2U) << "up to " << window;
    }
    reply({250, 250, 250, 250});
    EXPECT_EQ(fill(), 1U) << "not above the limit that is set";
    reply({250, 250, 550, 503});
    EXPECT_EQ(fill(), 0U);
    for (std::size_t under_way = 15; under_way + 1 >= MailPipeline::most_refused; --under_way) {
        EXPECT_EQ(fill(), 0U);
        reply({250, 250, 250, 250});
    }
    EXPECT_EQ(fill(), 1U);
    for (int refused = 1; refused < 5; ++refused) {
        reply({250, 250, 250, 250});
        EXPECT_EQ(fill(), 1U) << "the room of one that was accepted";
        EXPECT_FALSE(pipeline.worn());
        reply({250, 250, 550, 503});
        EXPECT_EQ(fill(), 0U);
    }
    EXPECT_TRUE(pipeline.worn());
}

}  // namespace
}  // namespace chatear::smtp::test
