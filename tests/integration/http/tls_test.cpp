// The client against a web server under TLS that is not ours (openssl s_server).
#include "base/error.hpp"
#include "http/client.hpp"
#include "support/certificates.hpp"
#include "support/coroutine.hpp"
#include "support/process.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace chatear::http {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class TlsWebServer {
public:
    explicit TlsWebServer(const std::vector<std::string>& names)
        : folder_("web"), port_(test::free_port()) {
        test::write_file(folder_ / "page.txt", "it works\n");
        const test::Certificates::Pair pair = certificates.issue(names);
        process_.emplace(test::Command{
            .arguments =
                {"openssl",
                 "s_server",
                 "-quiet",
                 "-WWW",
                 "-accept",
                 "127.0.0.1:" + std::to_string(port_),
                 "-cert",
                 pair.certificate_file,
                 "-key",
                 pair.key_file},
            .folder = folder_.path().string()});
        EXPECT_TRUE(test::eventually([this] { return test::accepts_connections(port_); }));
    }

    std::string url(const std::string& host) const {
        return "https://" + host + ":" + std::to_string(port_) + "/page.txt";
    }

    test::Certificates certificates;

private:
    test::TemporaryFolder folder_;
    std::uint16_t port_;
    std::optional<test::Process> process_;
};

std::string outcome_of(const std::string& url, const std::string& ca_file) {
    asio::io_context context;
    ClientOptions options;
    options.tls = *net::make_tls_context({.ca_file = ca_file});
    Client client(context.get_executor(), options);
    std::string outcome;
    const auto body = [&]() -> asio::awaitable<void> {
        ClientRequest request;
        request.url = url;
        try {
            const Result<ClientResponse> response = co_await client.send(std::move(request));
            outcome = std::to_string(response->status) + " " + response->body;
        } catch (const Unavailable& error) {
            outcome = "Unavailable: " + error.why();
        }
    };
    test::run_coroutine(context, body);
    return outcome;
}

TEST(TlsHttpClient, GetsAPage) {
    TlsWebServer server({"DNS:localhost", "IP:127.0.0.1"});
    const std::string ca_file = server.certificates.ca_file();
    EXPECT_EQ(outcome_of(server.url("127.0.0.1"), ca_file), "200 it works\n");
    EXPECT_EQ(outcome_of(server.url("localhost"), ca_file), "200 it works\n");
}

TEST(TlsHttpClient, RefusesACertificateForAnotherName) {
    TlsWebServer server({"DNS:other.test"});
    const std::string outcome = outcome_of(server.url("127.0.0.1"), server.certificates.ca_file());
    EXPECT_THAT(outcome, StartsWith("Unavailable: "));
    EXPECT_THAT(outcome, HasSubstr("certificate"));
}

TEST(TlsHttpClient, RefusesACertificateOfAnotherAuthority) {
    TlsWebServer server({"IP:127.0.0.1"});
    test::Certificates others;
    EXPECT_THAT(outcome_of(server.url("127.0.0.1"), others.ca_file()), HasSubstr("certificate"));
}

}  // namespace
}  // namespace chatear::http
