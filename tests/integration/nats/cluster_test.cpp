#include "base/error.hpp"
#include "nats_test.hpp"
#include "net/timer.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace chatear::nats {
namespace {

class ClusterTest : public NatsTest {
protected:
    static ConsumerDeclaration replicated() {
        ConsumerDeclaration declaration = email_consumer();
        declaration.stream.replicas = 3;
        // What was on its way to a connection that broke comes again after that time.
        declaration.ack_wait = seconds(2);
        return declaration;
    }

    /// Patient with an election, quick to see that it is over.
    static PullOptions patient_pulls() {
        PullOptions options;
        options.requests.heartbeat = milliseconds(500);
        options.answer_timeout = seconds(1);
        return options;
    }

    /// Publishes until JetStream has it: a cluster without leader takes its time.
    static asio::awaitable<void> publish_surely(Client& client, std::string payload) {
        const auto end = std::chrono::steady_clock::now() + seconds(40);
        while (std::chrono::steady_clock::now() < end) {
            Message message = event(payload);
            message.headers.emplace_back("Nats-Msg-Id", payload);
            bool stored = false;
            try {
                const PublishResult result = co_await client.jetstream.publish(std::move(message));
                stored = result.has_value();
            } catch (const Unavailable&) {
                stored = false;
            }
            if (stored) {
                co_return;
            }
            co_await net::sleep_for(milliseconds(100));
        }
        ADD_FAILURE() << "the cluster never took " << payload;
    }

    static asio::awaitable<void> until_pulling_in_cluster(PullConsumer& consumer) {
        for (int i = 0; i < 400 && consumer.state() != ConsumerState::pulling; ++i) {
            co_await net::sleep_for(milliseconds(100));
        }
        EXPECT_EQ(consumer.state(), ConsumerState::pulling) << consumer.trouble();
    }

    /// Whether the other two members have all that the leader of this stream or consumer has.
    static bool is_whole(const boost::json::object& info) {
        const auto* cluster = info.if_contains("cluster");
        const auto* replicas = cluster == nullptr ? nullptr : cluster->at("replicas").if_array();
        if (replicas == nullptr || replicas->size() != 2) {
            return false;
        }
        return std::all_of(replicas->begin(), replicas->end(), [](const boost::json::value& peer) {
            const auto* offline = peer.as_object().if_contains("offline");
            return peer.at("current").as_bool() && (offline == nullptr || !offline->as_bool());
        });
    }

    /// A member that came back has to catch up: until then the death of another is the second of
    /// three, which no cluster of three survives.
    static asio::awaitable<void> until_whole(Client& client) {
        const std::vector<std::string> subjects{
            "$JS.API.STREAM.INFO.NOTIFICATIONS",
            "$JS.API.CONSUMER.INFO.NOTIFICATIONS.notification-worker-email-send"};
        std::size_t whole = 0;
        for (int i = 0; i < 800 && whole < subjects.size(); ++i) {
            try {
                Message question;
                question.subject = subjects[whole];
                const Message answer =
                    co_await client.connection.request(std::move(question), seconds(2));
                const auto info = read_answer(answer);
                whole = info && is_whole(*info) ? whole + 1 : 0;
            } catch (const Unavailable&) {
                whole = 0;
            }
            co_await net::sleep_for(milliseconds(50));
        }
        EXPECT_EQ(whole, subjects.size()) << "the member that came back never caught up";
    }

    std::size_t member_of(const Connection& connection) {
        for (std::size_t i = 0; i < cluster_.size(); ++i) {
            if (connection.peer().ends_with(":" + std::to_string(cluster_[i].port()))) {
                return i;
            }
        }
        ADD_FAILURE() << connection.peer() << " is no member";
        return 0;
    }

    NatsCluster cluster_;
};

TEST_F(ClusterTest, LosesNothingWhenMembersDieOneAfterTheOther) {
    const auto body = [&]() -> asio::awaitable<void> {
        Client client(io_, options_for(cluster_.urls()));
        PullConsumer consumer(client.connection, replicated(), patient_pulls());
        consumer.start();
        consumer.set_credit(100, enough_bytes);
        co_await until_pulling_in_cluster(consumer);
        std::set<std::string> got;
        int number = 0;
        for (std::size_t round = 0; round < 3; ++round) {
            const std::size_t victim = member_of(client.connection);
            for (int i = 0; i < 5; ++i) {
                co_await publish_surely(client, std::to_string(number++));
            }
            cluster_[victim].kill();
            for (int i = 0; i < 5; ++i) {
                co_await publish_surely(client, std::to_string(number++));
            }
            while (got.size() < static_cast<std::size_t>(number)) {
                const std::vector<JetStreamMessage> some = co_await consumer.receive();
                for (const JetStreamMessage& delivery : some) {
                    got.insert(delivery.message.payload);
                    consumer.ack(delivery.ack);
                }
                consumer.set_credit(100, enough_bytes);
            }
            cluster_[victim].start();
            co_await until_whole(client);
            EXPECT_NE(member_of(client.connection), victim);
        }
        co_await consumer.flush(seconds(20));
        EXPECT_EQ(consumer.counters().incarnations, 0U);
        EXPECT_EQ(consumer.counters().stale_acks, 0U);
        co_await consumer.stop();
        co_await client.connection.stop();
    };
    run(body, seconds(200));
}

TEST_F(ClusterTest, LeavesAStalledMemberForAnother) {
    const auto body = [&]() -> asio::awaitable<void> {
        Client client(io_, options_for(cluster_.urls()));
        co_await client.connection.wait_connected();
        const std::size_t stalled = member_of(client.connection);
        cluster_[stalled].pause();
        const auto is_moved = [&] {
            return client.connection.connected() && client.connection.epoch() == 2;
        };
        const bool moved = co_await until(is_moved);
        EXPECT_TRUE(moved);
        EXPECT_NE(member_of(client.connection), stalled);
        co_await client.connection.flush(seconds(5));
        cluster_[stalled].resume();
        co_await client.connection.stop();
    };
    run(body);
}

TEST_F(ClusterTest, LeavesALameDuckForAnotherMember) {
    const auto body = [&]() -> asio::awaitable<void> {
        Client client(io_, options_for(cluster_[0].url()));
        co_await client.connection.wait_connected();
        int got = 0;
        const Subscription subscription =
            client.connection.subscribe("a", [&](const Message&) { ++got; });
        // It learns of the other members from the one that it was told of.
        const auto is_learnt = [&] { return client.connection.server().connect_urls.size() >= 3; };
        const bool learnt = co_await until(is_learnt);
        EXPECT_TRUE(learnt);
        cluster_[0].lame_duck();
        const auto is_moved = [&] {
            return client.connection.connected() && client.connection.epoch() == 2;
        };
        const bool moved = co_await until(is_moved);
        EXPECT_TRUE(moved);
        EXPECT_NE(member_of(client.connection), 0U);
        client.connection.publish("a", "still here");
        co_await client.connection.flush(seconds(5));
        EXPECT_EQ(got, 1);
        co_await client.connection.stop();
    };
    run(body);
}

}  // namespace
}  // namespace chatear::nats
