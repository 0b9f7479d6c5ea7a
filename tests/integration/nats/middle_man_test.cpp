// Somebody between us and a real server, who changes what is said before TLS protects it.
#include "nats_test.hpp"
#include "net/listener.hpp"
#include "net/task_group.hpp"
#include "support/certificates.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <utility>

namespace chatear::nats {
namespace {

using asio::ip::tcp;
using test::Certificates;

/// Passes everything on, but has the server's INFO name `member` as one of its cluster.
class MiddleMan {
public:
    MiddleMan(const asio::any_io_executor& executor, std::uint16_t server, std::string member)
        : server_port_(server),
          member_(std::move(member)),
          listener_(executor, {"127.0.0.1", 0}),
          client_(executor),
          server_(executor),
          tasks_(executor) {
        tasks_.start("middle man", run());
    }
    std::uint16_t port() const { return listener_.port(); }

    /// Cuts the connection and lets nobody in again.
    asio::awaitable<void> stop() {
        co_await tasks_.stop();
        listener_.close();
        client_.close();
        server_.close();
    }

private:
    asio::awaitable<void> run() {
        client_ = co_await listener_.accept();
        const tcp::endpoint endpoint(asio::ip::make_address("127.0.0.1"), server_port_);
        co_await server_.async_connect(endpoint, asio::use_awaitable);
        std::string info;
        co_await asio::async_read_until(
            server_, asio::dynamic_buffer(info), '\n', asio::use_awaitable
        );
        info.insert(std::string("INFO {").size(), "\"connect_urls\":[\"" + member_ + "\"],");
        co_await asio::async_write(client_, asio::buffer(info), asio::use_awaitable);
        tasks_.start("to the server", pass_on(client_, server_));
        co_await pass_on(server_, client_);
    }

    static asio::awaitable<void> pass_on(tcp::socket& from, tcp::socket& to) {
        std::array<char, 4096> bytes{};
        boost::system::error_code error;
        while (!error) {
            const std::size_t count = co_await from.async_read_some(
                asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, error)
            );
            co_await asio::async_write(
                to, asio::buffer(bytes, count), asio::redirect_error(asio::use_awaitable, error)
            );
        }
    }

    std::uint16_t server_port_;
    std::string member_;
    net::Listener listener_;
    tcp::socket client_;
    tcp::socket server_;
    net::TaskGroup tasks_;
};

std::string tls_config(const Certificates::Pair& pair) {
    return "tls { cert_file: \"" + pair.certificate_file + "\", key_file: \"" + pair.key_file +
           "\" }\n";
}

class MiddleManTest : public NatsTest {};

TEST_F(MiddleManTest, CannotLeadUsAndOurPasswordToAnotherServer) {
    Certificates certificates;
    const NatsServer ours({.config = tls_config(certificates.issue({"IP:127.0.0.1"}))});
    // Its certificate is as good as ours, for its own name: as anybody gets it for a domain.
    const NatsServer attackers({.config = tls_config(certificates.issue({"DNS:localhost"}))});
    const auto body = [&]() -> asio::awaitable<void> {
        const std::string elsewhere = "localhost:" + std::to_string(attackers.port());
        MiddleMan middle_man(io_.get_executor(), ours.port(), elsewhere);
        ConnectionOptions options =
            options_for("tls://ann:secret@127.0.0.1:" + std::to_string(middle_man.port()));
        options.tls.ca_file = certificates.ca_file();
        Client client(io_, options);
        co_await client.connection.wait_connected();
        co_await middle_man.stop();
        // Its log keeps what our last error is only until the next attempt.
        const auto is_decided = [&] {
            return client.connection.epoch() > 1 ||
                   attackers.log().find("TLS handshake error") != std::string::npos;
        };
        const bool decided = co_await until(is_decided);
        EXPECT_TRUE(decided) << attackers.log();
        EXPECT_EQ(client.connection.epoch(), 1U) << "connected to " << client.connection.peer();
        co_await client.connection.stop();
    };
    run(body);
}

}  // namespace
}  // namespace chatear::nats
