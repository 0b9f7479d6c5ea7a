#include "http/client.hpp"

#include "base/error.hpp"
#include "support/coroutine.hpp"
#include "support/scripted_peer.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace chatear::http {
namespace {

using test::PeerScript;
using test::ScriptedPeer;
using testing::HasSubstr;
using testing::StartsWith;

// "200 body", "Error: ..." or "Unavailable: ...".
std::string outcome_of(ClientRequest request, ClientOptions options = {}) {
    asio::io_context context;
    options.dependency = "push";
    Client client(context.get_executor(), options);
    std::string outcome;
    const auto body = [&]() -> asio::awaitable<void> {
        try {
            const Result<ClientResponse> response = co_await client.send(std::move(request));
            outcome = response ? std::to_string(response->status) + " " + response->body
                               : "Error: " + response.error().message;
        } catch (const Unavailable& error) {
            outcome = "Unavailable: " + error.why();
        }
    };
    test::run_coroutine(context, body);
    return outcome;
}

ClientRequest get(const ScriptedPeer& peer, const std::string& target = "/") {
    ClientRequest request;
    request.url = "http://127.0.0.1:" + std::to_string(peer.port()) + target;
    return request;
}

const std::string answer = "HTTP/1.1 201 Created\r\nContent-Length: 5\r\nLocation: /x\r\n\r\nhello";

TEST(HttpClient, SendsARequestAndReadsTheResponse) {
    ScriptedPeer peer(PeerScript{
        test::skip_until("\r\n\r\nbody"), test::send_slowly(answer), test::swallow()});
    ClientRequest request = get(peer, "/push?x=1");
    request.method = "POST";
    request.headers = {{"TTL", "60"}};
    request.body = "body";
    EXPECT_EQ(outcome_of(request), "201 hello");
    EXPECT_EQ(
        peer.received(),
        "POST /push?x=1 HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(peer.port()) +
            "\r\nConnection: close\r\nContent-Length: 4\r\nTTL: 60\r\n\r\nbody"
    );
}

TEST(HttpClient, TakesAResponseThatBreaksAtAnyByteAsUnavailable) {
    const PeerScript script = {test::skip_until("\r\n\r\n"), test::send(answer)};
    for (std::size_t bytes = 0; bytes < answer.size(); ++bytes) {
        ScriptedPeer peer(test::cut_at(script, bytes));
        EXPECT_THAT(outcome_of(get(peer)), StartsWith("Unavailable: ")) << bytes;
    }
}

TEST(HttpClient, WaitsForTheResponseBehindInterimOnes) {
    const std::string interim =
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
    for (const bool at_once : {true, false}) {
        const std::string all = interim + answer;
        ScriptedPeer peer(PeerScript{
            test::skip_until("\r\n\r\n"),
            at_once ? test::send(all) : test::send_slowly(all),
            test::swallow()});
        EXPECT_EQ(outcome_of(get(peer)), "201 hello");
    }
    ScriptedPeer only_interim(PeerScript{
        test::skip_until("\r\n\r\n"), test::send(interim), test::hang_up()});
    EXPECT_THAT(outcome_of(get(only_interim)), StartsWith("Unavailable: "));
}

TEST(HttpClient, ReadsABodyThatEndsWithTheConnection) {
    ScriptedPeer peer(PeerScript{
        test::skip_until("\r\n\r\n"),
        test::send("HTTP/1.0 200 OK\r\n\r\nall of it"),
        test::hang_up()});
    EXPECT_EQ(outcome_of(get(peer)), "200 all of it");
}

TEST(HttpClient, DoesNotTakeASlowBodyForAWholeOne) {
    ScriptedPeer peer(PeerScript{
        test::skip_until("\r\n\r\n"), test::send("HTTP/1.0 200 OK\r\n\r\nhalf"), test::stall()});
    ClientOptions options;
    options.timeout = std::chrono::milliseconds(50);
    EXPECT_EQ(outcome_of(get(peer), options), "Unavailable: no answer in time");
}

TEST(HttpClient, NeedsNoBodyForHead) {
    ScriptedPeer peer(PeerScript{
        test::skip_until("\r\n\r\n"),
        test::send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
        test::swallow()});
    ClientRequest request = get(peer);
    request.method = "HEAD";
    EXPECT_EQ(outcome_of(request), "200 ");
}

TEST(HttpClient, BoundsWhatItReads) {
    const PeerScript big_body = {
        test::skip_until("\r\n\r\n"),
        test::send("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"),
        test::swallow()};
    ScriptedPeer body_peer(big_body);
    EXPECT_THAT(outcome_of(get(body_peer)), HasSubstr("body limit"));
    const PeerScript big_header = {
        test::skip_until("\r\n\r\n"),
        test::send("HTTP/1.1 200 OK\r\nX: " + std::string(20000, 'x')),
        test::swallow()};
    ScriptedPeer header_peer(big_header);
    EXPECT_THAT(outcome_of(get(header_peer)), HasSubstr("header limit"));
}

TEST(HttpClient, TakesRubbishAsUnavailable) {
    ScriptedPeer peer(PeerScript{test::send("220 mail.test ESMTP\r\n"), test::swallow()});
    EXPECT_THAT(
        outcome_of(get(peer)), StartsWith("Unavailable: its response is not as it should be")
    );
}

TEST(HttpClient, RefusesARequestThatCannotBeMade) {
    ScriptedPeer peer(PeerScript{});
    ClientRequest request = get(peer);
    request.headers = {{"Topic", "a\r\nX: b"}};
    EXPECT_THAT(outcome_of(request), HasSubstr("Error: the header 'Topic'"));
    request = get(peer);
    request.method = "GET /";
    EXPECT_THAT(outcome_of(request), StartsWith("Error: the method"));
    request.url = "mailto:ann@b.test";
    EXPECT_THAT(outcome_of(request), StartsWith("Error: "));
}

}  // namespace
}  // namespace chatear::http
