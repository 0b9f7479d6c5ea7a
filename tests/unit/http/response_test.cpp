#include "http/response.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace chatear::http {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(Response, HasItsLengthAndBody) {
    Response response;
    response.body = "hello";
    const std::string bytes = encode(response, false, true);
    EXPECT_THAT(bytes, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(bytes, HasSubstr("\r\nContent-Length: 5\r\n"));
    EXPECT_THAT(bytes, HasSubstr("\r\nConnection: keep-alive\r\n"));
    EXPECT_THAT(bytes, EndsWith("\r\n\r\nhello"));
}

TEST(Response, ToHeadHasTheLengthWithoutTheBody) {
    Response response;
    response.body = "hello";
    const std::string bytes = encode(response, true, false);
    EXPECT_THAT(bytes, HasSubstr("\r\nContent-Length: 5\r\n"));
    EXPECT_THAT(bytes, HasSubstr("\r\nConnection: close\r\n"));
    EXPECT_THAT(bytes, EndsWith("\r\n\r\n"));
}

TEST(Response, KeepsPagesFromBeingFramedSniffedCachedAndToldToOthers) {
    const std::string bytes = encode(Response(), false, true);
    for (const std::string header :
         {"Content-Security-Policy: default-src 'none'",
          "X-Frame-Options: DENY",
          "X-Content-Type-Options: nosniff",
          "Referrer-Policy: no-referrer",
          "Cache-Control: no-store"}) {
        EXPECT_THAT(bytes, HasSubstr("\r\n" + header));
    }
}

TEST(Response, LetsAHandlerReplaceADefaultHeader) {
    Response response;
    response.headers = {{"cache-control", "max-age=60"}};
    const std::string bytes = encode(response, false, true);
    EXPECT_THAT(bytes, HasSubstr("\r\ncache-control: max-age=60\r\n"));
    EXPECT_THAT(bytes, Not(HasSubstr("no-store")));
}

TEST(Response, CannotBeSplitByAHeadersValue) {
    Response response;
    response.headers = {{"Location", "/a\r\nSet-Cookie: x=1"}};
    EXPECT_THAT(encode(response, false, true), HasSubstr("\r\nLocation: /a  Set-Cookie: x=1\r\n"));
}

TEST(StatusResponse, NamesTheStatus) {
    EXPECT_EQ(status_response(404).body, "404 Not Found\n");
    EXPECT_EQ(status_response(400, "No token.").body, "400 Bad Request\nNo token.\n");
    EXPECT_EQ(reason_phrase(431), "Request Header Fields Too Large");
}

}  // namespace
}  // namespace chatear::http
