// Stream under TLS against a server of this test, whose certificates are made here.
#include "base/error.hpp"
#include "net/listener.hpp"
#include "net/stream.hpp"
#include "net/task_group.hpp"
#include "net/timer.hpp"
#include "support/certificates.hpp"
#include "support/coroutine.hpp"
#include "support/scripted_peer.hpp"

#include <boost/asio/ssl/stream.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chatear::net {
namespace {

using namespace std::chrono_literals;
using test::Certificates;
using testing::HasSubstr;
namespace ssl = asio::ssl;

/// Says back what it hears, one client after the other.
class TlsEcho {
public:
    TlsEcho(
        const asio::any_io_executor& executor,
        const Certificates::Pair& pair,
        int newest_protocol = TLS1_3_VERSION
    )
        : context_(ssl::context::tls_server),
          listener_(executor, {"127.0.0.1", 0}),
          tasks_(executor) {
        context_.use_certificate_chain_file(pair.certificate_file);
        context_.use_private_key_file(pair.key_file, ssl::context::pem);
        SSL_CTX_set_max_proto_version(context_.native_handle(), newest_protocol);
        if (newest_protocol == TLS1_1_VERSION) {
            // What the system's policy forbids as well.
            SSL_CTX_set_min_proto_version(context_.native_handle(), TLS1_VERSION);
            SSL_CTX_set_security_level(context_.native_handle(), 0);
        }
        tasks_.start("echo", run());
    }
    std::uint16_t port() const { return listener_.port(); }
    asio::awaitable<void> stop() { return tasks_.stop(); }
    const std::string& server_name() const { return server_name_; }

private:
    asio::awaitable<void> run() {
        while (true) {
            asio::ip::tcp::socket socket = co_await listener_.accept();
            ssl::stream<asio::ip::tcp::socket> stream(std::move(socket), context_);
            try {
                co_await echo(stream);
            } catch (const boost::system::system_error& error) {
                if (is_stop(error)) {
                    throw;
                }
            }
        }
    }

    asio::awaitable<void> echo(ssl::stream<asio::ip::tcp::socket>& stream) {
        co_await stream.async_handshake(ssl::stream_base::server, asio::use_awaitable);
        const char* name = SSL_get_servername(stream.native_handle(), TLSEXT_NAMETYPE_host_name);
        server_name_ = name == nullptr ? "" : name;
        std::array<char, 4096> bytes{};
        while (true) {
            const std::size_t count =
                co_await stream.async_read_some(asio::buffer(bytes), asio::use_awaitable);
            co_await asio::async_write(stream, asio::buffer(bytes, count), asio::use_awaitable);
        }
    }

    ssl::context context_;
    Listener listener_;
    std::string server_name_;
    TaskGroup tasks_;
};

class TlsStreamTest : public testing::Test {
protected:
    static Certificates& authority() {
        static Certificates instance;
        return instance;
    }

    void SetUp() override {
        const auto made = make_tls_context({authority().ca_file(), "", ""});
        ASSERT_TRUE(made) << made.error().message;
        trusting_ = *made;
    }

    asio::awaitable<void> connect(std::uint16_t port) {
        std::string host = "127.0.0.1";
        co_await stream_.connect(resolver_, std::move(host), port, 5s);
    }

    asio::awaitable<void> handshake(std::string name, milliseconds timeout = 5s) {
        co_await stream_.start_tls(trusting_, std::move(name), timeout);
    }

    /// Why the handshake with a server that shows `pair` fails; "" when it does not.
    std::string handshake_error(
        const Certificates::Pair& pair,
        const std::string& name,
        int newest_protocol = TLS1_3_VERSION
    ) {
        TlsEcho echo(context_.get_executor(), pair, newest_protocol);
        std::string why;
        const auto test = [&]() -> asio::awaitable<void> {
            try {
                co_await connect(echo.port());
                co_await handshake(name);
                co_await expect_echo("hello");
            } catch (const Unavailable& unavailable) {
                why = unavailable.why();
            }
            EXPECT_EQ(stream_.open(), why.empty());
            co_await echo.stop();
        };
        test::run_coroutine(context_, test);
        server_name_ = echo.server_name();
        return why;
    }

    asio::awaitable<void> expect_echo(std::string text) {
        std::string echoed;
        co_await stream_.write(text, 5s);
        while (echoed.size() < text.size()) {
            co_await stream_.read_into(echoed, 64 * 1024, 5s);
        }
        EXPECT_EQ(echoed, text);
    }

    asio::io_context context_;
    Resolver resolver_{context_.get_executor()};
    Stream stream_{context_.get_executor(), "smtp"};
    TlsContext trusting_;
    std::string server_name_;
};

TEST_F(TlsStreamTest, TalksToAServerWithAGoodCertificate) {
    EXPECT_EQ(handshake_error(authority().issue({"DNS:mail.test"}), "mail.test"), "");
    EXPECT_TRUE(stream_.encrypted());
    EXPECT_EQ(server_name_, "mail.test");
}

TEST_F(TlsStreamTest, TakesAnAddressInTheCertificate) {
    EXPECT_EQ(handshake_error(authority().issue({"IP:127.0.0.1"}), "127.0.0.1"), "");
    EXPECT_EQ(server_name_, "") << "an address is no server name (RFC 6066, section 3)";
}

TEST_F(TlsStreamTest, RefusesACertificateForAnotherName) {
    const auto pair = authority().issue({"DNS:other.test"});
    EXPECT_THAT(handshake_error(pair, "mail.test"), HasSubstr("refused for 'mail.test'"));
}

TEST_F(TlsStreamTest, RefusesACertificateForAnotherAddress) {
    const auto pair = authority().issue({"IP:127.0.0.2"});
    EXPECT_THAT(handshake_error(pair, "127.0.0.1"), HasSubstr("refused for '127.0.0.1'"));
}

TEST_F(TlsStreamTest, RefusesAnAuthorityThatItDoesNotKnow) {
    Certificates stranger;
    const auto pair = stranger.issue({"DNS:mail.test"});
    EXPECT_THAT(handshake_error(pair, "mail.test"), HasSubstr("certificate was refused"));
}

TEST_F(TlsStreamTest, RefusesACertificateWhoseTimeIsOver) {
    const auto pair = authority().issue_expired({"DNS:mail.test"});
    EXPECT_THAT(handshake_error(pair, "mail.test"), HasSubstr("expired"));
}

TEST_F(TlsStreamTest, RefusesAServerThatSpeaksOnlyTls11) {
    const auto pair = authority().issue({"DNS:mail.test"});
    // Else the client would refuse by the system's policy too, and this test could not fail.
    SSL_CTX_set_security_level(trusting_->native_handle(), 0);
    EXPECT_EQ(handshake_error(pair, "mail.test", TLS1_2_VERSION), "");
    stream_ = Stream(context_.get_executor(), "smtp");
    EXPECT_THAT(handshake_error(pair, "mail.test", TLS1_1_VERSION), HasSubstr("protocol version"));
}

TEST_F(TlsStreamTest, CarriesMoreThanOneRecord) {
    TlsEcho echo(context_.get_executor(), authority().loopback());
    const auto test = [&]() -> asio::awaitable<void> {
        co_await connect(echo.port());
        co_await handshake("localhost");
        std::string text(300'000, 'x');
        for (std::size_t i = 0; i < text.size(); i += 1000) {
            text[i] = static_cast<char>('a' + i / 1000 % 26);
        }
        co_await expect_echo(std::move(text));
        co_await echo.stop();
    };
    test::run_coroutine(context_, test);
}

TEST_F(TlsStreamTest, GarbageInsteadOfAHandshakeIsUnavailable) {
    for (const bool hangs_up : {true, false}) {
        test::ScriptedPeer peer(
            {test::send("220 this is no TLS\r\n"), hangs_up ? test::hang_up() : test::stall()}
        );
        const auto test = [&]() -> asio::awaitable<void> {
            co_await connect(peer.port());
            co_await handshake("localhost");
        };
        EXPECT_THROW(test::run_coroutine(context_, test), Unavailable);
        EXPECT_FALSE(stream_.open());
    }
}

TEST_F(TlsStreamTest, APeerThatHangsUpInTheHandshakeIsUnavailable) {
    test::ScriptedPeer peer({test::hang_up()});
    const auto test = [&]() -> asio::awaitable<void> {
        co_await connect(peer.port());
        co_await handshake("localhost");
    };
    EXPECT_THROW(test::run_coroutine(context_, test), Unavailable);
}

TEST_F(TlsStreamTest, APeerThatStallsInTheHandshakeIsUnavailable) {
    test::ScriptedPeer peer({test::stall()});
    std::string why;
    const auto test = [&]() -> asio::awaitable<void> {
        co_await connect(peer.port());
        try {
            co_await handshake("localhost", 30ms);
        } catch (const Unavailable& unavailable) {
            why = unavailable.why();
        }
    };
    test::run_coroutine(context_, test);
    EXPECT_EQ(why, "no answer in time (TLS handshake)");
}

TEST_F(TlsStreamTest, AHandshakeOnAStreamThatATimeLimitHasJustClosedIsUnavailable) {
    // Bytes that were here already are still read after the close, and lead to the handshake.
    test::ScriptedPeer peer({test::stall()});
    std::string why;
    const auto test = [&]() -> asio::awaitable<void> {
        co_await connect(peer.port());
        stream_.close();
        try {
            co_await handshake("localhost");
        } catch (const Unavailable& unavailable) {
            why = unavailable.why();
        }
    };
    test::run_coroutine(context_, test);
    EXPECT_EQ(why, "closed by us (TLS handshake)");
}

TEST_F(TlsStreamTest, ClosingAndStoppingEndWhatIsUnderWay) {
    for (const bool stop : {true, false}) {
        SCOPED_TRACE(stop);
        TlsEcho echo(context_.get_executor(), authority().loopback());
        TaskGroup tasks(context_.get_executor());
        std::string ended;
        std::string buffer;
        const auto read = [&]() -> asio::awaitable<void> {
            try {
                co_await stream_.read_into(buffer, 10, 5s);
            } catch (const Unavailable& unavailable) {
                ended = unavailable.why();
            } catch (const std::exception& error) {
                ended = is_stop(error) ? "stopped" : error.what();
            }
        };
        const auto test = [&]() -> asio::awaitable<void> {
            co_await connect(echo.port());
            co_await handshake("localhost");
            tasks.start("read", read());
            co_await sleep_for(5ms);
            if (stop) {
                co_await tasks.stop();
            } else {
                stream_.close();
            }
            co_await tasks.join();
            co_await echo.stop();
        };
        test::run_coroutine(context_, test);
        EXPECT_EQ(ended, stop ? "stopped" : "closed by us (reading)");
    }
}

}  // namespace
}  // namespace chatear::net
