// A consumer that does not answer: whether it delivers to nobody, may not be asked, or has nothing.
#include "jetstream_script.hpp"

namespace chatear::nats {
namespace {

/// Silent after each of three pulls; whether the consumer is removed at the fourth look.
class SilentConsumer : public Rule4Scripted {
protected:
    static JetStreamScript silent_to_three_pulls(int pending) {
        JetStreamScript script;
        script.pending = pending;
        for (int silences = 0; silences < 3; ++silences) {
            script.verification(stream_created, consumer_created).pull();
        }
        script.verification(stream_created, consumer_created);
        return script;
    }

    void is_silent(int pending, bool removed) {
        JetStreamScript script = silent_to_three_pulls(pending);
        if (removed) {
            script.probe().consumer_info(consumer_created);
        }
        script.step(test::skip_until(removed ? "PUB $JS.API.CONSUMER.DELETE.S.worker " : "MSG.NEXT")
        );
        script.step(test::swallow());
        run(script, [&](ScriptedPeer& peer, PullConsumer& consumer) -> asio::awaitable<void> {
            const auto asked = [&] {
                return peer.received().find("API.CONSUMER.DELETE") != std::string::npos;
            };
            const auto decided = [&] {
                const bool used = consumer.trouble().empty();
                return consumer.counters().verifications == 4 && (asked() || used);
            };
            const bool came = co_await until(decided);
            EXPECT_TRUE(came);
            EXPECT_EQ(asked(), removed);
        });
    }
};

TEST_F(SilentConsumer, ThatHasMessagesAndCountsNoPullIsMadeAnew) {
    is_silent(7, true);
}

TEST_F(SilentConsumer, ThatAnswersToAPullIsLetBe) {
    JetStreamScript script = silent_to_three_pulls(7);
    script.probe(script.bad_request()).pull().step(test::swallow());
    run(script, [&](ScriptedPeer& peer, PullConsumer& consumer) -> asio::awaitable<void> {
        const auto pulls_again = [&] {
            return consumer.counters().verifications == 4 && consumer.counters().pulls > 3;
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
    is_silent(0, false);
}

}  // namespace
}  // namespace chatear::nats
