// The source that consumers are tested with gives what the one over JetStream gives.
#include "fakes.hpp"
#include "support/conformance/event_source_contract.hpp"
#include "support/coroutine.hpp"

#include <boost/asio/io_context.hpp>

namespace chatear::conformance {
namespace {

class FakeEventSourceWorld final : public EventSourceWorld {
public:
    void run(const std::function<asio::awaitable<void>()>& body) override {
        test::run_coroutine(context_, body);
    }
    asio::any_io_executor executor() override { return context_.get_executor(); }
    runtime::EventSource& source() override { return source_; }
    asio::awaitable<void> publish(std::string id, std::string payload) override {
        source_.give(std::move(id), std::move(payload));
        co_return;
    }

private:
    asio::io_context context_;
    runtime::FakeEventSource source_{context_.get_executor()};
};

std::unique_ptr<EventSourceWorld> make_world() {
    return std::make_unique<FakeEventSourceWorld>();
}

INSTANTIATE_TEST_SUITE_P(InMemory, EventSourceContract, testing::Values(&make_world));

}  // namespace
}  // namespace chatear::conformance
