// The pull consumer against a scripted server: what a real one does too rarely to be tested.
#pragma once

#include "nats/pull_consumer.hpp"
#include "scripted_connection.hpp"

#include <functional>
#include <string>
#include <utility>

namespace chatear::nats {

inline constexpr const char* stream_created = "2026-11-23T10:00:00Z";
inline constexpr const char* consumer_created = "2026-11-23T10:00:05Z";
inline constexpr std::size_t enough_bytes = 1'000'000;

inline ConsumerDeclaration declaration() {
    ConsumerDeclaration declared;
    declared.stream.name = "S";
    declared.stream.subjects = {"email.send"};
    declared.durable = "worker";
    declared.filter_subject = "email.send";
    return declared;
}

/// Plays JetStream: it answers the requests of the client's one inbox (sid 1) by their numbers.
class JetStreamScript {
public:
    /// The client looks at stream and consumer.
    JetStreamScript& verification(const std::string& of_stream, const std::string& of_consumer) {
        answer("STREAM.NAMES", {{"streams", {"S"}}, {"total", 1}});
        const StreamConfig stream = to_config(declaration().stream, 1048576);
        answer(
            "STREAM.INFO.S",
            {{"config", to_json(stream)}, {"created", of_stream}, {"state", {{"messages", 1}}}}
        );
        return consumer_info(of_consumer);
    }

    JetStreamScript& consumer_info(const std::string& of_consumer) {
        const ConsumerConfig consumer = to_config(declaration());
        answer(
            "CONSUMER.INFO.S.worker",
            {{"config", to_json(consumer)},
             {"created", of_consumer},
             {"num_pending", pending},
             {"delivered", {{"stream_seq", delivered}}}}
        );
        return *this;
    }

    /// It also looks whether the newest message that it got is the one that is there.
    JetStreamScript& stored(std::uint64_t seq, const std::string& time) {
        answer(
            "STREAM.MSG.GET.S",
            {{"message",
              {{"subject", "email.send"}, {"seq", seq}, {"data", "eA=="}, {"time", time}}}}
        );
        return *this;
    }

    JetStreamScript& pull() {
        steps_.push_back(test::skip_until("PUB $JS.API.CONSUMER.MSG.NEXT.S.worker "));
        steps_.push_back(test::skip_until("\r\n"));
        return *this;
    }

    /// Over the first slot of the `round`-th verification: four slots and two advisories a round.
    JetStreamScript& delivery(
        int round, std::uint64_t stream_seq, std::uint64_t consumer_seq, std::int64_t stored
    ) {
        const std::string ack = "$JS.ACK.S.worker.1." + std::to_string(stream_seq) + "." +
                                std::to_string(consumer_seq) + "." + std::to_string(stored) + ".0";
        steps_.push_back(test::send(
            "MSG email.send " + std::to_string(2 + 6 * (round - 1)) + " " + ack + " 1\r\nx\r\n"
        ));
        return *this;
    }

    /// A pull that gives nothing, to see whether it is answered: by this, or not at all.
    JetStreamScript& probe(const std::string& reply = "") {
        ++answers_;
        pull();
        if (!reply.empty()) {
            steps_.push_back(test::send(reply));
        }
        return *this;
    }

    /// The server's answer to a probe that it takes.
    std::string bad_request() const {
        return "HMSG _INBOX.000000000000000000000000." + std::to_string(answers_ + 1) +
               " 1 28 28\r\nNATS/1.0 400 Bad Request\r\n\r\n\r\n";
    }

    JetStreamScript& step(test::PeerStep step) {
        steps_.push_back(std::move(step));
        return *this;
    }

    const PeerScript& steps() const { return steps_; }

    int pending = 0;    ///< Messages that wait, as the infos say from here on.
    int delivered = 0;  ///< The same of the last sequence that was given to anybody.

private:
    void answer(const std::string& api, const boost::json::object& json) {
        const std::string text = boost::json::serialize(json);
        steps_.push_back(test::skip_until("PUB $JS.API." + api + " "));
        steps_.push_back(test::skip_until("\r\n"));
        steps_.push_back(test::send(
            "MSG _INBOX.000000000000000000000000." + std::to_string(++answers_) + " 1 " +
            std::to_string(text.size()) + "\r\n" + text + "\r\n"
        ));
    }

    PeerScript steps_ = greeting("INFO {\"headers\":true,\"max_payload\":1048576}\r\n");
    int answers_ = 0;
};

class Rule4Scripted : public ScriptedConnection {
protected:
    static PullOptions pulls() {
        PullOptions options;
        options.requests.heartbeat = milliseconds(200);
        return options;
    }

    void run(
        const JetStreamScript& script,
        const std::function<asio::awaitable<void>(ScriptedPeer&, PullConsumer&)>& body
    ) {
        ScriptedPeer peer(script.steps());
        const auto test = [&]() -> asio::awaitable<void> {
            Connection connection(io_.get_executor(), options(peer));
            PullConsumer consumer(connection, declaration(), pulls());
            connection.start();
            consumer.start();
            consumer.set_credit(2, enough_bytes);
            co_await body(peer, consumer);
            EXPECT_EQ(peer.failure(), "");
            co_await consumer.stop();
            co_await connection.stop();
        };
        ScriptedConnection::run(test);
    }
};

}  // namespace chatear::nats
