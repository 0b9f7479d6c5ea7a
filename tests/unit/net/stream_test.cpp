#include "net/stream.hpp"

#include "base/error.hpp"
#include "net/listener.hpp"
#include "net/task_group.hpp"
#include "net/timer.hpp"
#include "support/coroutine.hpp"
#include "support/process.hpp"
#include "support/scripted_peer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chatear::net {
namespace {

using namespace std::chrono_literals;
using test::ScriptedPeer;
using testing::HasSubstr;

class StreamTest : public testing::Test {
protected:
    void run(const std::function<asio::awaitable<void>()>& test) {
        test::run_coroutine(context_, test);
    }
    asio::awaitable<void> connect(std::uint16_t port, milliseconds timeout = 5s) {
        std::string host = "127.0.0.1";
        co_await stream_.connect(resolver_, std::move(host), port, timeout);
    }

    asio::io_context context_;
    Resolver resolver_{context_.get_executor()};
    Stream stream_{context_.get_executor(), "redis"};
    std::string buffer_;
};

/// Why `awaited` was Unavailable; "" when it was not.
asio::awaitable<std::string> unavailable(asio::awaitable<void> awaited) {
    std::string why;
    try {
        co_await std::move(awaited);
    } catch (const Unavailable& error) {
        EXPECT_EQ(error.dependency(), "redis");
        why = error.why();
    }
    co_return why;
}

TEST_F(StreamTest, ReadsAndWrites) {
    ScriptedPeer peer({test::expect("ping"), test::send("pong"), test::hang_up()});
    run([&]() -> asio::awaitable<void> {
        EXPECT_FALSE(stream_.open());
        co_await connect(peer.port());
        EXPECT_TRUE(stream_.open());
        EXPECT_FALSE(stream_.encrypted());
        EXPECT_EQ(stream_.peer(), "127.0.0.1:" + std::to_string(peer.port()));
        co_await stream_.write("ping", 5s);
        while (buffer_.size() < 4) {
            co_await stream_.read_into(buffer_, 100, 5s);
        }
    });
    EXPECT_EQ(buffer_, "pong");
    EXPECT_EQ(peer.failure(), "");
}

TEST_F(StreamTest, GathersSeveralBuffersInOneWrite) {
    ScriptedPeer peer({test::expect("one,two,three"), test::send("x")});
    run([&]() -> asio::awaitable<void> {
        co_await connect(peer.port());
        const std::string parts[] = {"one,", "two,", "", "three"};
        std::vector<asio::const_buffer> buffers;
        for (const std::string& part : parts) {
            buffers.push_back(asio::buffer(part));
        }
        co_await stream_.write(std::move(buffers), 5s);
        co_await stream_.read_into(buffer_, 100, 5s);
    });
    EXPECT_EQ(peer.failure(), "");
}

TEST_F(StreamTest, ReadsAtMostWhatItWasToldAndAppends) {
    ScriptedPeer peer({test::send("abcdef"), test::stall()});
    run([&]() -> asio::awaitable<void> {
        co_await connect(peer.port());
        buffer_ = "=";
        std::size_t before = buffer_.size();
        while (buffer_ != "=abcdef") {
            co_await stream_.read_into(buffer_, 2, 5s);
            EXPECT_LE(buffer_.size() - before, 2U);
            EXPECT_GT(buffer_.size(), before);
            before = buffer_.size();
        }
    });
}

TEST_F(StreamTest, RefusedIsUnavailable) {
    const std::uint16_t port = test::free_port();
    run([&]() -> asio::awaitable<void> {
        const std::string why = co_await unavailable(connect(port));
        EXPECT_THAT(why, HasSubstr("refused (connecting)"));
        EXPECT_FALSE(stream_.open());
    });
}

TEST_F(StreamTest, CanConnectAgain) {
    ScriptedPeer peer({{test::send("1"), test::hang_up()}, {test::send("2"), test::stall()}});
    run([&]() -> asio::awaitable<void> {
        co_await connect(peer.port());
        co_await stream_.read_into(buffer_, 10, 5s);
        const std::string why = co_await unavailable(stream_.read_into(buffer_, 10, 5s));
        EXPECT_THAT(why, HasSubstr("closed by the peer"));
        co_await connect(peer.port());
        co_await stream_.read_into(buffer_, 10, 5s);
    });
    EXPECT_EQ(buffer_, "12");
}

TEST_F(StreamTest, AReadThatStillEndsDoesNotTouchTheNextConnection) {
    ScriptedPeer peer({{test::stall()}, {test::send("new"), test::stall()}});
    TaskGroup tasks(context_.get_executor());
    run([&]() -> asio::awaitable<void> {
        std::string old;
        const auto read_old = [&]() -> asio::awaitable<void> {
            const std::string why = co_await unavailable(stream_.read_into(old, 10, 5s));
            EXPECT_THAT(why, HasSubstr("closed by us"));
        };
        co_await connect(peer.port());
        tasks.start("read", read_old());
        co_await sleep_for(5ms);
        stream_.close();
        co_await connect(peer.port());
        co_await tasks.join();
        EXPECT_TRUE(stream_.open());
        co_await stream_.read_into(buffer_, 10, 5s);
    });
    EXPECT_EQ(buffer_, "new");
}

TEST_F(StreamTest, TheEndIsUnavailableAndReset) {
    ScriptedPeer peer({{test::hang_up()}, {test::expect("x"), test::reset()}});
    run([&]() -> asio::awaitable<void> {
        co_await connect(peer.port());
        std::string why = co_await unavailable(stream_.read_into(buffer_, 10, 5s));
        EXPECT_EQ(why, "closed by the peer (reading)");
        EXPECT_EQ(buffer_, "");
        co_await connect(peer.port());
        co_await stream_.write("x", 5s);
        why = co_await unavailable(stream_.read_into(buffer_, 10, 5s));
        EXPECT_THAT(why, HasSubstr("reset"));
        EXPECT_FALSE(stream_.open());
    });
}

TEST_F(StreamTest, ReadingHasATimeLimit) {
    ScriptedPeer peer({test::stall()});
    run([&]() -> asio::awaitable<void> {
        co_await connect(peer.port());
        buffer_ = "kept";
        const std::string why = co_await unavailable(stream_.read_into(buffer_, 1000, 20ms));
        EXPECT_EQ(why, "no answer in time (reading)");
        EXPECT_EQ(buffer_, "kept");
        EXPECT_FALSE(stream_.open());
    });
}

TEST_F(StreamTest, WritingHasATimeLimit) {
    ScriptedPeer peer({test::stall()});
    run([&]() -> asio::awaitable<void> {
        co_await connect(peer.port());
        const std::string much(64U << 20, 'x');
        const std::string why = co_await unavailable(stream_.write(much, 50ms));
        EXPECT_EQ(why, "no answer in time (writing)");
    });
}

TEST_F(StreamTest, ConnectingHasATimeLimit) {
    // A full backlog: the kernel answers no further connection.
    asio::ip::tcp::acceptor acceptor(context_);
    acceptor.open(asio::ip::tcp::v4());
    acceptor.bind({asio::ip::address_v4::loopback(), 0});
    acceptor.listen(0);
    const std::uint16_t port = acceptor.local_endpoint().port();
    run([&]() -> asio::awaitable<void> {
        std::vector<Stream> waiting;
        std::string why;
        for (int i = 0; i < 8 && why.empty(); ++i) {
            std::string host = "127.0.0.1";
            waiting.emplace_back(context_.get_executor(), "redis");
            why =
                co_await unavailable(waiting.back().connect(resolver_, std::move(host), port, 100ms)
                );
        }
        EXPECT_EQ(why, "no answer in time (connecting)");
    });
}

TEST_F(StreamTest, ClosingEndsWhatIsUnderWay) {
    ScriptedPeer peer({test::stall()});
    TaskGroup tasks(context_.get_executor());
    const auto read = [&]() -> asio::awaitable<void> {
        const std::string why =
            co_await unavailable(stream_.read_into(buffer_, 10, Stream::no_limit));
        EXPECT_EQ(why, "closed by us (reading)");
    };
    run([&]() -> asio::awaitable<void> {
        co_await connect(peer.port());
        tasks.start("read", read());
        co_await sleep_for(5ms);
        stream_.close();
        stream_.close();
        co_await tasks.join();
    });
}

TEST_F(StreamTest, ClosingEndsAlsoAConnectThatLooksUpItsName) {
    TaskGroup tasks(context_.get_executor());
    ScriptedPeer peer({test::stall()});
    const auto open = [&]() -> asio::awaitable<void> {
        std::string host = "localhost";
        const std::string why =
            co_await unavailable(stream_.connect(resolver_, std::move(host), peer.port(), 5s));
        EXPECT_THAT(why, HasSubstr("closed by us"));
    };
    run([&]() -> asio::awaitable<void> {
        tasks.start("connect", open());
        asio::post(context_, [this] { asio::post(context_, [this] { stream_.close(); }); });
        co_await tasks.join();
        EXPECT_FALSE(stream_.open());
    });
}

TEST_F(StreamTest, OnceClosedNothingWorks) {
    run([&]() -> asio::awaitable<void> {
        std::string why = co_await unavailable(stream_.read_into(buffer_, 10, 5s));
        EXPECT_THAT(why, HasSubstr("closed by us"));
        why = co_await unavailable(stream_.write("x", 5s));
        EXPECT_THAT(why, HasSubstr("closed by us"));
    });
}

TEST_F(StreamTest, MayBeDestroyedWhileItReads) {
    ScriptedPeer peer({test::stall()});
    TaskGroup tasks(context_.get_executor());
    auto stream = std::make_unique<Stream>(context_.get_executor(), "redis");
    char byte = 0;
    const auto read = [&]() -> asio::awaitable<void> {
        std::string why;
        try {
            (void)co_await stream->read_some(asio::mutable_buffer(&byte, 1), 5s);
        } catch (const Unavailable& error) {
            why = error.why();
        }
        EXPECT_THAT(why, HasSubstr("closed by us"));
    };
    run([&]() -> asio::awaitable<void> {
        std::string host = "127.0.0.1";
        co_await stream->connect(resolver_, std::move(host), peer.port(), 5s);
        tasks.start("read", read());
        co_await sleep_for(5ms);
        stream.reset();
        co_await tasks.join();
    });
}

TEST_F(StreamTest, AStoppedTaskIsToldSo) {
    ScriptedPeer peer({test::stall()});
    TaskGroup tasks(context_.get_executor());
    bool stopped = false;
    const auto read = [&]() -> asio::awaitable<void> {
        try {
            co_await stream_.read_into(buffer_, 10, 5s);
        } catch (const std::exception& error) {
            stopped = is_stop(error);
        }
    };
    run([&]() -> asio::awaitable<void> {
        co_await connect(peer.port());
        tasks.start("read", read());
        co_await sleep_for(5ms);
        co_await tasks.stop();
        EXPECT_FALSE(stream_.open());
    });
    EXPECT_TRUE(stopped);
}

TEST_F(StreamTest, TriesTheNextAddressOfAName) {
    // "localhost" is 127.0.0.1 and, on most machines, ::1 before it.
    ScriptedPeer peer({test::send("x"), test::stall()});
    run([&]() -> asio::awaitable<void> {
        std::string host = "localhost";
        co_await stream_.connect(resolver_, std::move(host), peer.port(), 5s);
        co_await stream_.read_into(buffer_, 10, 5s);
    });
    EXPECT_EQ(buffer_, "x");
}

}  // namespace
}  // namespace chatear::net
