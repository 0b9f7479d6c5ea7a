#include "http/request_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace chatear::http {
namespace {

const RequestLimits limits = {.header_bytes = 1024, .body_bytes = 100};

struct Read {
    std::vector<Request> requests;
    unsigned error = 0;  // Its status.
};

Read read_all(const std::vector<std::string>& pieces) {
    RequestReader reader(limits);
    Read read;
    for (const std::string& piece : pieces) {
        reader.feed(piece);
        while (std::optional<Request> request = reader.next()) {
            read.requests.push_back(*request);
        }
    }
    read.error = reader.error() ? reader.error()->status : 0;
    return read;
}

unsigned error_of(const std::string& bytes) {
    return read_all({bytes}).error;
}

const std::string three =
    "GET /healthz?full=1 HTTP/1.1\r\nHost: a.test\r\n\r\n"
    "POST /recover HTTP/1.1\r\nhost: a.test\r\nContent-Length: 7\r\n\r\ntoken=x"
    "POST /recover HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\nConnection: "
    "close\r\n\r\n"
    "3\r\ntok\r\n4\r\nen=y\r\n0\r\n\r\n";

TEST(RequestReader, ReadsRequestsCutAtEveryByte) {
    const Read whole = read_all({three});
    ASSERT_EQ(whole.requests.size(), 3U);
    EXPECT_EQ(whole.requests[0].method, "GET");
    EXPECT_EQ(whole.requests[0].path, "/healthz");
    EXPECT_EQ(whole.requests[0].query, (Parameters{{"full", "1"}}));
    EXPECT_TRUE(whole.requests[0].keep_alive);
    EXPECT_EQ(whole.requests[1].body, "token=x");
    EXPECT_EQ(whole.requests[1].header("Host"), "a.test");
    EXPECT_EQ(whole.requests[2].body, "token=y");
    EXPECT_FALSE(whole.requests[2].keep_alive);
    for (std::size_t cut = 0; cut <= three.size(); ++cut) {
        SCOPED_TRACE(cut);
        const Read read = read_all({three.substr(0, cut), three.substr(cut)});
        EXPECT_EQ(read.error, 0U);
        EXPECT_EQ(read.requests, whole.requests);
    }
}

TEST(RequestReader, ReadsOneByteAtATime) {
    std::vector<std::string> bytes;
    for (const char byte : three) {
        bytes.emplace_back(1, byte);
    }
    EXPECT_EQ(read_all(bytes).requests, read_all({three}).requests);
}

TEST(RequestReader, IsIdleOnlyBetweenRequests) {
    RequestReader reader(limits);
    EXPECT_TRUE(reader.idle());
    reader.feed("GET / HTTP/1.1\r\n");
    EXPECT_FALSE(reader.next());
    EXPECT_FALSE(reader.idle());
    reader.feed("Host: a.test\r\n\r\n");
    EXPECT_TRUE(reader.next());
    EXPECT_TRUE(reader.idle());
}

TEST(RequestReader, BoundsTheHeader) {
    const std::string long_line = "GET / HTTP/1.1\r\nHost: a.test\r\nX: " + std::string(1100, 'x');
    EXPECT_EQ(error_of(long_line), 431U);
    EXPECT_EQ(error_of(long_line + "\r\n\r\n"), 431U);
    EXPECT_EQ(error_of("GET /" + std::string(1100, 'x')), 431U);
    std::string many = "GET / HTTP/1.1\r\nHost: a.test\r\n";
    for (int header = 0; header < 300; ++header) {
        many += "a: b\r\n";
    }
    EXPECT_EQ(error_of(many), 431U);
}

TEST(RequestReader, BoundsTheHeaderHoweverItIsCut) {
    const std::string begin = "GET /" + std::string(600, 'x') + " HTTP/1.1\r\nHost: a.test\r\nX: ";
    const std::string end = "\r\n\r\n";
    const std::size_t most = limits.header_bytes - begin.size() - end.size();
    for (const std::size_t cut : {1U, 300U, 610U, 650U, 1000U}) {
        const std::string fits = begin + std::string(most, 'y') + end;
        EXPECT_EQ(read_all({fits.substr(0, cut), fits.substr(cut)}).requests.size(), 1U) << cut;
        const std::string too_long = begin + std::string(most + 1, 'y') + end;
        EXPECT_EQ(read_all({too_long.substr(0, cut), too_long.substr(cut)}).error, 431U) << cut;
    }
}

TEST(RequestReader, BoundsTheBody) {
    const std::string post = "POST / HTTP/1.1\r\nHost: a.test\r\n";
    EXPECT_EQ(error_of(post + "Content-Length: 101\r\n\r\n"), 413U);
    EXPECT_EQ(error_of(post + "Content-Length: 5000\r\n\r\n" + std::string(5000, 'x')), 413U);
    EXPECT_EQ(error_of(post + "Content-Length: 99999999999999999999\r\n\r\n"), 400U);
    EXPECT_EQ(error_of(post + "Transfer-Encoding: chunked\r\n\r\n65\r\n"), 413U);
    EXPECT_EQ(error_of(post + "Content-Length: 100\r\n\r\n" + std::string(100, 'x')), 0U);
}

TEST(RequestReader, RefusesWhatIsNoHttp) {
    EXPECT_EQ(
        error_of("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 and so on, a TLS client\r\n\r\n"),
        400U
    );
    EXPECT_EQ(error_of("GET / HTTP/1.1\r\nHost a.test\r\n\r\n"), 400U);
    EXPECT_EQ(error_of("GET / HTTP/1.1\r\n\r\n"), 400U);
    EXPECT_EQ(error_of("GET / HTTP/1.1\r\nHost: a.test\r\nHost: b.test\r\n\r\n"), 400U);
    EXPECT_EQ(error_of("GET /../x HTTP/1.1\r\nHost: a.test\r\n\r\n"), 400U);
    EXPECT_EQ(error_of("GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n"), 400U);
    EXPECT_EQ(error_of("GET / HTTP/2.0\r\nHost: a.test\r\n\r\n"), 505U);
}

TEST(RequestReader, RefusesTwoLengths) {
    const std::string post = "POST / HTTP/1.1\r\nHost: a.test\r\n";
    EXPECT_EQ(error_of(post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"), 400U);
    EXPECT_EQ(
        error_of(post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400U
    );
}

TEST(RequestReader, RefusesWhatAProxyMayReadOtherwise) {
    // Two that disagree about where a request ends let one client answer for another (RFC 9112,
    // 11.2).
    const std::string post = "POST / HTTP/1.1\r\nHost: a.test\r\n";
    const std::string chunks = "3\r\nabc\r\n0\r\n\r\n";
    for (const std::string header : {
             "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
             "Transfer-Encoding: identity\r\n",
             "Transfer-Encoding: xchunked\r\n",
             "Transfer-Encoding: chunked, identity\r\n",
             "Transfer-Encoding: gzip, chunked\r\n",
             "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
             "Transfer-Encoding : chunked\r\n",
             "Transfer-Encoding:\r\n chunked, x\r\n",
             "X: y\nTransfer-Encoding: chunked\r\n",
             "Content-Length: +3\r\n",
             "Content-Length: 3, 4\r\n",
             "Content-Length: 0x3\r\n",
             "Content-Length: -1\r\n",
             "Content-Length: 99999999999999999999999\r\n",
         }) {
        EXPECT_EQ(error_of(post + header + "\r\n" + chunks), 400U) << header;
    }
    EXPECT_EQ(
        error_of("POST / HTTP/1.0\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks),
        400U
    );
}

TEST(RequestReader, SaysNothingMoreAfterAnError) {
    RequestReader reader(limits);
    reader.feed("rubbish\r\n\r\nGET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    EXPECT_FALSE(reader.next());
    EXPECT_FALSE(reader.next());
    EXPECT_EQ(reader.error()->status, 400U);
}

TEST(RequestReader, TellsOnceThatAClientWaitsToBeAskedForTheBody) {
    RequestReader reader(limits);
    reader.feed(
        "POST / HTTP/1.1\r\nHost: a.test\r\nExpect: 100-Continue\r\nContent-Length: 3\r\n\r\n"
    );
    EXPECT_FALSE(reader.next());
    EXPECT_TRUE(reader.take_expectation());
    EXPECT_FALSE(reader.take_expectation());
    reader.feed("abc");
    EXPECT_EQ(reader.next()->body, "abc");
    EXPECT_FALSE(reader.take_expectation());
}

}  // namespace
}  // namespace chatear::http
