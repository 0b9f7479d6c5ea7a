// The guard over a real JetStream does what every ExecutionGuard does.
#include "support/conformance/execution_guard_contract.hpp"

#include "deletion/deletion_service.hpp"
#include "deletion/recovery_guard.hpp"
#include "nats/declaration.hpp"
#include "runtime/streams.hpp"
#include "support/coroutine.hpp"
#include "support/nats_server.hpp"
#include "unit/deletion/fakes.hpp"

#include <boost/asio/io_context.hpp>

#include <utility>

namespace chatear::conformance {
namespace {

class NatsGuardWorld final : public GuardWorld {
public:
    NatsGuardWorld() {
        run([&]() -> asio::awaitable<void> {
            connection_.start();
            co_await connection_.wait_connected();
            (void)co_await nats::reconcile(jetstream_, recoveries());
            (void)co_await nats::reconcile(jetstream_, runtime::declare_dead_letters(1));
        });
    }
    ~NatsGuardWorld() override {
        run([&] { return connection_.stop(); });
    }

    void run(const std::function<asio::awaitable<void>()>& body) override {
        test::run_coroutine(context_, body);
    }
    deletion::ExecutionGuard& guard() override { return guard_; }
    deletion::DeletionStore& store() override { return store_; }

    void publish(const std::string& subject) override {
        run([&]() -> asio::awaitable<void> {
            nats::Message message;
            message.subject = subject;
            message.payload = R"({"user_id": "7"})";
            const auto published = co_await jetstream_.publish(std::move(message));
            EXPECT_TRUE(published.has_value());
        });
    }
    /// As an acknowledgement does in a work queue.
    void acknowledge_first() override {
        run([&]() -> asio::awaitable<void> {
            const auto first = co_await jetstream_.next_message("USERS", ">", 1);
            EXPECT_TRUE(first.has_value());
            const auto gone = co_await jetstream_.delete_message("USERS", first->seq);
            EXPECT_TRUE(gone.has_value());
        });
    }
    void set_recovery_in_outbox(bool stands) override { store_.day.recovery_in_outbox = stands; }

private:
    static nats::ConnectionOptions options_for(const test::NatsServer& server) {
        nats::ConnectionOptions options;
        options.servers = nats::parse_server_urls(server.url()).value();
        return options;
    }
    static nats::ConsumerDeclaration recoveries() {
        return runtime::declare_consumer(
            deletion::worker_name, deletion::recover_subject, deletion::users_stream(), 1
        );
    }

    test::NatsServer server_;
    asio::io_context context_;
    nats::Connection connection_{context_.get_executor(), options_for(server_)};
    nats::JetStream jetstream_{connection_};
    deletion::FakeDeletionStore store_;
    deletion::RecoveryGuard guard_{connection_, store_, recoveries().durable};
};

std::unique_ptr<GuardWorld> make_world() {
    return std::make_unique<NatsGuardWorld>();
}

INSTANTIATE_TEST_SUITE_P(OverNats, ExecutionGuardContract, testing::Values(&make_world));

}  // namespace
}  // namespace chatear::conformance
