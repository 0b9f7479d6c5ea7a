// A consumer that does not answer: whether it delivers to nobody, may not be asked, or has nothing.
#include "jetstream_script.hpp"

namespace chatear::nats {
namespace {

/// Silent after each of three pulls; whether the consumer is removed at the fourth look.
class SilentConsumer : public Rule4Scripted {
protected:
    /// What the look after the third says: messages that wait, and the last that was given.
    static JetStreamScript silent_to_three_pulls(int pending, int delivered = 0) {
        JetStreamScript script;
        script.pending = pending;
        for (int silences = 0; silences < 3; ++silences) {
            script.verification(stream_created, consumer_created).pull();
        }
        script.delivered = delivered;
        script.verification(stream_created, consumer_created);
        return script;
    }

    void is_removed(JetStreamScript script) {
        script.probe().consumer_info(consumer_created);
        script.step(test::skip_until("PUB $JS.API.CONSUMER.DELETE.S.worker "))
            .step(test::swallow());
        run(script, [&](ScriptedPeer& peer, PullConsumer& consumer) -> asio::awaitable<void> {
            const auto removed = [&] {
                return peer.received().find("API.CONSUMER.DELETE") != std::string::npos;
            };
            const bool came = co_await until(removed);
            EXPECT_TRUE(came);
            EXPECT_EQ(consumer.counters().verifications, 4U);
        });
    }

    /// What was found is old when a probe has had no answer, so there is one more look.
    void is_let_be(JetStreamScript script) {
        script.probe().verification(stream_created, consumer_created).pull().step(test::swallow());
        run(script, [&](ScriptedPeer& peer, PullConsumer& consumer) -> asio::awaitable<void> {
            const auto used_again = [&] {
                return consumer.counters().verifications == 5 && consumer.trouble().empty();
            };
            const bool came = co_await until(used_again);
            EXPECT_TRUE(came);
            EXPECT_EQ(peer.received().find("API.CONSUMER.DELETE"), std::string::npos);
        });
    }
};

TEST_F(SilentConsumer, ThatHasMessagesAndCountsNoPullIsMadeAnew) {
    is_removed(silent_to_three_pulls(7));
}

TEST_F(SilentConsumer, ThatAnswersToAPullIsLetBe) {
    JetStreamScript script = silent_to_three_pulls(7);
    script.probe(script.bad_request()).pull().step(test::swallow());
    run(script, [&](ScriptedPeer& peer, PullConsumer& consumer) -> asio::awaitable<void> {
        const auto pulls_again = [&] {
            return consumer.counters().verifications == 4 && consumer.trouble().empty();
        };
        const bool came = co_await until(pulls_again);
        EXPECT_TRUE(came);
        EXPECT_EQ(peer.received().find("API.CONSUMER.DELETE"), std::string::npos);
    });
}

TEST_F(SilentConsumer, ThatMayNotBePulledFromIsLetBeAndSaysSoUntilItMay) {
    const std::string refusal =
        "-ERR 'Permissions Violation for Publish to \"$JS.API.CONSUMER.MSG.NEXT.S.worker\"'\r\n";
    JetStreamScript script = silent_to_three_pulls(7);
    script.probe(refusal).verification(stream_created, consumer_created).probe(refusal);
    script.verification(stream_created, consumer_created);
    script.probe(script.bad_request()).pull().step(test::swallow());
    run(script, [&](ScriptedPeer& peer, PullConsumer& consumer) -> asio::awaitable<void> {
        const auto said = [&] {
            return consumer.trouble().find("may not be pulled from") != std::string::npos;
        };
        const bool refused = co_await until(said);
        EXPECT_TRUE(refused) << consumer.trouble();
        const auto pulls_again = [&] { return consumer.trouble().empty(); };
        const bool allowed = co_await until(pulls_again);
        EXPECT_TRUE(allowed) << consumer.trouble();
        EXPECT_EQ(consumer.counters().verifications, 6U);
        EXPECT_EQ(peer.received().find("API.CONSUMER.DELETE"), std::string::npos);
    });
}

TEST_F(SilentConsumer, ThatHasNothingToGiveIsLetBe) {
    is_let_be(silent_to_three_pulls(0));
}

// A server that writes to a slow disk has them all in a queue.
TEST_F(SilentConsumer, ThatHasGivenSomethingMeanwhileIsLetBe) {
    is_let_be(silent_to_three_pulls(7, 1));
}

}  // namespace
}  // namespace chatear::nats
