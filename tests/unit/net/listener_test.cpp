#include "net/listener.hpp"

#include "net/stream.hpp"
#include "net/task_group.hpp"
#include "support/coroutine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chatear::net {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class ListenerTest : public testing::Test {
protected:
    void accept_one(const std::string& listen_on, const std::string& connect_to) {
        Listener listener(context_.get_executor(), {listen_on, 0});
        const auto test = [&]() -> asio::awaitable<void> {
            Resolver resolver(context_.get_executor());
            Stream stream(context_.get_executor(), "test");
            co_await stream.connect(resolver, connect_to, listener.port(), 5s);
            const asio::ip::tcp::socket socket = co_await listener.accept();
            EXPECT_TRUE(socket.is_open());
        };
        test::run_coroutine(context_, test);
    }

    asio::io_context context_;
};

TEST_F(ListenerTest, TellsTheRealPort) {
    const Listener listener(context_.get_executor(), {"127.0.0.1", 0});
    EXPECT_NE(listener.port(), 0);
}

TEST_F(ListenerTest, AcceptsOnOneAddress) {
    accept_one("127.0.0.1", "127.0.0.1");
    accept_one("localhost", "127.0.0.1");
}

TEST_F(ListenerTest, WithoutAHostAcceptsOnAllAddresses) {
    accept_one("", "127.0.0.1");
}

TEST_F(ListenerTest, NamesTheAddressThatIsTaken) {
    const Listener first(context_.get_executor(), {"127.0.0.1", 0});
    try {
        const Listener second(context_.get_executor(), {"127.0.0.1", first.port()});
        FAIL() << "two listeners on one port";
    } catch (const std::runtime_error& error) {
        EXPECT_THAT(
            error.what(), HasSubstr("cannot listen on 127.0.0.1:" + std::to_string(first.port()))
        );
        EXPECT_THAT(error.what(), HasSubstr("in use"));
    }
}

TEST_F(ListenerTest, NamesTheHostThatIsNoAddress) {
    EXPECT_THROW(
        Listener(context_.get_executor(), {"no.such.host.invalid", 0}), std::runtime_error
    );
}

asio::awaitable<void> accept_and_note(Listener& listener, bool& ended) {
    try {
        (void)co_await listener.accept();
    } catch (const std::exception& error) {
        ended = is_stop(error);
    }
}

TEST_F(ListenerTest, ClosingEndsTheOneWhoWaits) {
    Listener listener(context_.get_executor(), {"127.0.0.1", 0});
    TaskGroup tasks(context_.get_executor());
    bool ended = false;
    const auto test = [&]() -> asio::awaitable<void> {
        tasks.start("accept", accept_and_note(listener, ended));
        tasks.start("nothing", accept_and_note(listener, ended));
        asio::post(context_, [&] { asio::post(context_, [&] { listener.close(); }); });
        co_await tasks.join();
    };
    test::run_coroutine(context_, test);
    EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace chatear::net
