// Many messages at once over one connection to real mail servers that announce CHUNKING: whole
// messages one behind the other (a window), and with SMTP_WINDOW=1 by DATA, each content in one
// group with the next envelope (merged). Some are refused, at places that the run's seed chooses.
#include "integration/smtp/relay_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace chatear::smtp::test {
namespace {

using chatear::test::CaughtMail;
using chatear::test::RelayServer;

constexpr std::size_t window = 16;
constexpr std::size_t merged = 1;  // A window of one message is none.

void refuse_recipient(Message& message) {
    message.envelope.rcpt_to = "refuse@b.test";
}

void refuse_content(Message& message) {
    const std::size_t begin = message.content.find("Subject: ");
    const std::size_t end = message.content.find("\r\n", begin);
    message.content.replace(
        begin, end - begin, "Subject: " + std::string(RelayServer::refused_subject)
    );
}

SendStatus expected_status(const Message& message) {
    const bool refused = message.envelope.rcpt_to == "refuse@b.test" ||
                         message.content.find(RelayServer::refused_subject) != std::string::npos;
    return refused ? SendStatus::never : SendStatus::accepted;
}

/// Each with a sender of its own; about one of six is refused, in each of the ways of `refuse`.
std::vector<Message> messages_with_refusals(
    std::size_t count, const std::vector<std::function<void(Message&)>>& refuse
) {
    const auto seed = static_cast<unsigned>(testing::UnitTest::GetInstance()->random_seed());
    std::mt19937 random(seed);
    std::uniform_int_distribution<std::size_t> any_way(0, 5 * refuse.size());
    std::vector<Message> messages = numbered_messages(count, true);
    for (std::size_t number = 0; number < count; ++number) {
        messages[number].envelope.mail_from = "shop" + std::to_string(number) + "@a.test";
        const std::size_t way = any_way(random);
        if (way < refuse.size()) {
            refuse[way](messages[number]);
        }
    }
    return messages;
}

std::string words_of(const Ending& ending) {
    if (!ending.result) {
        return ending.thrown;
    }
    return std::string(to_text(ending.result->status)) + ' ' + ending.result->reply.one_line();
}

class ChunkingRelay : public Relay {
protected:
    Options one_connection(std::size_t messages_under_way) const {
        Options one = options();
        one.connections = 1;
        one.window = messages_under_way;
        return one;
    }

    /// Each message has the status that is its own, and those accepted arrive.
    Counters expect_each_judged_alone(
        const std::vector<Message>& messages, std::size_t messages_under_way
    ) {
        const Sent sent = send_all(one_connection(messages_under_way), messages);
        EXPECT_TRUE(sent.extensions && sent.extensions->chunking);
        EXPECT_TRUE(sent.counters.chunking && sent.counters.merging) << "as it announced";
        std::vector<Message> accepted;
        for (std::size_t index = 0; index < messages.size(); ++index) {
            const Ending& ending = sent.endings[index];
            const SendStatus expected = expected_status(messages[index]);
            EXPECT_TRUE(ending.is(expected)) << index << ' ' << words_of(ending);
            if (expected == SendStatus::accepted) {
                accepted.push_back(messages[index]);
            } else if (ending.result) {
                expect_right_refusal(messages[index], *ending.result);
            }
        }
        expect_all_arrived(accepted);
        return sent.counters;
    }

    void expect_killed_in_the_middle_loses_nothing(std::size_t messages_under_way);

private:
    static void expect_right_refusal(const Message& message, const SendResult& result) {
        const bool by_recipient = message.envelope.rcpt_to == "refuse@b.test";
        EXPECT_EQ(result.step, by_recipient ? Step::rcpt : Step::content);
        EXPECT_EQ(result.culprit, by_recipient ? Culprit::never_recipient : Culprit::never_message);
        EXPECT_EQ(result.reply.code, 550);
    }
};

TEST_P(ChunkingRelay, RefusedRecipientsInAWindowTouchNoOtherMessage) {
    const Counters counters =
        expect_each_judged_alone(messages_with_refusals(300, {refuse_recipient}), window);
    EXPECT_EQ(counters.lost_connections, 0U) << "they count what comes with a refusal";
}

TEST_P(ChunkingRelay, RefusedRecipientsInMergedGroupsTouchNoOtherMessage) {
    expect_each_judged_alone(messages_with_refusals(300, {refuse_recipient}), merged);
}

// All of them together are more than Exim and Postfix bear on a connection, and half of a window.
TEST_P(ChunkingRelay, ManyRefusedRecipientsInARowLeaveNoMessageInDoubt) {
    std::vector<Message> messages = messages_with_refusals(96, {});
    for (std::size_t index = 0; index < messages.size(); ++index) {
        if (index % window >= window / 2) {
            refuse_recipient(messages[index]);
        }
    }
    const Counters counters = expect_each_judged_alone(messages, window);
    EXPECT_EQ(counters.lost_connections, 0U);
    EXPECT_GT(counters.connected, 1U) << "they are left in time";
}

// More than a window of them, in front of which nothing was accepted on their connection, but for
// the first, where one has proven that the server knows BDAT.
TEST_P(ChunkingRelay, AFirstWindowOfRefusedRecipientsLeavesNoMessageInDoubt) {
    std::vector<Message> messages = messages_with_refusals(3 * window + 2, {});
    for (std::size_t index = 1; index + 1 < messages.size(); ++index) {
        refuse_recipient(messages[index]);
    }
    const Counters counters = expect_each_judged_alone(messages, window);
    EXPECT_EQ(counters.in_doubt, 0U);
    EXPECT_EQ(counters.lost_connections, 0U);
    EXPECT_GT(counters.connected, 2U) << "whole windows of new connections, too";
}

TEST_P(ChunkingRelay, RefusedContentsInAWindowTouchNoOtherMessage) {
    expect_each_judged_alone(
        messages_with_refusals(200, {refuse_recipient, refuse_content}), window
    );
}

TEST_P(ChunkingRelay, RefusedContentsInMergedGroupsTouchNoOtherMessage) {
    expect_each_judged_alone(
        messages_with_refusals(200, {refuse_recipient, refuse_content}), merged
    );
}

/// The process that serves the connection is killed at once when so many have ended: those behind
/// them are under way.
void ChunkingRelay::expect_killed_in_the_middle_loses_nothing(std::size_t messages_under_way) {
    const std::vector<Message> messages = messages_with_refusals(240, {});
    const std::vector<std::size_t> places = {40, 100, 160};
    std::size_t killed = 0;
    const auto kill_at_places = [&](std::size_t ended) {
        const bool here = std::find(places.begin(), places.end(), ended) != places.end();
        if (here && server->kill_connection()) {
            ++killed;
        }
    };
    const Sent sent = send_all(one_connection(messages_under_way), messages, kill_at_places);
    EXPECT_EQ(killed, places.size());
    EXPECT_EQ(sent.counters.lost_connections, killed);
    EXPECT_GE(sent.counters.accepted, messages.size() - killed * messages_under_way);

    EXPECT_TRUE(chatear::test::eventually(
        [&] {
            return server->sink().mails().size() >= sent.counters.accepted &&
                   server->has_sent_all();
        },
        std::chrono::seconds(30)
    ));
    std::map<std::string, std::vector<CaughtMail>> arrived;
    for (const CaughtMail& mail : server->sink().mails()) {
        arrived[mail.to.at(0)].push_back(mail);
    }
    for (std::size_t index = 0; index < messages.size(); ++index) {
        const Ending& ending = sent.endings[index];
        const Envelope& envelope = messages[index].envelope;
        const std::vector<CaughtMail>& mails = arrived[envelope.rcpt_to];
        SCOPED_TRACE(envelope.rcpt_to + ' ' + words_of(ending));
        if (ending.is(SendStatus::accepted)) {
            EXPECT_EQ(mails.size(), 1U);
        } else if (ending.is(SendStatus::in_doubt)) {
            EXPECT_LE(mails.size(), 1U);
        } else {
            EXPECT_TRUE(!ending.result || ending.is(SendStatus::not_sent));
            EXPECT_TRUE(mails.empty());
        }
        for (const CaughtMail& mail : mails) {
            EXPECT_EQ(mail.from, envelope.mail_from);
            EXPECT_TRUE(mail.content.ends_with(messages[index].content));
        }
    }
}

TEST_P(ChunkingRelay, AServerKilledInAWindowLosesAndDoublesNothingThatItAccepted) {
    expect_killed_in_the_middle_loses_nothing(window);
}

TEST_P(ChunkingRelay, AServerKilledInMergedGroupsLosesAndDoublesNothingThatItAccepted) {
    expect_killed_in_the_middle_loses_nothing(merged);
}

INSTANTIATE_TEST_SUITE_P(
    Servers,
    ChunkingRelay,
    testing::Values("postfix", "exim"),
    [](const auto& server) { return server.param; }
);

}  // namespace
}  // namespace chatear::smtp::test
