#include "http/url.hpp"

#include <gtest/gtest.h>

#include <string>

namespace chatear::http {
namespace {

TEST(Url, IsTakenApart) {
    EXPECT_EQ(*parse_url("http://push.test"), (Url{false, "push.test", 80, "/"}));
    EXPECT_EQ(
        *parse_url("https://push.test/a%20b?c=d"), (Url{true, "push.test", 443, "/a%20b?c=d"})
    );
    EXPECT_EQ(*parse_url("https://[::1]:8443/"), (Url{true, "::1", 8443, "/"}));
    EXPECT_EQ(*parse_url("http://push.test?c=d"), (Url{false, "push.test", 80, "/?c=d"}));
}

TEST(Url, RefusesWhatItDoesNotCarry) {
    for (const std::string text :
         {"",
          "push.test",
          "ftp://push.test/",
          "https://me:secret@push.test/",
          "https://push.test/#top",
          "https:///x",
          "https://push.test:0/",
          "https://push.test:99999/",
          "https://push.test/a b",
          "https://a%0d%0ab/"}) {
        EXPECT_FALSE(parse_url(text)) << text;
    }
}

}  // namespace
}  // namespace chatear::http
