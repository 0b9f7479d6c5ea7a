// The event source over a real JetStream does what every EventSource does.
#include "support/conformance/event_source_contract.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "nats/connection.hpp"
#include "nats/jetstream.hpp"
#include "net/timer.hpp"
#include "runtime/headers.hpp"
#include "support/coroutine.hpp"
#include "support/nats_server.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <utility>

namespace chatear::conformance {
namespace {

using namespace std::chrono_literals;

class JetStreamWorld final : public EventSourceWorld {
public:
    JetStreamWorld() {
        log::configure(log::Level::error, log::Format::text, "test");
        connection_.start();
        source_.start();
    }
    ~JetStreamWorld() override {
        run([&]() -> asio::awaitable<void> {
            co_await source_.stop();
            co_await connection_.stop();
        });
    }

    void run(const std::function<asio::awaitable<void>()>& body) override {
        test::run_coroutine(context_, body);
    }
    asio::any_io_executor executor() override { return context_.get_executor(); }
    runtime::EventSource& source() override { return source_; }

    asio::awaitable<void> publish(std::string id, std::string payload) override {
        bool published = false;
        while (!published) {  // Until the source has declared its stream.
            nats::Message message;
            message.subject = "greeting.send";
            message.payload = payload;
            message.headers.emplace_back(runtime::header::event_id, id);
            try {
                const nats::PublishResult result = co_await jetstream_.publish(std::move(message));
                published = result.has_value();
            } catch (const Unavailable&) {
                // Not connected yet.
            }
            if (!published) {
                co_await net::sleep_for(10ms);
            }
        }
    }

private:
    static nats::ConnectionOptions options_for(const test::NatsServer& server) {
        nats::ConnectionOptions options;
        options.servers = nats::parse_server_urls(server.url()).value();
        options.reconnect_first = 10ms;
        return options;
    }
    static nats::ConsumerDeclaration greetings() {
        nats::ConsumerDeclaration declaration;
        declaration.stream.name = "GREETINGS";
        declaration.stream.subjects = {"greeting.send"};
        declaration.durable = "greeting-worker-greeting-send";
        declaration.filter_subject = "greeting.send";
        return declaration;
    }

    test::NatsServer server_;
    asio::io_context context_;
    nats::Connection connection_{context_.get_executor(), options_for(server_)};
    nats::JetStream jetstream_{connection_, 2s};
    runtime::JetStreamEventSource source_{connection_, greetings()};
};

std::unique_ptr<EventSourceWorld> make_world() {
    return std::make_unique<JetStreamWorld>();
}

INSTANTIATE_TEST_SUITE_P(OverJetStream, EventSourceContract, testing::Values(&make_world));

}  // namespace
}  // namespace chatear::conformance
